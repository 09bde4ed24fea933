/**
 * QoS 1 messages of one connection that wait: in flight for their PUBACK, as many as the broker
 * takes at once (MQTT 5.0 §4.9), and queued behind those. Each has its packet ID from the start.
 */

/** How many there are (MQTT 5.0 §2.2.1): two bytes, not 0. */
export const PACKET_IDS = 65_535;

export class PublishWindow {
  readonly #acknowledged = new Map<number, () => void>();
  readonly #receiveMaximum: number;
  /** Encoded, in order; those before `#head` have gone. */
  #queue: { readonly packetId: number; readonly bytes: Buffer }[] = [];
  #head = 0;
  /** Of those in the queue; most connections never have one. */
  #unsent: Set<number> | undefined;
  #queuedBytes = 0;
  #lastId = 0;

  constructor(receiveMaximum: number) {
    this.#receiveMaximum = receiveMaximum;
  }

  /** Messages without a PUBACK. */
  get waiting(): number {
    return this.#acknowledged.size;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Undefined when all are in use. */
  nextId(): number | undefined {
    if (this.#acknowledged.size === PACKET_IDS) return undefined;
    do {
      this.#lastId = (this.#lastId % PACKET_IDS) + 1;
    } while (this.#acknowledged.has(this.#lastId));
    return this.#lastId;
  }

  /** Answers whether the message may be sent now; if not, it is queued. */
  add(packetId: number, bytes: Buffer, acknowledged: () => void): boolean {
    const isFree = this.#inFlight < this.#receiveMaximum;
    this.#acknowledged.set(packetId, acknowledged);
    if (isFree) return true;
    this.#queue.push({ packetId, bytes });
    this.#unsent ??= new Set();
    this.#unsent.add(packetId);
    this.#queuedBytes += bytes.length;
    return false;
  }

  /**
   * A PUBACK has come; answers with the message that may be sent in its place. One for a message that
   * was never sent is no answer.
   */
  take(packetId: number, isRefusal: boolean): Buffer | undefined {
    const acknowledged = this.#acknowledged.get(packetId);
    if (acknowledged === undefined || this.#unsent?.has(packetId)) return undefined;
    this.#acknowledged.delete(packetId);
    if (!isRefusal) acknowledged();
    if (this.#inFlight >= this.#receiveMaximum) return undefined;
    const next = this.#queue[this.#head];
    if (next === undefined) return undefined;
    this.#head++;
    this.#unsent?.delete(next.packetId);
    this.#queuedBytes -= next.bytes.length;
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    }
    return next.bytes;
  }

  get #inFlight(): number {
    return this.#acknowledged.size - (this.#unsent?.size ?? 0);
  }
}
