/** A way out for findings: it sends one message once and says what came of it. */

/** A message as it goes out; everything in it but the body is safe in a header. */
export interface OutgoingMessage {
  /** The same for every attempt: who has seen it before may drop it. */
  readonly id: string;
  readonly attempt: number;
  readonly check: string;
  /** JSON; what is signed is exactly these bytes in UTF-8. */
  readonly body: string;
  /** `t=<epoch s>,v1=<hex>`; absent without a secret. */
  readonly signature?: string;
}

/** Message and signature in one line of JSON, for where there is no place beside the message. */
export function wrapped({ id, body, signature }: OutgoingMessage): string {
  return JSON.stringify({ id, ...(signature === undefined ? {} : { signature }), payload: body });
}

export type Delivery =
  | { readonly outcome: 'delivered'; readonly detail: string }
  /** Trying again would change nothing. */
  | { readonly outcome: 'refused'; readonly detail: string }
  | { readonly outcome: 'failed'; readonly detail: string; readonly retryAfterMs?: number };

export interface Channel {
  /** Such as `the webhook at hooks.example`; no path, which may hold a token. */
  readonly title: string;
  /** Never throws for what the network or the receiver does. */
  send(message: OutgoingMessage, signal: AbortSignal): Promise<Delivery>;
}

/** How long one attempt may take. */
export const SEND_TIMEOUT_MS = 10_000;
