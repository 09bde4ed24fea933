/** Whether anyone listens at an address: asked before a run, and of a broker elsewhere after it. */
import { connect } from 'node:net';
import { EXIT, systemCode, UserError } from '../core/errors.ts';
import { printable } from '../core/text.ts';

const TIMEOUT_MS = 5000;

interface Address {
  readonly host: string;
  readonly port: number;
}

/** Throws a `UserError` (69) when no TCP connection can be opened. */
export async function checkReachable(address: Address): Promise<void> {
  const message = await unreachable(address);
  if (message === undefined) return;
  const hint = 'check host, port and firewall, and that the broker runs';
  throw new UserError(EXIT.unavailable, { message, hint });
}

/** Why no TCP connection can be opened, as a sentence; undefined when one can. */
export function unreachable({ host, port }: Address): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: TIMEOUT_MS });
    const fail = (why: string): void => {
      socket.destroy();
      const shown = host.includes(':') ? `[${host}]` : host;
      resolve(`cannot reach mqtts://${printable(shown)}:${port}: ${why}`);
    };
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('timeout', () => fail(`no answer within ${TIMEOUT_MS / 1000} seconds`));
    socket.once('error', (error) => fail(systemCode(error) ?? error.message));
  });
}
