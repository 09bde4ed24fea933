/**
 * One end of a link between a commander and a worker: messages arrive once, whole and in order, or
 * the link breaks with a reason. What was sent is kept until the other end has confirmed it, so that
 * a Redis that was gone for a while, or has forgotten everything, costs no message; and an end that
 * does not read stops the other one. Knows nothing of Redis.
 */
import { errorWords } from './error-words.ts';
import type { Seal, SealLabel } from './seal.ts';
import { PART_BYTES, WINDOW_ENTRIES } from './timing.ts';

/** `part` goes on in the next one, `last` ends a message, `ack` confirms all up to its number. */
export type EntryKind = 'part' | 'last' | 'ack';

/** What stands in a stream. */
export interface ChannelEntry {
  readonly kind: EntryKind;
  readonly sequence: number;
  readonly body: Buffer;
}

export interface ChannelPorts {
  readonly seal: Seal;
  /** Rejects when the entry did not get to Redis. */
  readonly write: (entry: ChannelEntry) => Promise<void>;
  readonly message: (packed: Buffer) => void;
  /** The other end can't be believed, and is not heard any more. One sentence. */
  readonly broken: (why: string) => void;
  /** More waits to be sent than may; what was to be sent is dropped. One sentence. */
  readonly overflowed: (why: string) => void;
  /** Milliseconds that only ever grow. */
  readonly now: () => number;
  readonly limits: {
    readonly outboxBytes: number;
    readonly messageBytes: number;
    /** Without news of what was sent for so long, it is sent again. */
    readonly resendMs: number;
  };
}

interface Waiting {
  readonly label: SealLabel & readonly [EntryKind, number];
  readonly plain: Buffer;
}

export class Channel {
  readonly #ports: ChannelPorts;
  /** Confirmed by nobody yet, the oldest first. */
  #outbox: Waiting[] = [];
  #outboxBytes = 0;
  /** So many of the outbox are in the stream. */
  #written = 0;
  #sequence = 0;
  /** The highest number that was ever written. */
  #sent = 0;
  #progressAt: number;
  #expected = 1;
  #parts: Buffer[] = [];
  #partBytes = 0;
  #hasEnded = false;
  /** The other end is no longer believed; it can still be told to go. */
  #isDeaf = false;
  #onEmpty: (() => void)[] = [];
  heardAt: number;

  constructor(ports: ChannelPorts) {
    this.#ports = ports;
    this.heardAt = ports.now();
    this.#progressAt = this.heardAt;
  }

  send(packed: Buffer): void {
    if (this.#hasEnded) return;
    const { outboxBytes } = this.#ports.limits;
    if (this.#outboxBytes + packed.length > outboxBytes) {
      this.#ports.overflowed(
        `it was not read fast enough: ${kib(this.#outboxBytes + packed.length)} KiB wait to be ` +
          `sent, and ${kib(outboxBytes)} KiB may`,
      );
      return;
    }
    this.#put(packed);
  }

  /** Sends it in the place of everything that is not on its way yet. */
  sendInstead(packed: Buffer): void {
    if (this.#hasEnded) return;
    const first = this.#sequence - this.#outbox.length + 1;
    // A message of which a part may be known to the other end stays whole.
    const end = this.#outbox.findIndex(
      ({ label: [kind] }, index) => kind === 'last' && first + index >= this.#sent,
    );
    const dropped = this.#sent < first ? this.#outbox.splice(0) : this.#outbox.splice(end + 1);
    this.#sequence -= dropped.length;
    for (const { plain } of dropped) this.#outboxBytes -= plain.length;
    this.#put(packed);
  }

  #put(packed: Buffer): void {
    for (let at = 0; at === 0 || at < packed.length; at += PART_BYTES) {
      const plain = packed.subarray(at, at + PART_BYTES);
      const kind = at + PART_BYTES >= packed.length ? 'last' : 'part';
      this.#outbox.push({ label: [kind, ++this.#sequence], plain });
      this.#outboxBytes += plain.length;
    }
    this.#flush();
  }

  /** What stood in the stream of this link; hostile input. */
  receive({ kind, sequence, body }: ChannelEntry): void {
    if (this.#hasEnded || this.#isDeaf) return;
    let plain: Buffer;
    try {
      plain = this.#ports.seal.open([kind, sequence], body);
    } catch {
      this.#break('it sent something that was not sealed for us');
      return;
    }
    this.heardAt = this.#ports.now();
    if (kind === 'ack') this.#confirmed(sequence);
    // What was sent twice is dropped, and what comes after a gap: it is sent again.
    else if (sequence === this.#expected) this.#take(kind, plain);
  }

  /** Says that this end is alive, and what it has got. */
  acknowledge(): void {
    if (!this.#hasEnded) this.#write(['ack', this.#expected - 1], Buffer.alloc(0));
  }

  /** To be called now and then: what seems to be lost is sent again. */
  tick(): void {
    if (this.#hasEnded || this.#written === 0) return;
    const { now, limits } = this.#ports;
    // An end that is silent reads nothing either: more of the same would only fill Redis.
    if (now() - this.#progressAt < limits.resendMs || this.heardAt <= this.#progressAt) return;
    this.#progressAt = now();
    this.#written = 0;
    this.#flush();
  }

  /** Resolves when the other end has got everything, or the link is broken. */
  emptied(): Promise<void> {
    if (this.#hasEnded || this.#outbox.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onEmpty.push(resolve));
  }

  /** Quietly. */
  end(): void {
    this.#hasEnded = true;
    this.#outbox = [];
    this.#parts = [];
    for (const resolve of this.#onEmpty.splice(0)) resolve();
  }

  #take(kind: 'part' | 'last', plain: Buffer): void {
    this.#expected++;
    this.#parts.push(plain);
    this.#partBytes += plain.length;
    if (this.#partBytes > this.#ports.limits.messageBytes) {
      this.#break(`it sent a message of more than ${this.#ports.limits.messageBytes} bytes`);
      return;
    }
    if (kind === 'part') return;
    const packed = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#partBytes = 0;
    try {
      this.#ports.message(packed);
    } catch (error) {
      this.#break(`it sent a message that is none: ${errorWords(error)}`);
    }
  }

  #confirmed(upTo: number): void {
    const first = this.#sequence - this.#outbox.length + 1;
    const count = Math.min(upTo - first + 1, this.#outbox.length);
    if (count <= 0) return;
    for (const { plain } of this.#outbox.splice(0, count)) this.#outboxBytes -= plain.length;
    this.#written = Math.max(0, this.#written - count);
    this.#progressAt = this.#ports.now();
    this.#flush();
    if (this.#outbox.length === 0) for (const resolve of this.#onEmpty.splice(0)) resolve();
  }

  #flush(): void {
    if (this.#written === 0) this.#progressAt = this.#ports.now();
    while (this.#written < Math.min(WINDOW_ENTRIES, this.#outbox.length)) {
      const waiting = this.#outbox[this.#written++];
      if (waiting === undefined) return;
      this.#sent = Math.max(this.#sent, waiting.label[1]);
      this.#write(waiting.label, waiting.plain);
    }
  }

  #write(label: readonly [EntryKind, number], plain: Buffer): void {
    const [kind, sequence] = label;
    const body = this.#ports.seal.seal(label, plain);
    // What does not get through is missed by the other end, and sent again.
    this.#ports.write({ kind, sequence, body }).catch(() => {});
  }

  #break(why: string): void {
    this.#isDeaf = true;
    this.#ports.broken(why);
  }
}

function kib(bytes: number): number {
  return Math.round(bytes / 1024);
}
