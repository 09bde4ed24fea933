/**
 * Keep-alive of all connections of a connector, on one wheel for them all instead of timers for
 * each: a connection that was silent for most of its keep-alive time pings, and one whose ping
 * stays unanswered for a whole one is dead (MQTT 3.1.1 §3.1.2.10, MQTT 5.0 §3.1.2.10).
 */

/**
 * The spokes of the wheel. Coarse ones would gather hundreds of pings into one burst, which a fleet
 * of ten thousand feels as a lateness of 100 ms.
 */
const TICK_MS = 20;
const TICKS_PER_SECOND = 1000 / TICK_MS;
/** A ping must not be late, and a busy process sends it a little after its tick. */
const SILENCE_SHARE = 0.9;

interface Beat {
  /** Undefined once it is removed: the wheel must not keep a closed connection until its spoke comes. */
  connection: KeptAlive | undefined;
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
  /** By tick, those that are to be looked at then; some have gone since, or sent something. */
  readonly #wheel = new Map<number, Beat[]>();
  #tick = tickNow();
  #timer: NodeJS.Timeout | undefined;

  /** Without effect if `seconds` is 0, which turns keep-alive off. */
  add(connection: KeptAlive, seconds: number): void {
    if (seconds === 0) return;
    if (this.#timer === undefined) {
      this.#tick = tickNow();
      this.#timer = setInterval(() => this.#onTime(), TICK_MS);
    }
    const ticks = seconds * TICKS_PER_SECOND;
    const pingAfterTicks = Math.max(1, Math.floor(ticks * SILENCE_SHARE));
    const sentAt = this.#tick;
    const beat = { connection, pingAfterTicks, deadAfterTicks: ticks, sentAt, pingedAt: undefined };
    this.#beats.set(connection, beat);
    this.#lookAt(this.#tick + pingAfterTicks, beat);
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
    const beat = this.#beats.get(connection);
    if (beat === undefined) return;
    beat.connection = undefined;
    this.#beats.delete(connection);
    if (this.#beats.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#wheel.clear();
  }

  #lookAt(tick: number, beat: Beat): void {
    const spoke = this.#wheel.get(tick);
    if (spoke === undefined) this.#wheel.set(tick, [beat]);
    else spoke.push(beat);
  }

  /** By the clock: a busy process is called less often than every tick. */
  #onTime(): void {
    const now = tickNow();
    while (this.#tick < now) {
      this.#tick++;
      const due = this.#wheel.get(this.#tick) ?? [];
      this.#wheel.delete(this.#tick);
      for (const beat of due) this.#look(beat);
    }
  }

  #look(beat: Beat): void {
    const { connection, pingAfterTicks, deadAfterTicks } = beat;
    if (connection === undefined) return;
    if (beat.pingedAt !== undefined) {
      if (this.#tick - beat.pingedAt < deadAfterTicks) {
        this.#lookAt(beat.pingedAt + deadAfterTicks, beat);
        return;
      }
      this.remove(connection);
      connection.unanswered();
      return;
    }
    const dueAt = beat.sentAt + pingAfterTicks;
    if (this.#tick < dueAt) {
      this.#lookAt(dueAt, beat);
      return;
    }
    beat.pingedAt = this.#tick;
    connection.ping();
    this.#lookAt(this.#tick + pingAfterTicks, beat);
  }
}

function tickNow(): number {
  return Math.floor(performance.now() / TICK_MS);
}
