/**
 * The book of what brokers keep for devices between connections: which device has a session waiting,
 * whether it was given back, and through the ledger which messages are due to whom. Truth: it knows
 * the device whatever client ID it uses.
 */
import type { EpochMs } from '../core/time.ts';
import type { PlannedGroup } from '../scenario/plan.ts';
import type { Subscription } from './connector.ts';
import type { Ledger } from './ledger.ts';
import type { Deliveries } from './message-ledger.ts';

/** Of a connection: an object that stands for it and for no other. */
type Token = object;

interface KeptSession {
  readonly token: Token;
  /** Past the end of the connection, in ms; undefined when the session ends with it. */
  readonly keptForMs: number | undefined;
  /** Until when the broker keeps it; Infinity while the connection lasts. */
  keptUntil: EpochMs;
}

export interface BookEntries {
  /** Connects that were given the session that was kept for their device. */
  readonly resumed: number;
  /** Connects that asked for it, in time, and were given a new one. */
  readonly lost: number;
  /** Absent when no group subscribes. */
  readonly deliveries?: Deliveries;
}

/** A session expiry of all ones never ends (MQTT 5.0 §3.1.2.11.2). */
const NEVER_EXPIRES = 0xffff_ffff;

export class SessionBook {
  readonly ledger: Ledger | undefined;
  readonly #kept = new Map<string, KeptSession>();
  #resumed = 0;
  #lost = 0;
  #closed = false;

  /** Without a ledger nobody is due anything, and no message is looked at. */
  constructor(ledger?: Ledger) {
    this.ledger = ledger;
  }

  connected(
    device: string,
    token: Token,
    mqtt: PlannedGroup['mqtt'],
    { at, sessionPresent }: { readonly at: EpochMs; readonly sessionPresent?: boolean },
  ): void {
    const before = this.#kept.get(device);
    if (!mqtt.cleanStart && before?.keptForMs !== undefined && at <= before.keptUntil) {
      if (sessionPresent === true) this.#resumed++;
      else if (sessionPresent === false) this.#lost++;
    }
    const keptForMs = keptForMsOf(mqtt);
    this.#kept.set(device, { token, keptForMs, keptUntil: Number.POSITIVE_INFINITY });
    this.ledger?.connected(device, keptForMs !== undefined, at);
  }

  /** SUBACK, with the filters that were granted. */
  subscribed(device: string, token: Token, granted: readonly Subscription[], at: EpochMs): void {
    if (this.#kept.get(device)?.token === token) this.ledger?.subscribed(device, granted, at);
  }

  /** Of a connection that its device has replaced already nothing changes. */
  ended(device: string, token: Token, by: 'own' | 'other', at: EpochMs): void {
    const kept = this.#kept.get(device);
    if (kept?.token !== token) return;
    const { keptForMs } = kept;
    if (keptForMs === undefined) this.#kept.delete(device);
    else kept.keptUntil = at + keptForMs;
    this.ledger?.ended(device, by, keptForMs === undefined ? undefined : kept.keptUntil, at);
  }

  /** Nothing is published from now on; what is under way may still come. */
  close(): void {
    this.#closed = true;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  entries(): BookEntries {
    return { resumed: this.#resumed, lost: this.#lost };
  }
}

/** How long after its connection a session is kept, in ms; undefined when it ends with it. */
export function keptForMsOf(mqtt: PlannedGroup['mqtt']): number | undefined {
  const { protocolVersion, cleanStart, sessionExpirySeconds } = mqtt;
  // Clean Session is both at once (MQTT 3.1.1 §3.1.2.4).
  if (protocolVersion === 4) return cleanStart ? undefined : Number.POSITIVE_INFINITY;
  if (sessionExpirySeconds === 0) return undefined;
  return sessionExpirySeconds >= NEVER_EXPIRES
    ? Number.POSITIVE_INFINITY
    : sessionExpirySeconds * 1000;
}
