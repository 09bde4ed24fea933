/** Ports on 127.0.0.1: which are free, and whether something listens. */
import { connect, createServer } from 'node:net';
import { EXIT, UserError } from '../core/errors.ts';

const HOST = '127.0.0.1';
const CONNECT_TIMEOUT_MS = 1000;

/** A port that nobody listens on at this moment; another program may be faster to take it. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: HOST, port: 0 }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}

/** Whether a TCP connection to the port is taken; it is reset at once. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: HOST, port, timeout: CONNECT_TIMEOUT_MS });
    const answer = (listening: boolean): void => {
      socket.resetAndDestroy();
      resolve(listening);
    };
    socket.once('connect', () => answer(true));
    socket.once('timeout', () => answer(false));
    socket.once('error', () => answer(false));
  });
}

/** Throws a `UserError` (69) if something still listens where `broker`, which has ended, did. */
export async function checkClosed(broker: string, port: number): Promise<void> {
  if (port === 0 || !(await isListening(port))) return;
  throw new UserError(EXIT.unavailable, {
    message: `${broker} has ended, but something still listens on its port ${port}`,
    hint: `see what it is (ss -ltnp "sport = :${port}") and end it`,
  });
}

/** Starts what `make` makes; made again, on other ports, when a chosen one turns out to be taken. */
export async function startOnFreePorts<Handle extends Startable>(
  attempts: number,
  make: () => Promise<Handle>,
): Promise<Handle> {
  let refusal: UserError | undefined;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const handle = await make();
    refusal = await handle.start();
    if (refusal === undefined) return handle;
    if (!refusal.message.includes('address already in use')) break;
  }
  throw refusal ?? new Error('internal error: no attempt was made');
}

interface Startable {
  /** Resolves when it runs, or with why it doesn't. */
  start(): Promise<UserError | undefined>;
}
