/**
 * The message ledger: which device is due which message, and whether it came. A device that has
 * subscribed is due what others publish while it listens and, as long as it has a session kept, what
 * they publish at QoS 1 while it is away, whatever client ID it comes back with. Messages are told
 * apart by topic and payload; equal ones are counted. Bounded: what is beyond is never guessed.
 */
import { createHash } from 'node:crypto';
import { LEDGER_ENTRIES_MAX, LEDGER_KEY_LENGTH_MAX, LEDGER_OPEN_MAX } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import type { Ledger } from './ledger.ts';
import { type Distribution, TimeHistogram } from './time-histogram.ts';
import { TopicTree } from './topic-tree.ts';

/** What came of the deliveries that devices were due. */
export interface Deliveries {
  /** Without those that the device itself gave up, by leaving or by letting its session expire. */
  readonly due: number;
  /** Due to a device that has lost its connection for good, or is connected and did not get it. */
  readonly lost: number;
  /** Came to a device more often than they were published. */
  readonly duplicated: number;
  /** Due to devices that are away: the broker may still hold them. */
  readonly waiting: number;
  /** Beyond what the ledger holds; with any, duplicates are no longer counted. */
  readonly notCounted: number;
  /**
   * From the planned instant of a publish to its receipt, of messages without an equal; absent when
   * none came. One clock must have told both times, or a corrected one.
   */
  readonly latencyMs?: Distribution;
}

/** Copies of one message to one device. */
interface Entry {
  readonly subscriber: Subscriber;
  readonly key: string;
  /** While the device was known to the broker, due or not. */
  published: number;
  /** At most as often as it was published. */
  got: number;
  due: number;
  /** Of those still missing, the most that only a connected device is due. */
  dueAtQos0: number;
  /** Of the first copy. */
  readonly plannedAt: EpochMs;
}

interface Subscriber {
  connected: boolean;
  /** SUBACK on its present connection. */
  granted: boolean;
  /** Until when the broker keeps a session for it; -Infinity for none. */
  keptUntil: EpochMs;
  readonly entries: Map<string, Entry>;
  /** Those of which copies are missing. */
  readonly open: Set<Entry>;
}

interface LedgerLimits {
  /** Deliveries that are due at one time. */
  readonly openMax: number;
  /** Messages that are remembered, so that a duplicate is known when it comes; above `openMax`. */
  readonly entriesMax: number;
}

const LIMITS: LedgerLimits = { openMax: LEDGER_OPEN_MAX, entriesMax: LEDGER_ENTRIES_MAX };

export class MessageLedger implements Ledger {
  readonly #limits: LedgerLimits;
  readonly #latencies = new TimeHistogram();
  readonly #tree = new TopicTree<Subscriber>();
  readonly #subscribers = new Map<string, Subscriber>();
  /** A ring, so that forgetting the oldest costs nothing: a set would step over what has gone. */
  readonly #ring: Entry[] = [];
  /** Where the next entry goes once the ring is full. */
  #next = 0;
  #open = 0;
  #due = 0;
  #lost = 0;
  #duplicated = 0;
  #notCounted = 0;
  #received = 0;

  constructor(limits = LIMITS) {
    this.#limits = limits;
  }

  /** CONNACK; `keeps`: its session outlasts the connection. */
  connected(device: string, keeps: boolean, at: EpochMs): void {
    const subscriber = this.#subscriber(device);
    if (at > subscriber.keptUntil) this.#writeOffAll(subscriber, 'own');
    subscriber.connected = true;
    subscriber.granted = false;
    subscriber.keptUntil = keeps ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  }

  /** SUBACK; only filters that were granted. */
  subscribed(
    device: string,
    filters: readonly { readonly filter: string; readonly qos: 0 | 1 }[],
  ): void {
    const subscriber = this.#subscriber(device);
    // One of the group gets it, and nobody can say who is due it (MQTT 5.0 §4.8.2).
    const own = filters.filter(({ filter }) => !filter.startsWith('$share/'));
    for (const { filter, qos } of own) this.#tree.add(filter, qos, subscriber);
    subscriber.granted = own.length > 0;
  }

  /**
   * The connection ended. `by` is `own` when the device ended it, and so chose not to get what was
   * under way; `keptUntil` is when its session expires, undefined when none is kept.
   */
  ended(device: string, by: 'own' | 'other', keptUntil: EpochMs | undefined): void {
    const subscriber = this.#subscriber(device);
    subscriber.connected = false;
    subscriber.granted = false;
    subscriber.keptUntil = keptUntil ?? Number.NEGATIVE_INFINITY;
    if (keptUntil === undefined) this.#writeOffAll(subscriber, by);
    else for (const entry of subscriber.open) this.#writeOff(entry, entry.dueAtQos0, by);
  }

  /** A device is about to send it. */
  published(
    topic: string,
    payload: string,
    qos: 0 | 1,
    at: EpochMs,
    plannedAt: EpochMs = at,
  ): void {
    let key: string | undefined;
    for (const [subscriber, grantedQos] of this.#tree.match(topic)) {
      const kept = at <= subscriber.keptUntil;
      if (!subscriber.connected && !kept) continue;
      const atQos1 = qos === 1 && grantedQos === 1;
      const listens = subscriber.connected && subscriber.granted;
      key ??= keyOf(topic, payload);
      const isDue = listens || (kept && atQos1);
      this.#owe(subscriber, key, { isDue, atQos1, plannedAt });
    }
  }

  /** A device got it. */
  received(device: string, topic: string, payload: string, at?: EpochMs): void {
    this.#received++;
    const subscriber = this.#subscribers.get(device);
    const entry = subscriber?.entries.get(keyOf(topic, payload));
    if (subscriber === undefined || entry === undefined) return;
    if (entry.got === entry.published) {
      // A copy too many stands for none that is published later.
      if (this.#notCounted === 0) this.#duplicated++;
      return;
    }
    if (missingOf(entry) > 0) this.#open--;
    entry.got++;
    if (at !== undefined && entry.got === 1 && entry.published === 1) {
      this.#latencies.add(Math.max(0, at - entry.plannedAt));
    }
    this.#review(entry);
  }

  /** Whether a connected device is due something that has not come. */
  get expects(): boolean {
    if (this.#open === 0) return false;
    for (const { connected, open } of this.#subscribers.values()) {
      if (connected && open.size > 0) return true;
    }
    return false;
  }

  /** Messages that came, due or not: while they do, what is missing may be among the next. */
  get receivedSoFar(): number {
    return this.#received;
  }

  /** As it stands at `at`: what a connected device is due by then is lost. */
  deliveries(at: EpochMs): Deliveries {
    let [due, lost, waiting] = [this.#due, this.#lost, 0];
    for (const { connected, keptUntil, open } of this.#subscribers.values()) {
      for (const entry of open) {
        if (connected) lost += missingOf(entry);
        else if (at <= keptUntil) waiting += missingOf(entry);
        else due -= missingOf(entry);
      }
    }
    const latencyMs = this.#latencies.distribution();
    return {
      due,
      lost,
      duplicated: this.#duplicated,
      waiting,
      notCounted: this.#notCounted,
      ...(latencyMs === undefined ? {} : { latencyMs }),
    };
  }

  #owe(
    subscriber: Subscriber,
    key: string,
    {
      isDue,
      atQos1,
      plannedAt,
    }: { readonly isDue: boolean; readonly atQos1: boolean; readonly plannedAt: EpochMs },
  ): void {
    if (this.#notCounted > 0 || (isDue && this.#open >= this.#limits.openMax)) {
      // From here on a copy that comes may be one that was not written down.
      if (isDue) this.#notCounted++;
      return;
    }
    const entry = subscriber.entries.get(key) ?? this.#newEntry(subscriber, key, plannedAt);
    entry.published++;
    if (!isDue) return;
    const missing = missingOf(entry);
    entry.due++;
    this.#due++;
    this.#open += missingOf(entry) - missing;
    if (!atQos1) entry.dueAtQos0++;
    this.#review(entry);
  }

  #newEntry(subscriber: Subscriber, key: string, plannedAt: EpochMs): Entry {
    const entry = { subscriber, key, published: 0, got: 0, due: 0, dueAtQos0: 0, plannedAt };
    subscriber.entries.set(key, entry);
    if (this.#ring.length < this.#limits.entriesMax) {
      this.#ring.push(entry);
      return entry;
    }
    // Fewer are open than are remembered, so that one to forget is met soon.
    while (missingOf(this.#ring[this.#next] ?? entry) > 0) this.#step();
    const oldest = this.#ring[this.#next];
    oldest?.subscriber.entries.delete(oldest.key);
    this.#ring[this.#next] = entry;
    this.#step();
    return entry;
  }

  #step(): void {
    this.#next = (this.#next + 1) % this.#ring.length;
  }

  #writeOffAll(subscriber: Subscriber, by: 'own' | 'other'): void {
    for (const entry of subscriber.open) this.#writeOff(entry, missingOf(entry), by);
  }

  #writeOff(entry: Entry, copies: number, by: 'own' | 'other'): void {
    entry.due -= copies;
    this.#open -= copies;
    if (by === 'own') this.#due -= copies;
    else this.#lost += copies;
    this.#review(entry);
  }

  #review(entry: Entry): void {
    const missing = missingOf(entry);
    entry.dueAtQos0 = Math.min(entry.dueAtQos0, missing);
    if (missing > 0) entry.subscriber.open.add(entry);
    else entry.subscriber.open.delete(entry);
  }

  #subscriber(device: string): Subscriber {
    let subscriber = this.#subscribers.get(device);
    if (subscriber === undefined) {
      subscriber = {
        connected: false,
        granted: false,
        keptUntil: Number.NEGATIVE_INFINITY,
        entries: new Map(),
        open: new Set(),
      };
      this.#subscribers.set(device, subscriber);
    }
    return subscriber;
  }
}

function missingOf({ due, got }: Entry): number {
  return Math.max(0, due - got);
}

/** Payloads may be long, and many are remembered. */
function keyOf(topic: string, payload: string): string {
  const key = `${topic}\0${payload}`;
  if (key.length <= LEDGER_KEY_LENGTH_MAX) return key;
  return createHash('sha256').update(key).digest('base64url');
}
