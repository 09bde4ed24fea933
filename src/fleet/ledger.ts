/**
 * What a message ledger is told of a fleet. One process keeps the ledger itself; a fleet in several
 * writes down what it would tell, and the ledger of all hears it in the order of time.
 */
import { assertNever } from '../core/assert.ts';
import type { EpochMs } from '../core/time.ts';
import type { PlannedGroup } from '../scenario/plan.ts';
import type { Subscription } from './connector.ts';

export interface Ledger {
  /** CONNACK; `keeps`: its session outlasts the connection. */
  connected(device: string, keeps: boolean, at: EpochMs): void;
  /** SUBACK; only filters that were granted. */
  subscribed(device: string, filters: readonly Subscription[], at: EpochMs): void;
  /**
   * The connection ended. `by` is `own` when the device ended it, and so chose not to get what was
   * under way; `keptUntil` is when its session expires, undefined when none is kept.
   */
  ended(device: string, by: 'own' | 'other', keptUntil: EpochMs | undefined, at: EpochMs): void;
  /** A device is about to send it; `plannedAt` is when it should have. */
  published(topic: string, payload: string, qos: 0 | 1, at: EpochMs, plannedAt: EpochMs): void;
  /** A device got it. */
  received(device: string, topic: string, payload: string, at: EpochMs): void;
}

/** One thing that a ledger is told, as data: the name of the method and its arguments. */
export type LedgerEntry = {
  [Name in keyof Ledger]: readonly [Name, ...Parameters<Ledger[Name]>];
}[keyof Ledger];

/** Writes down what a ledger would be told. */
export class LedgerRecorder implements Ledger {
  readonly #behindMs: () => number;
  #entries: LedgerEntry[] = [];

  /** `behindMs`: how far the clock that it is told the times of is behind the wall's just now. */
  constructor(behindMs: () => number = () => 0) {
    this.#behindMs = behindMs;
  }

  connected(...args: Parameters<Ledger['connected']>): void {
    this.#add(['connected', ...args]);
  }

  subscribed(...args: Parameters<Ledger['subscribed']>): void {
    this.#add(['subscribed', ...args]);
  }

  ended(...args: Parameters<Ledger['ended']>): void {
    this.#add(['ended', ...args]);
  }

  published(...args: Parameters<Ledger['published']>): void {
    this.#add(['published', ...args]);
  }

  received(...args: Parameters<Ledger['received']>): void {
    this.#add(['received', ...args]);
  }

  /** Everything since the last take. */
  take(): readonly LedgerEntry[] {
    const entries = this.#entries;
    this.#entries = [];
    return entries;
  }

  /** At once: a pause may begin or end before they are taken. */
  #add(entry: LedgerEntry): void {
    const behindMs = this.#behindMs();
    this.#entries.push(behindMs === 0 ? entry : shiftedEntry(entry, behindMs));
  }
}

/** Without a group that subscribes nobody is due anything, and no ledger is needed. */
export function needsLedger(groups: readonly PlannedGroup[]): boolean {
  return groups.some(({ subscribe = [] }) => subscribe.length > 0);
}

/** When it happened. */
export function ledgerTime(entry: LedgerEntry): EpochMs {
  switch (entry[0]) {
    case 'connected':
    case 'subscribed':
      return entry[3];
    case 'ended':
    case 'published':
    case 'received':
      return entry[4];
    default:
      return assertNever(entry);
  }
}

/** Tells a ledger what a {@link LedgerRecorder} wrote down. */
export function tellLedger(ledger: Ledger, entry: LedgerEntry): void {
  switch (entry[0]) {
    case 'connected':
      ledger.connected(entry[1], entry[2], entry[3]);
      break;
    case 'subscribed':
      ledger.subscribed(entry[1], entry[2], entry[3]);
      break;
    case 'ended':
      ledger.ended(entry[1], entry[2], entry[3], entry[4]);
      break;
    case 'published':
      ledger.published(entry[1], entry[2], entry[3], entry[4], entry[5]);
      break;
    case 'received':
      ledger.received(entry[1], entry[2], entry[3], entry[4]);
      break;
    default:
      assertNever(entry);
  }
}

/** The same entry, told `byMs` later: of another clock, or of devices that see things later. */
export function shiftedEntry(entry: LedgerEntry, byMs: number): LedgerEntry {
  switch (entry[0]) {
    case 'connected':
      return ['connected', entry[1], entry[2], entry[3] + byMs];
    case 'subscribed':
      return ['subscribed', entry[1], entry[2], entry[3] + byMs];
    case 'ended': {
      const until = entry[3] === undefined ? undefined : entry[3] + byMs;
      return ['ended', entry[1], entry[2], until, entry[4] + byMs];
    }
    case 'published':
      return ['published', entry[1], entry[2], entry[3], entry[4] + byMs, entry[5] + byMs];
    case 'received':
      return ['received', entry[1], entry[2], entry[3], entry[4] + byMs];
    default:
      return assertNever(entry);
  }
}
