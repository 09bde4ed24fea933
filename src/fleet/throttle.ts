/**
 * A throttle per client ID, as AWS IoT Core applies it (one CONNECT per second and client ID, not
 * adjustable): a local broker without one lets rivals fight far faster than AWS would.
 */
import type { EpochMs } from '../core/time.ts';

export class ConnectThrottle {
  readonly #intervalMs: number;
  readonly #admittedAt = new Map<string, EpochMs>();

  /** `perSecond` undefined lets every connect through. */
  constructor(perSecond: number | undefined) {
    this.#intervalMs = perSecond === undefined ? 0 : 1000 / perSecond;
  }

  /** Whether a connect with this client ID may go out now; an admitted one starts the interval. */
  admits(clientId: string, now: EpochMs): boolean {
    if (this.#intervalMs === 0) return true;
    const last = this.#admittedAt.get(clientId);
    if (last !== undefined && now - last < this.#intervalMs) return false;
    this.#admittedAt.set(clientId, now);
    return true;
  }
}
