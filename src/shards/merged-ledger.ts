/** The message ledger of a fleet in several processes: hears of all of them in the order of time. */
import type { EpochMs } from '../core/time.ts';
import { type LedgerEntry, ledgerTime, tellLedger } from '../fleet/ledger.ts';
import { type Deliveries, MessageLedger } from '../fleet/message-ledger.ts';
import { TimeMerge } from './time-merge.ts';

/** A message can be sent and received within the same tick of two clocks. */
const TOLERANCE_MS = 1;

export class MergedLedger {
  readonly #ledger = new MessageLedger();
  readonly #entries = new TimeMerge<LedgerEntry>((entry) => tellLedger(this.#ledger, entry));

  /** The clock that told its time may be off by `uncertaintyMs`. */
  add(entry: LedgerEntry, uncertaintyMs: number): void {
    // Nobody may get a message before it was sent: whoever receives is told a little later.
    const lateMs = entry[0] === 'published' ? 0 : TOLERANCE_MS + 2 * uncertaintyMs;
    this.#entries.add(ledgerTime(entry) + lateMs, entry);
  }

  /** Everyone has told what happened up to here. */
  release(upTo: EpochMs): void {
    this.#entries.release(upTo);
  }

  /** Whether a connected device is due something that has not come. */
  get expects(): boolean {
    return this.#ledger.expects;
  }

  get receivedSoFar(): number {
    return this.#ledger.receivedSoFar;
  }

  deliveries(at: EpochMs): Deliveries {
    return this.#ledger.deliveries(at);
  }
}
