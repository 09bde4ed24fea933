/**
 * The stream of a command's runs: keeps the state, and tells every subscriber of each update, as
 * text that is made once however many listen, and not at all when nobody does.
 */
import type { RunProgress } from './progress.ts';
import { type LiveSession, type LiveUpdate, newSession, updated } from './session.ts';

/** An update as the text of a server-sent event, with the number that it has in the stream. */
export type FeedListener = (event: string) => void;

export class LiveFeed {
  #session: LiveSession;
  #number = 0;
  readonly #listeners = new Set<FeedListener>();

  constructor(toolVersion: string) {
    this.#session = newSession(toolVersion);
  }

  get session(): LiveSession {
    return this.#session;
  }

  publish(update: LiveUpdate): void {
    this.#session = updated(this.#session, update);
    this.#number++;
    if (this.#listeners.size === 0) return;
    const event = serverSentEvent('update', this.#number, update);
    for (const listener of this.#listeners) listener(event);
  }

  /** Publishes a look at a run, of which only the news are sent. */
  progress({ seconds, notable, ...progress }: RunProgress): void {
    const last = this.#session.runs.at(-1);
    const atMs = last?.seconds.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY;
    const seq = last?.notable.at(-1)?.seq ?? 0;
    this.publish({
      type: 'progress',
      progress,
      seconds: seconds.filter((one) => one.atMs > atMs),
      notable: notable.filter((one) => one.seq > seq),
    });
  }

  /** The whole state, as the text of a server-sent event. */
  snapshot(): string {
    return serverSentEvent('snapshot', this.#number, this.#session);
  }

  /** Listens until the returned function is called. */
  subscribe(listener: FeedListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** JSON holds no line feed, so that the data is one line. */
function serverSentEvent(name: string, number: number, data: object): string {
  return `event: ${name}\nid: ${number}\ndata: ${JSON.stringify(data)}\n\n`;
}
