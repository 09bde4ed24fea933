/**
 * One browser's end of the stream, as server-sent events (WHATWG HTML §9.2). A reader that is too
 * slow gets no more updates until it has read what waits for it, and then the state as a whole, so
 * that it can't make the run wait and its buffer stays small.
 */
import type { ServerResponse } from 'node:http';
import type { LiveFeed } from './feed.ts';

/** More than this unread: the reader is behind. */
const UNREAD_BYTES_MAX = 256 * 1024;
/** How long a browser waits before it asks again. */
const RETRY_MS = 1000;
/** Something has to pass now and then, or what lies between may give the connection up. */
const HEARTBEAT_MS = 15_000;

/** Streams until the response is closed. */
export function streamTo(response: ServerResponse, feed: LiveFeed): void {
  let isBehind = false;
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  response.write(`retry: ${RETRY_MS}\n\n${feed.snapshot()}`);
  const unsubscribe = feed.subscribe((event) => {
    // Between the end and the close a write would be an error of the response.
    if (isBehind || response.writableEnded) return;
    response.write(event);
    isBehind = response.writableLength > UNREAD_BYTES_MAX;
  });
  const onDrain = (): void => {
    if (!isBehind || response.writableEnded) return;
    isBehind = false;
    response.write(feed.snapshot());
  };
  const heartbeat = setInterval(() => {
    if (!isBehind && !response.writableEnded) response.write(': the run goes on\n\n');
  }, HEARTBEAT_MS);
  heartbeat.unref();
  response.on('drain', onDrain);
  response.once('close', () => {
    clearInterval(heartbeat);
    unsubscribe();
  });
}
