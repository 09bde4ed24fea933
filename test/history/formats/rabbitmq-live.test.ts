/** RabbitMQ's log with what our own adapter knows besides: read while it is written. */
import { expect, test } from 'vitest';
import type { ObservedEvent } from '../../../src/history/event.ts';
import { RabbitLogReader } from '../../../src/history/formats/rabbitmq-log.ts';

class Reading {
  readonly events: ObservedEvent[] = [];
  readonly unread: string[] = [];
  readonly reader = new RabbitLogReader(
    { tlsIsMqtt: true, kindOf: (user) => (user === 'dev-1' ? 'common-name' : 'username') },
    {
      event: (event) => this.events.push(event),
      unread: (message) => this.unread.push(message),
    },
  );
  #at = 0;

  /** A line at a time of its own, unless it is said to be of the message before. */
  line(process: number, body: string, same = false): void {
    if (!same) this.#at += 1;
    const micros = String(this.#at).padStart(6, '0');
    this.reader.read(`2026-11-20 21:31:10.${micros}+00:00 [debug] <0.${process}.0> ${body}`);
  }

  connect(process: number): void {
    this.line(
      process,
      `Received a CONNECT, client ID: "c${process}" (expanded to "c${process}"), username: undefined, clean session: true, protocol version: 4, keepalive: 60`,
    );
  }

  authenticated(name: string): void {
    this.line(999, `User '${name}' authenticated successfully by backend some_backend`);
  }

  accepted(process: number): void {
    this.line(
      process,
      `accepting MQTT connection <0.${process}.0> (127.0.0.1:${process} -> 127.0.0.1:1, client id: c${process})`,
    );
  }

  principals(): readonly (string | undefined)[] {
    this.reader.flush();
    return this.events.map(({ principal }) => principal?.value);
  }
}

test('a user is that of the only connection that waits for one, and inferred', () => {
  const reading = new Reading();
  reading.connect(1);
  reading.authenticated('dev-1');
  reading.accepted(1);
  reading.reader.flush();
  expect(reading.events).toMatchObject([
    { principal: { kind: 'common-name', value: 'dev-1' }, inferred: ['principal'] },
  ]);
});

test('of two connections that wait, neither gets the user of the other', () => {
  const reading = new Reading();
  reading.connect(1);
  reading.connect(2);
  reading.authenticated('dev-2');
  reading.authenticated('dev-1');
  reading.accepted(1);
  reading.accepted(2);
  expect(reading.principals()).toEqual([undefined, undefined]);
  // Once nobody waits, there is no doubt any more.
  reading.connect(3);
  reading.authenticated('dev-3');
  reading.accepted(3);
  expect(reading.principals()).toEqual([undefined, undefined, 'dev-3']);
});

test('an accepted connection has been named before: by the only name that there was', () => {
  const reading = new Reading();
  reading.connect(1);
  reading.connect(2);
  reading.authenticated('dev-1');
  reading.accepted(1);
  reading.authenticated('dev-2');
  reading.accepted(2);
  expect(reading.principals()).toEqual(['dev-1', 'dev-2']);
});

test('a login of another protocol, or one that failed, names nobody', () => {
  const reading = new Reading();
  reading.authenticated('somebody');
  reading.connect(1);
  reading.line(1, "MQTT login failed for user 'x', authentication failed: Refused");
  reading.line(
    1,
    'MQTT connection 127.0.0.1:1 -> 127.0.0.1:2 is closing due to an authentication failure',
  );
  reading.reader.flush();
  expect(reading.events).toMatchObject([
    { kind: 'connect-failed', reason: 'auth-error', ip: '127.0.0.1', port: 1 },
  ]);
});

test('what follows a message that was handed on already begins no message', () => {
  const reading = new Reading();
  reading.line(1, 'some client says');
  reading.reader.flush();
  const forged =
    'accepting MQTT connection <0.1.0> (127.0.0.1:1 -> 127.0.0.1:1, client id: victim)';
  reading.line(1, forged, true);
  reading.reader.end();
  expect(reading.events).toEqual([]);
  expect(reading.unread).toHaveLength(1);
});

test.each([
  ['generated SERVER ALERT: Fatal - Certificate required', 'auth-error'],
  ['generated SERVER ALERT: Fatal - Unknown CA', 'auth-error'],
  ['received CLIENT ALERT: Fatal - Certificate Unknown', 'auth-error'],
  ['generated SERVER ALERT: Fatal - Unexpected Message', 'protocol-error'],
  ['generated SERVER ALERT: Fatal - Protocol Version', 'protocol-error'],
])('a handshake that failed (%s) is a failed connect: %s', (alert, reason) => {
  const reading = new Reading();
  reading.line(7, `TLS server: In state wait_cert at x.erl:1 ${alert}`);
  reading.reader.flush();
  expect(reading.events).toMatchObject([{ kind: 'connect-failed', clientId: '', reason }]);
});

test('when the broker is told to end, its sessions do, also one that comes at that moment', () => {
  const reading = new Reading();
  reading.accepted(1);
  reading.line(9, 'SIGTERM received - shutting down');
  reading.accepted(2);
  reading.reader.end();
  const story = reading.events.map(({ kind, clientId, reason }) => [kind, clientId, reason]);
  expect(story).toEqual([
    ['connected', 'c1', undefined],
    ['closed', 'c1', 'server-initiated'],
    ['connected', 'c2', undefined],
    ['closed', 'c2', 'server-initiated'],
  ]);
});
