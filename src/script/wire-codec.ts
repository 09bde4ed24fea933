/** MQTT packets to bytes and back, with a bound on what a broker may make us keep. */
import { generate, type Packet, parser } from 'mqtt-packet';
import { WIRE_PACKET_BYTES_MAX } from '../core/limits.ts';
import type { ProtocolVersion } from '../history/event.ts';
import type { WireConnack } from './wire-options.ts';

export type { Packet };
export type PacketOf<Command extends Packet['cmd']> = Extract<Packet, { cmd: Command }>;

export interface WireCodec {
  encode(packet: Packet): Buffer;
  /** Hands every whole packet on; what can't be one goes to `onBroken` as a few words. */
  decode(chunk: Buffer): void;
}

export function wireCodec(
  protocolVersion: ProtocolVersion,
  onPacket: (packet: Packet) => void,
  onBroken: (what: string) => void,
): WireCodec {
  const reader = parser({ protocolVersion });
  let unparsedBytes = 0;
  reader.on('packet', (packet) => {
    unparsedBytes = 0;
    // The parser reads a CONNACK that lacks its code as success.
    if (packet.cmd === 'connack' && (packet.length ?? 0) < 2) onBroken('a malformed packet');
    else onPacket(packet);
  });
  reader.on('error', () => onBroken('a malformed packet'));
  return {
    encode: (packet) => generate(packet, { protocolVersion }),
    decode(chunk) {
      unparsedBytes += chunk.length;
      try {
        reader.parse(chunk);
      } catch {
        onBroken('a malformed packet');
      }
      if (unparsedBytes > WIRE_PACKET_BYTES_MAX) onBroken('a packet that is too long');
    },
  };
}

/** What a CONNACK says, in either version. */
export function connackOf(packet: PacketOf<'connack'>): WireConnack {
  const { serverKeepAlive, assignedClientIdentifier } = packet.properties ?? {};
  return {
    code: packet.reasonCode ?? packet.returnCode ?? 0,
    sessionPresent: packet.sessionPresent,
    ...(serverKeepAlive === undefined ? {} : { serverKeepAliveSeconds: serverKeepAlive }),
    ...(assignedClientIdentifier === undefined
      ? {}
      : { assignedClientId: assignedClientIdentifier }),
  };
}
