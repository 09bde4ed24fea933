/** What an HTTP status means for a message that was sent. Pure. */
import type { Delivery } from './channel.ts';

/** 408 and 429 ask to come again; other 4xx will not change their mind; redirects are not followed. */
export function deliveryOf(status: number, retryAfter: string | null, nowMs: number): Delivery {
  const detail = `HTTP ${status}`;
  if (status >= 200 && status < 300) return { outcome: 'delivered', detail };
  if (status >= 300 && status < 400) {
    return { outcome: 'refused', detail: `${detail}: redirects are not followed` };
  }
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
    return { outcome: 'refused', detail };
  }
  const retryAfterMs = retryAfterFrom(retryAfter, nowMs);
  return { outcome: 'failed', detail, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** Seconds or an HTTP date (RFC 9110 §10.2.3); undefined for anything else. */
function retryAfterFrom(text: string | null, nowMs: number): number | undefined {
  if (text === null) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const at = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
