/**
 * Who is let in at CONNECT, of those whose certificate and client ID are good: a ban on flapping
 * client IDs, and a limit on connections. Runs only in the embedded broker's process.
 */
import type { ConnectPacket } from 'aedes';
import type { Connection } from './evidence.ts';
import { FlappingGuard } from './flapping-guard.ts';
import type { LiveRules } from './rules.ts';

/** An answer to CONNECT, in the codes of both protocols. */
export interface Refusal {
  /** MQTT 3.1.1 §3.2.2.3. */
  readonly returnCode: number;
  /** MQTT 5.0 §3.2.2.2. */
  readonly reasonCode: number;
  readonly because: string;
}

/** MQTT 3.1.1 has no code for a ban: 5 is «not authorized». */
const BANNED = { returnCode: 5, reasonCode: 0x8a } as const;
/** «Server unavailable»; an administrative limit that has been exceeded is 0x97 in MQTT 5. */
const QUOTA_EXCEEDED = { returnCode: 3, reasonCode: 0x97 } as const;

export class Admission {
  readonly #rules: LiveRules;
  readonly #now: () => number;
  readonly #guard = new FlappingGuard();
  /** Who has been let in, by client ID: a takeover takes no further place. */
  readonly #places = new Map<string, Connection>();

  constructor(rules: LiveRules, now: () => number) {
    this.#rules = rules;
    this.#now = now;
  }

  /** Why the connection is refused; it has a place if it is not. */
  refusal(connection: Connection, clientId: string): Refusal | undefined {
    return this.#ban(clientId) ?? this.#limit(connection, clientId);
  }

  /** An empty client ID becomes another one every time. */
  #ban(clientId: string): Refusal | undefined {
    const { flappingBan } = this.#rules.current;
    if (flappingBan === undefined || clientId === '') return undefined;
    const now = this.#now();
    const until = this.#guard.connect(clientId, now, flappingBan);
    if (until === undefined) return undefined;
    return { ...BANNED, because: `client ID banned for another ${until - now} ms` };
  }

  #limit(connection: Connection, clientId: string): Refusal | undefined {
    const { connectionsMax } = this.#rules.current;
    if (connectionsMax === undefined) return undefined;
    const place = clientId === '' ? `\0${connection.sessionId}` : clientId;
    if (this.#places.size >= connectionsMax && !this.#places.has(place)) {
      for (const [key, { phase }] of this.#places) {
        if (phase === 'ended') this.#places.delete(key);
      }
      if (this.#places.size >= connectionsMax) {
        return { ...QUOTA_EXCEEDED, because: `limit of ${connectionsMax} connections exceeded` };
      }
    }
    this.#places.set(place, connection);
    return undefined;
  }
}

/** CONNACK with nothing but its code (MQTT 3.1.1 §3.2, MQTT 5.0 §3.2). */
export function refusingConnack(
  { returnCode, reasonCode }: Refusal,
  { protocolVersion }: ConnectPacket,
): Buffer {
  return Buffer.from(
    protocolVersion === 5 ? [0x20, 3, 0, reasonCode, 0] : [0x20, 2, 0, returnCode],
  );
}
