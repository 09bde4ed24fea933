/**
 * Sends until a message is delivered or refused, a bounded number of times: exponential back-off
 * with full jitter, or as long as the receiver asks (RFC 9110 §10.2.3, Retry-After).
 */
import { plural } from '../../core/text.ts';
import type { Clock } from '../../core/time.ts';
import { ActionFailed, type Journal } from '../journal.ts';
import { pause } from '../trial.ts';
import type { Channel, OutgoingMessage } from './channel.ts';

const ATTEMPTS_MAX = 5;
const BACKOFF_BASE_MS = 250;
const BACKOFF_MAX_MS = 10_000;
/** Who asks for a longer pause is not waited for: a run would stand still. */
const RETRY_AFTER_MAX_MS = 60_000;

export interface DeliveryPorts {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/** Resolves with what came of it as a clause. Throws `ActionFailed`. */
export async function deliver(
  channel: Channel,
  message: (attempt: number) => OutgoingMessage,
  { clock, random, signal }: DeliveryPorts,
  journal: Journal,
): Promise<string> {
  let last = '';
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const delivery = await channel.send(message(attempt), signal);
    journal.attempt(`attempt ${attempt}: ${delivery.outcome}`, delivery.detail);
    if (delivery.outcome === 'delivered') {
      return `${delivery.detail}, at attempt ${attempt}`;
    }
    last = delivery.detail;
    if (delivery.outcome === 'refused') {
      throw new ActionFailed('PUBLISH_REFUSED', `${channel.title} refused it: ${last}`);
    }
    if (attempt === ATTEMPTS_MAX || signal.aborted) break;
    const wanted = delivery.retryAfterMs;
    if (wanted !== undefined && wanted > RETRY_AFTER_MAX_MS) {
      const seconds = Math.ceil(wanted / 1000);
      const message = `${channel.title} wants to be asked again in ${seconds} s: ${last}`;
      throw new ActionFailed('PUBLISH_FAILED', message);
    }
    const backoff = random() * Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** (attempt - 1));
    await pause({ clock, signal }, wanted ?? backoff);
    if (signal.aborted) break;
  }
  if (signal.aborted) {
    throw new ActionFailed('PUBLISH_FAILED', `${channel.title}: called off after ${last}`);
  }
  const tries = plural(ATTEMPTS_MAX, 'attempt');
  throw new ActionFailed('PUBLISH_FAILED', `${channel.title} failed in ${tries}: ${last}`);
}
