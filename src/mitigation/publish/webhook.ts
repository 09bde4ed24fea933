/** A webhook: POST of the signed envelope by `fetch`. Redirects would leave the allowed host. */
import { systemCode } from '../../core/errors.ts';
import { printable } from '../../core/text.ts';
import type { Clock } from '../../core/time.ts';
import { type Channel, type Delivery, type OutgoingMessage, SEND_TIMEOUT_MS } from './channel.ts';
import { deliveryOf } from './http-answer.ts';

export function webhookChannel(url: string, clock: Clock): Channel {
  return {
    title: `the webhook at ${printable(new URL(url).host)}`,
    send: (message, signal) => post(url, message, signal, clock),
  };
}

async function post(
  url: string,
  { id, attempt, body, signature }: OutgoingMessage,
  signal: AbortSignal,
  clock: Clock,
): Promise<Delivery> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'doppelfleet',
        'x-doppelfleet-id': id,
        'x-doppelfleet-attempt': String(attempt),
        ...(signature === undefined ? {} : { 'x-doppelfleet-signature': signature }),
      },
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(SEND_TIMEOUT_MS)]),
    });
    // The answer is of no use, and it may be endless.
    await response.body?.cancel();
    return deliveryOf(response.status, response.headers.get('retry-after'), clock.now());
  } catch (error) {
    return { outcome: 'failed', detail: reasonOf(error) };
  }
}

/** `fetch` hides the reason in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = systemCode(cause) ?? systemCode(error);
  if (code !== undefined) return code;
  if (error instanceof Error && error.name === 'TimeoutError') {
    return `no answer within ${SEND_TIMEOUT_MS / 1000} s`;
  }
  return printable(cause instanceof Error ? cause.message : String(error), 200);
}
