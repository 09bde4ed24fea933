/** MQTT 3.1.1 over bare TCP, for brokers whose logs are wanted: connect, and leave in some way. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connectPacket } from './broker-client.ts';

export interface PlainClient {
  readonly port: number;
  /** Resolves when the connection has ended, by whomever. */
  readonly ended: Promise<unknown>;
  /** DISCONNECT and an orderly end. */
  disconnect(): void;
  /** FIN without DISCONNECT. */
  leave(): void;
  /** TCP RST. */
  reset(): void;
}

/** Connects and waits for CONNACK. */
export async function plainClient(
  port: number,
  clientId: string,
  keepAliveSeconds = 60,
): Promise<PlainClient> {
  const socket: Socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  const ended = once(socket, 'close');
  await once(socket, 'connect');
  const localPort = socket.localPort ?? 0;
  const endpoint = { host: '127.0.0.1', port, caPem: '' };
  socket.write(connectPacket({ endpoint, clientId, keepAliveSeconds }));
  const [answer] = (await Promise.race([once(socket, 'data'), ended])) as unknown[];
  if (!Buffer.isBuffer(answer) || answer[3] !== 0) throw new Error('no CONNACK, or a refusal');
  return {
    port: localPort,
    ended,
    disconnect: () => void socket.end(Buffer.from([0xe0, 0])),
    leave: () => void socket.end(),
    reset: () => void socket.resetAndDestroy(),
  };
}
