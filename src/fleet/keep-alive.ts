/**
 * Keep-alive of all connections of a connector, on one interval for them all instead of timers for
 * each: a connection that was silent for most of its keep-alive time pings, and one whose ping
 * stays unanswered for a whole one is dead (MQTT 3.1.1 §3.1.2.10, MQTT 5.0 §3.1.2.10).
 */

/** Keep-alive is given in whole seconds; half of one is fine enough to be early. */
const TICK_MS = 500;
const TICKS_PER_SECOND = 1000 / TICK_MS;
/** A ping must not be late, and a busy process sends it a little after its tick. */
const SILENCE_SHARE = 0.9;

interface Beat {
  readonly pingAfterTicks: number;
  readonly deadAfterTicks: number;
  sentAt: number;
  /** When the ping went out that waits for its answer. */
  pingedAt: number | undefined;
}

/** A connection as the keep-alive sees it. */
export interface KeptAlive {
  ping(): void;
  /** Its ping wasn't answered; it is no longer kept alive. */
  unanswered(): void;
}

export class KeepAlive {
  readonly #beats = new Map<KeptAlive, Beat>();
  #tick = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Without effect if `seconds` is 0, which turns keep-alive off. */
  add(connection: KeptAlive, seconds: number): void {
    if (seconds === 0) return;
    const ticks = seconds * TICKS_PER_SECOND;
    this.#beats.set(connection, {
      pingAfterTicks: Math.max(1, Math.floor(ticks * SILENCE_SHARE)),
      deadAfterTicks: ticks,
      sentAt: this.#tick,
      pingedAt: undefined,
    });
    this.#timer ??= setInterval(() => this.#onTick(), TICK_MS);
  }

  /** The connection has sent a packet, whichever. */
  sent(connection: KeptAlive): void {
    const beat = this.#beats.get(connection);
    if (beat !== undefined) beat.sentAt = this.#tick;
  }

  answered(connection: KeptAlive): void {
    const beat = this.#beats.get(connection);
    if (beat !== undefined) beat.pingedAt = undefined;
  }

  remove(connection: KeptAlive): void {
    this.#beats.delete(connection);
    if (this.#beats.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #onTick(): void {
    this.#tick++;
    for (const [connection, beat] of this.#beats) {
      if (beat.pingedAt !== undefined && this.#tick - beat.pingedAt >= beat.deadAfterTicks) {
        this.remove(connection);
        connection.unanswered();
      } else if (beat.pingedAt === undefined && this.#tick - beat.sentAt >= beat.pingAfterTicks) {
        beat.pingedAt = this.#tick;
        connection.ping();
      }
    }
  }
}
