/** Whether anyone listens at an address, before certificates are issued and folders made for it. */
import { connect } from 'node:net';
import { EXIT, systemCode, UserError } from '../core/errors.ts';
import { printable } from '../core/text.ts';

const TIMEOUT_MS = 5000;

/** Throws a `UserError` (69) when no TCP connection can be opened. */
export function checkReachable(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: TIMEOUT_MS });
    const fail = (why: string): void => {
      socket.destroy();
      const shown = host.includes(':') ? `[${host}]` : host;
      reject(
        new UserError(EXIT.unavailable, {
          message: `cannot reach mqtts://${printable(shown)}:${port}: ${why}`,
          hint: 'check host, port and firewall, and that the broker runs',
        }),
      );
    };
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => fail(`no answer within ${TIMEOUT_MS / 1000} seconds`));
    socket.once('error', (error) => fail(systemCode(error) ?? error.message));
  });
}
