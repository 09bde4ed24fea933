/**
 * MQTT packets from the bytes of a connection. A connection keeps no more than twice what it has of an
 * unfinished packet; whole ones go through a parser that all connections share, since mqtt-packet's
 * has state, listeners and a buffer list of its own.
 */
import { type Packet, type Parser, parser } from 'mqtt-packet';
import { DEVICE_PACKET_BYTES_MAX } from '../core/limits.ts';

export type { Packet };

/** What came is no MQTT; the message is safe to show. */
export class MalformedPacket extends Error {}

/** CONNECT, SUBSCRIBE, UNSUBSCRIBE, PINGREQ and the reserved type (MQTT 5.0 §2.1.2). */
const CLIENTS_ONLY: ReadonlySet<number> = new Set([0, 1, 8, 10, 12]);
/** MQTT 5.0 §1.5.5: four bytes at most. */
const LENGTH_BYTES_MAX = 4;

/** Parses one whole packet at a time, for any number of connections of one protocol version. */
export class PacketParser {
  readonly #protocolVersion: 4 | 5;
  #parser: Parser;
  #parsed: { readonly packet?: Packet; readonly problem?: string } | undefined;

  constructor(protocolVersion: 4 | 5) {
    this.#protocolVersion = protocolVersion;
    this.#parser = this.#newParser();
  }

  /** Throws {@link MalformedPacket}. */
  parse(bytes: Buffer): Packet {
    // A CONNECT would set the protocol version of the parser, and so of every connection.
    if (CLIENTS_ONLY.has((bytes[0] ?? 0) >> 4))
      throw new MalformedPacket('Not a packet of servers');
    try {
      this.#parser.parse(bytes);
    } catch {
      // Of some packets that are too short the parser reads past the end: `undefined`, below.
    }
    const { packet, problem = 'Packet too short' } = this.#taken();
    // A packet ID that is cut off reads as -1.
    if (packet !== undefined && packet.messageId !== -1) return packet;
    // What is left in it must not get into the next connection's packet.
    this.#parser = this.#newParser();
    throw new MalformedPacket(problem);
  }

  #taken(): { readonly packet?: Packet; readonly problem?: string } {
    const parsed = this.#parsed ?? {};
    this.#parsed = undefined;
    return parsed;
  }

  #newParser(): Parser {
    return parser({ protocolVersion: this.#protocolVersion })
      .on('packet', (packet) => {
        this.#parsed = { packet };
      })
      .on('error', ({ message }: Error) => {
        this.#parsed = { problem: message };
      });
  }
}

/** Cuts the stream of one connection into packets. */
export class PacketReader {
  #unfinished: Unfinished | undefined;

  /** Calls `onPacket` with every packet that is whole now. Throws {@link MalformedPacket}. */
  read(chunk: Buffer, onPacket: (bytes: Buffer) => void): void {
    let rest = this.#unfinished?.with(chunk) ?? chunk;
    if (this.#unfinished !== undefined && rest.length < this.#unfinished.wanted) return;
    this.#unfinished = undefined;
    for (;;) {
      const length = packetLength(rest);
      if (length === undefined || length > rest.length) {
        if (rest.length > 0) this.#unfinished = new Unfinished(rest, length ?? rest.length + 1);
        return;
      }
      onPacket(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
  }
}

/** The beginning of a packet. Its room doubles, or a long packet would be copied for each chunk. */
class Unfinished {
  /** Bytes, from where on it is worth another look. */
  readonly wanted: number;
  #room: Buffer;
  #length: number;

  constructor(bytes: Buffer, wanted: number) {
    this.#room = bytes;
    this.#length = bytes.length;
    this.wanted = wanted;
  }

  /** All bytes so far. */
  with(chunk: Buffer): Buffer {
    const length = this.#length + chunk.length;
    if (length > this.#room.length) {
      const room = Buffer.allocUnsafe(Math.max(length, Math.min(2 * length, this.wanted)));
      this.#room.copy(room, 0, 0, this.#length);
      this.#room = room;
    }
    chunk.copy(this.#room, this.#length);
    this.#length = length;
    return this.#room.subarray(0, length);
  }
}

/** Of the packet at the start of `bytes`, header and all; undefined while that can't be known. */
function packetLength(bytes: Buffer): number | undefined {
  let length = 0;
  for (let index = 1; index <= LENGTH_BYTES_MAX; index++) {
    const byte = bytes[index];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 128 ** (index - 1);
    if (byte < 0x80) {
      const total = 1 + index + length;
      if (total > DEVICE_PACKET_BYTES_MAX) throw new MalformedPacket('Packet too long');
      return total;
    }
  }
  throw new MalformedPacket('Invalid variable byte integer');
}
