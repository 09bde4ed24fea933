/**
 * What ended a connection, from the words of MQTT, TLS and TCP to the one vocabulary of the history.
 * Pure. A reset or a bare FIN says nothing: a takeover, a restart and a crash look alike.
 */
import { systemCode } from '../core/errors.ts';
import type { CloseReason } from '../history/event.ts';

export interface CloseCause {
  readonly reason: CloseReason;
  /** The source's own word for it, without anything that depends on the connection. */
  readonly raw: string;
}

/** MQTT 5.0 §3.14.2.1, the codes a server sends. */
const DISCONNECT_REASONS: Readonly<Record<number, CloseReason>> = {
  129: 'protocol-error',
  130: 'protocol-error',
  135: 'auth-error',
  141: 'keep-alive-timeout',
  142: 'session-taken-over',
  150: 'throttled',
  151: 'throttled',
};

/** CONNACK codes of MQTT 3.1.1 §3.2.2.3 (1–5) and MQTT 5.0 §3.2.2.2. */
const CONNACK_REASONS: Readonly<Record<number, CloseReason>> = {
  1: 'protocol-error',
  4: 'auth-error',
  5: 'auth-error',
  132: 'protocol-error',
  134: 'auth-error',
  135: 'auth-error',
  138: 'throttled',
  151: 'throttled',
  159: 'throttled',
};

/**
 * Certificates, keys and trust: alerts of RFC 8446 §6.2 (a TLS 1.2 server answers a missing
 * certificate with handshake_failure), Node's name check, and OpenSSL's names for a bad chain.
 */
const CERTIFICATE_TROUBLE =
  /CERT|KEY|UNKNOWN_CA|HANDSHAKE_FAILURE|ACCESS_DENIED|DECRYPT_ERROR|^(ERR_OSSL|UNABLE_TO|CRL|INVALID|PATH_LENGTH|HOSTNAME|UNSPECIFIED)/;

/** The server's DISCONNECT; without a code it is 0 (MQTT 5.0 §3.14.2.1). */
export function disconnectCause(code = 0): CloseCause {
  return { reason: DISCONNECT_REASONS[code] ?? 'server-initiated', raw: `DISCONNECT ${hex(code)}` };
}

/** The server's CONNACK with a code that isn't success. */
export function connackCause(code: number): CloseCause {
  return { reason: CONNACK_REASONS[code] ?? 'server-initiated', raw: `CONNACK ${hex(code)}` };
}

/** An error of TLS or of the socket; a lack of our own ports or files is in its system code. */
export function errorCause(error: Error): CloseCause {
  const raw = tlsCode(error) ?? systemCode(error) ?? error.message;
  if (CERTIFICATE_TROUBLE.test(raw)) return { reason: 'auth-error', raw };
  if (raw.startsWith('ERR_SSL_')) return { reason: 'protocol-error', raw };
  return { reason: 'unknown', raw };
}

/** OpenSSL's reason as Node names it; a handshake that fails under a write has it in its text only. */
function tlsCode(error: Error): string | undefined {
  if (systemCode(error) !== 'EPROTO') return undefined;
  const reason = /error:[0-9A-F]+:[^:]*:[^:]*:([^:]+)/.exec(error.message)?.[1];
  return reason === undefined ? undefined : `ERR_SSL_${reason.toUpperCase().replace(/ /g, '_')}`;
}

function hex(code: number): string {
  return `0x${code.toString(16).padStart(2, '0')}`;
}
