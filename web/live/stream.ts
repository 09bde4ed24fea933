/**
 * The server's stream as the state of the session: a snapshot at first and whenever the server says
 * so, updates in between. After the end nothing more is asked for.
 */
import { type LiveSession, type LiveUpdate, updated } from '../../src/live/session.ts';

export interface StreamListener {
  session(session: LiveSession): void;
  /** How the connection stands, in words; empty when all is well. */
  connection(words: string): void;
}

export function followStream(token: string, listener: StreamListener): void {
  const source = new EventSource(`/events?token=${encodeURIComponent(token)}`);
  let session: LiveSession | undefined;
  const take = (next: LiveSession): void => {
    session = next;
    listener.session(next);
    // The server is about to go, unless it was told to stay for its reports.
    if (next.reports !== undefined) source.close();
  };
  source.addEventListener('open', () => listener.connection(''));
  source.addEventListener('snapshot', (event) => {
    const snapshot: LiveSession = JSON.parse(event.data);
    take(snapshot);
  });
  source.addEventListener('update', (event) => {
    const update: LiveUpdate = JSON.parse(event.data);
    if (session !== undefined) take(updated(session, update));
  });
  source.addEventListener('error', () => {
    const lost =
      source.readyState === EventSource.CLOSED
        ? 'The server does not answer: the run has ended, or this address is an old one.'
        : 'The connection is lost; trying again.';
    listener.connection(lost);
  });
}
