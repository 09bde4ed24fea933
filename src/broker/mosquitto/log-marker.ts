/**
 * Makes sure that everything that reached the broker is in its log. A marker is a bare TCP connect
 * of our own that is reset at once; its lines in the log are awaited. Mosquitto is one thread that
 * works on its sockets in batches, oldest news first. A marker's first line proves nothing: it may
 * come in the middle of a batch, and further markers may be accepted in the same batch. Its end is
 * read in a later batch, after all sockets that had news before it. A socket whose client sent
 * several records is read once a batch, so several markers follow one another.
 */
import { connect, type Socket } from 'node:net';

/** A publish, a DISCONNECT, close_notify and the FIN are four reads; twice as many are awaited. */
const ROUNDS_MIN = 8;
/** On a broker that is never quiet, evidence of the time before the drain is there long since. */
const ROUNDS_MAX = 50;
/** The lines that a marker leaves. */
const OWN_LINES = 2;

/** A log that is being read, as the markers need it. */
export interface MarkedLog {
  readonly host: string;
  readonly port: number;
  /** How many lines have been read so far. */
  lineCount(): number;
  /**
   * To be called before a connection of ours is made. The function that it returns takes the port
   * and resolves when the connection stands in the log; it is no evidence then.
   */
  awaitOwnConnection(): (port: number) => Promise<void>;
  /** Resolves when the ends of all our own connections stand in the log. */
  ownConnectionsEnded(): Promise<void>;
}

/** Resolves when the log has caught up; rejects when the broker can't be reached. */
export async function catchUp(log: MarkedLog, signal: AbortSignal): Promise<void> {
  const aborted = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  for (let round = 1; round <= ROUNDS_MAX && !signal.aborted; round++) {
    const before = log.lineCount();
    await mark(log, aborted);
    const quiet = log.lineCount() - before <= OWN_LINES;
    if (round >= ROUNDS_MIN && quiet) return;
  }
}

async function mark(log: MarkedLog, aborted: Promise<void>): Promise<void> {
  const logged = log.awaitOwnConnection();
  const socket = connect({ host: log.host, port: log.port });
  try {
    await Promise.race([logged(await localPort(socket)), aborted]);
  } finally {
    // A reset: on FIN Mosquitto would report an error of TLS besides.
    socket.resetAndDestroy();
  }
  await Promise.race([log.ownConnectionsEnded(), aborted]);
}

/**
 * The same where the log shows no connections: a connection of ours that ends at once is closed by
 * the broker only after all that it had to do before. Resolves when that has happened.
 */
export async function passThrough(port: number, signal: AbortSignal): Promise<void> {
  for (let round = 1; round <= ROUNDS_MIN && !signal.aborted; round++) {
    const socket = connect({ host: '127.0.0.1', port, signal });
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
      // A reset is an end as well; that the broker has gone is told elsewhere.
      socket.on('error', () => {});
      socket.resume().end();
    });
  }
  // What the broker has written by now is read in the next turns of the event loop.
  for (let turn = 0; turn < ROUNDS_MIN; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function localPort(socket: Socket): Promise<number> {
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(socket.localPort ?? 0));
    socket.once('error', reject);
  });
}
