/**
 * A server without TLS for tests of MQTT itself: it accepts every CONNECT as the test wants, keeps
 * the packets that come, and sends what it is told. Its codec is mqtt-packet's own.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { generate, type IConnackPacket, type Packet, parser } from 'mqtt-packet';
import { listen } from './mqtt-server.ts';

type PacketOf<Command extends Packet['cmd']> = Extract<Packet, { cmd: Command }>;

export class PlainSession {
  readonly socket: Socket;
  readonly packets: Packet[] = [];
  readonly ended: Promise<unknown>;
  readonly #protocolVersion: 4 | 5;
  #onPacket: () => void = () => {};

  constructor(socket: Socket, protocolVersion: 4 | 5, connack: Partial<IConnackPacket>) {
    this.socket = socket;
    this.#protocolVersion = protocolVersion;
    this.ended = once(socket, 'close');
    const reader = parser({ protocolVersion });
    reader.on('packet', (packet: Packet) => {
      this.packets.push(packet);
      if (packet.cmd === 'connect') {
        this.send({
          cmd: 'connack',
          sessionPresent: false,
          returnCode: 0,
          reasonCode: 0,
          ...connack,
        });
      }
      this.#onPacket();
    });
    socket.on('data', (chunk: Buffer) => void reader.parse(chunk));
  }

  send(packet: Packet): void {
    this.socket.write(this.bytes(packet));
  }

  bytes(packet: Packet): Buffer {
    return generate(packet, { protocolVersion: this.#protocolVersion });
  }

  of<Command extends Packet['cmd']>(command: Command): PacketOf<Command>[] {
    return this.packets.filter((packet): packet is PacketOf<Command> => packet.cmd === command);
  }

  /** Resolves when `count` packets of a kind have come. */
  async until<Command extends Packet['cmd']>(
    command: Command,
    count = 1,
  ): Promise<PacketOf<Command>[]> {
    for (;;) {
      const found = this.of(command);
      if (found.length >= count) return found;
      await new Promise<void>((resolve) => {
        this.#onPacket = resolve;
      });
    }
  }
}

/** Listens until the test has finished; `first` is the first connection. */
export async function startPlainServer(
  protocolVersion: 4 | 5 = 5,
  connack: Partial<IConnackPacket> = {},
): Promise<{ readonly port: number; readonly first: Promise<PlainSession> }> {
  let onFirst: (session: PlainSession) => void = () => {};
  const first = new Promise<PlainSession>((resolve) => {
    onFirst = resolve;
  });
  const port = await listen((socket) => {
    onFirst(new PlainSession(socket, protocolVersion, connack));
  });
  return { port, first };
}
