/**
 * What a device saw of a connection, classified: from the errors of TCP, TLS and MQTT to the words
 * of `Observed`, from those to the history's and to a sentence. Pure.
 */
import { systemCode } from '../core/errors.ts';
import { printable } from '../core/text.ts';
import type { CloseReason } from '../history/event.ts';
import type { ConnectPhase, Observed } from './result.ts';

/** How a socket ended with an error. Which side reset a connection can't be told from here. */
export function observedError(error: unknown, phase: ConnectPhase): Observed {
  const message = error instanceof Error ? error.message : String(error);
  const code = systemCode(error);
  const alert = alertName(code, message);
  if (alert !== undefined) return { kind: 'tls-alert', phase, detail: alert };
  // Node's word for a FIN in the middle of the handshake, with the code of a reset.
  if (message.includes('disconnected before secure TLS connection')) return { kind: 'fin', phase };
  if (code === 'ECONNRESET' || code === 'EPIPE') return { kind: 'tcp-reset', phase };
  return { kind: 'error', phase, detail: printable(code ?? message, 120) };
}

/**
 * `certificate_expired` and so on (RFC 8446 §6) from OpenSSL's reason as Node names it; a handshake
 * that fails under a write has it in its text only.
 */
function alertName(code: string | undefined, message: string): string | undefined {
  const reason =
    code === 'EPROTO' ? (/error:[0-9A-F]+:[^:]*:[^:]*:([^:]+)/.exec(message)?.[1] ?? '') : code;
  const name = /ALERT[_ ]([A-Z_ ]+)$/i.exec(reason ?? '')?.[1];
  return name?.trim().replace(/ /g, '_').toLowerCase();
}

/** `0x87`. */
export function hex(code: number): string {
  return `0x${code.toString(16).padStart(2, '0')}`;
}

/** Whether the broker answered a connect by letting the client in. */
export function isAccepted(observed: Observed): boolean {
  return observed.kind === 'accepted';
}

const PHASES: Readonly<Record<ConnectPhase, string>> = {
  tcp: 'while TCP was being opened',
  tls: 'during the TLS handshake',
  connect: 'after the TLS handshake, before CONNACK',
  established: 'in an established session',
};

/** `refused with CONNACK 0x87 (not authorised)`: what follows «the client was» or «it was». */
export function describeObserved({ kind, phase, detail }: Observed): string {
  const shown = detail === undefined ? '' : printable(detail, 120);
  switch (kind) {
    case 'accepted':
      return phase === 'established' ? 'accepted with CONNACK 0x00' : `let in as far as ${phase}`;
    case 'tls-alert':
      return `refused by the TLS alert ${shown} ${PHASES[phase]}`;
    case 'connack':
      return `refused with CONNACK ${shown}${meaning(CONNACK_WORDS, shown)}`;
    case 'disconnect':
      return `cut with DISCONNECT ${shown}${meaning(DISCONNECT_WORDS, shown)}`;
    case 'tcp-reset':
      return `${shown === '' ? 'cut by a TCP reset' : `reset ${shown}`} ${PHASES[phase]}`;
    case 'fin':
      return `${shown === '' ? 'cut by a bare FIN' : `closed ${shown}`} ${PHASES[phase]}`;
    case 'timeout':
      return `left without an answer ${PHASES[phase]}${shown === '' ? '' : ` (${shown})`}`;
    case 'error':
      return `stopped by ${shown === '' ? 'an error' : shown} ${PHASES[phase]}`;
  }
}

/** MQTT 3.1.1 §3.2.2.3 and MQTT 5.0 §3.2.2.2: those that brokers send here. */
const CONNACK_WORDS: Readonly<Record<string, string>> = {
  '0x01': 'unacceptable protocol version',
  '0x02': 'identifier rejected',
  '0x03': 'server unavailable',
  '0x04': 'bad user name or password',
  '0x05': 'not authorised',
  '0x80': 'unspecified error',
  '0x84': 'unsupported protocol version',
  '0x85': 'client identifier not valid',
  '0x86': 'bad user name or password',
  '0x87': 'not authorised',
  '0x88': 'server unavailable',
  '0x8a': 'banned',
  '0x8c': 'bad authentication method',
  '0x97': 'quota exceeded',
  '0x9f': 'connection rate exceeded',
};

/** MQTT 5.0 §3.14.2.1: those that a server sends. */
const DISCONNECT_WORDS: Readonly<Record<string, string>> = {
  '0x00': 'normal disconnection',
  '0x81': 'malformed packet',
  '0x82': 'protocol error',
  '0x87': 'not authorised',
  '0x89': 'server busy',
  '0x8b': 'server shutting down',
  '0x8d': 'keep alive timeout',
  '0x8e': 'session taken over',
  '0x96': 'message rate too high',
  '0x97': 'quota exceeded',
  '0x98': 'administrative action',
};

function meaning(words: Readonly<Record<string, string>>, code: string): string {
  return Object.hasOwn(words, code) ? ` (${words[code]})` : '';
}

const CODE_REASONS: Readonly<Record<string, CloseReason>> = {
  '0x01': 'protocol-error',
  '0x04': 'auth-error',
  '0x05': 'auth-error',
  '0x81': 'protocol-error',
  '0x82': 'protocol-error',
  '0x84': 'protocol-error',
  '0x86': 'auth-error',
  '0x87': 'auth-error',
  '0x8a': 'throttled',
  '0x8d': 'keep-alive-timeout',
  '0x8e': 'session-taken-over',
  '0x96': 'throttled',
  '0x97': 'throttled',
  '0x9f': 'throttled',
};

const CERTIFICATE_ALERTS = /certificate|unknown_ca|handshake_failure|access_denied|decrypt_error/;

/** The same in the words of the history: why a session ended, as its device can tell. */
export function closeReason({ kind, detail }: Observed): CloseReason {
  const code = detail ?? '';
  switch (kind) {
    case 'connack':
    case 'disconnect':
      return Object.hasOwn(CODE_REASONS, code)
        ? (CODE_REASONS[code] ?? 'unknown')
        : 'server-initiated';
    case 'tls-alert':
      return CERTIFICATE_ALERTS.test(code) ? 'auth-error' : 'protocol-error';
    case 'fin':
      return code === BY_CLIENT ? 'client-initiated' : 'unknown';
    case 'tcp-reset':
      return code === BY_CLIENT ? 'connection-lost' : 'unknown';
    default:
      return 'unknown';
  }
}

/** Detail of an end that the client made itself: by DISCONNECT (`fin`) or by RST (`tcp-reset`). */
export const BY_CLIENT = 'by the client';
