/**
 * One TLS handshake without a certificate. It makes the broker read its own certificate and key,
 * and shows whether it can use them; that we are refused for having none is as it should be.
 */
import { connect } from 'node:tls';

const TIMEOUT_MS = 10_000;
/** Alerts with which TLS 1.2 refuses who has no certificate (RFC 5246 §7.2.2): as it should be. */
const REFUSES_US = /ALERT_(?:HANDSHAKE_FAILURE|BAD_CERTIFICATE|CERTIFICATE_REQUIRED)/;

/** Resolves with what is wrong with the broker's side, if anything. */
export function shakeHands(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let secure = false;
    let fault: string | undefined;
    const socket = connect({
      host: '127.0.0.1',
      port,
      servername: 'localhost',
      // Nothing is sent: who answers does not matter.
      rejectUnauthorized: false,
      timeout: TIMEOUT_MS,
    });
    socket.once('secureConnect', () => {
      secure = true;
      socket.end();
    });
    socket.once('timeout', () => {
      fault = 'no answer';
      socket.destroy();
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? error.message;
      if (!secure && !REFUSES_US.test(code)) fault ??= code;
    });
    socket.once('close', () => resolve(fault));
    socket.resume();
  });
}
