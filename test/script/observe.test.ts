import { describe, expect, test } from 'vitest';
import {
  BY_CLIENT,
  closeReason,
  describeObserved,
  isAccepted,
  observedError,
} from '../../src/script/observe.ts';
import type { Observed } from '../../src/script/result.ts';

function failure(code: string | undefined, message = 'x'): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

/** As OpenSSL says it when a write finds the handshake broken. */
const UNDER_A_WRITE =
  'write EPROTO 00D8:error:0A000412:SSL routines:ssl3_read_bytes:ssl/tls alert bad certificate:../deps/record.c:912:SSL alert number 42\n';

describe('an error of a socket', () => {
  test.each([
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'certificate_required'],
    ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', 'certificate_expired'],
    ['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_REVOKED', 'certificate_revoked'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'unknown_ca'],
    ['ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', 'handshake_failure'],
  ])('%s is the alert %s', (code, detail) => {
    expect(observedError(failure(code), 'tls')).toEqual({
      kind: 'tls-alert',
      phase: 'tls',
      detail,
    });
  });

  test('has the alert in its text only, if a write met it', () => {
    expect(observedError(failure('EPROTO', UNDER_A_WRITE), 'connect')).toEqual({
      kind: 'tls-alert',
      phase: 'connect',
      detail: 'bad_certificate',
    });
  });

  test('is a reset, unless Node calls a FIN so', () => {
    const reset = { kind: 'tcp-reset', phase: 'tls' };
    expect(observedError(failure('ECONNRESET'), 'tls')).toEqual(reset);
    expect(observedError(failure('EPIPE'), 'tls')).toEqual(reset);
    const words = 'Client network socket disconnected before secure TLS connection was established';
    expect(observedError(failure('ECONNRESET', words), 'tls')).toEqual({
      kind: 'fin',
      phase: 'tls',
    });
  });

  test('is otherwise told by its code, or by its words made safe', () => {
    expect(observedError(failure('ECONNREFUSED'), 'tcp')).toMatchObject({
      kind: 'error',
      detail: 'ECONNREFUSED',
    });
    const hostile = observedError(failure(undefined, '\u001b[2J'.repeat(99)), 'tcp');
    expect(hostile.detail).not.toContain('\u001b');
    expect(hostile.detail?.length).toBeLessThanOrEqual(120);
  });
});

const EVERY: readonly (readonly [Observed, string, string])[] = [
  [{ kind: 'accepted', phase: 'established' }, 'accepted with CONNACK 0x00', 'unknown'],
  [{ kind: 'accepted', phase: 'tls' }, 'let in as far as tls', 'unknown'],
  [
    { kind: 'tls-alert', phase: 'tls', detail: 'unknown_ca' },
    'refused by the TLS alert unknown_ca during the TLS handshake',
    'auth-error',
  ],
  [
    { kind: 'tls-alert', phase: 'tls', detail: 'protocol_version' },
    'refused by the TLS alert protocol_version during the TLS handshake',
    'protocol-error',
  ],
  [
    { kind: 'connack', phase: 'connect', detail: '0x87' },
    'refused with CONNACK 0x87 (not authorised)',
    'auth-error',
  ],
  [
    { kind: 'connack', phase: 'connect', detail: '0xee' },
    'refused with CONNACK 0xee',
    'server-initiated',
  ],
  [
    { kind: 'disconnect', phase: 'established', detail: '0x8e' },
    'cut with DISCONNECT 0x8e (session taken over)',
    'session-taken-over',
  ],
  [{ kind: 'fin', phase: 'established' }, 'cut by a bare FIN in an established session', 'unknown'],
  [
    { kind: 'fin', phase: 'established', detail: BY_CLIENT },
    'closed by the client in an established session',
    'client-initiated',
  ],
  [
    { kind: 'tcp-reset', phase: 'connect' },
    'cut by a TCP reset after the TLS handshake, before CONNACK',
    'unknown',
  ],
  [
    { kind: 'tcp-reset', phase: 'established', detail: BY_CLIENT },
    'reset by the client in an established session',
    'connection-lost',
  ],
  [
    { kind: 'timeout', phase: 'connect', detail: '9 ms' },
    'left without an answer after the TLS handshake, before CONNACK (9 ms)',
    'unknown',
  ],
  [
    { kind: 'error', phase: 'tcp', detail: 'ECONNREFUSED' },
    'stopped by ECONNREFUSED while TCP was being opened',
    'unknown',
  ],
];

describe('an observation', () => {
  test.each(EVERY)('%o reads «%s» and is %s in a history', (observed, words, reason) => {
    expect(describeObserved(observed)).toBe(words);
    expect(closeReason(observed)).toBe(reason);
    expect(isAccepted(observed)).toBe(observed.kind === 'accepted');
  });

  test('says nothing of the prototype of its tables', () => {
    for (const detail of ['constructor', '__proto__', 'toString']) {
      expect(describeObserved({ kind: 'connack', phase: 'connect', detail })).toBe(
        `refused with CONNACK ${detail}`,
      );
      expect(closeReason({ kind: 'connack', phase: 'connect', detail })).toBe('server-initiated');
    }
  });
});
