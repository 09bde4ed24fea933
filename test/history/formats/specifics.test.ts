/** What only one format has: its other shapes, its words, its traps. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ObservedEvent } from '../../../src/history/event.ts';
import { unquoteGo } from '../../../src/history/formats/go-quote.ts';
import { reasonOf } from '../../../src/history/formats/reason-words.ts';
import { parseStamp, parseTime, parseZone } from '../../../src/history/formats/stamps.ts';
import { JsonRecords } from '../../../src/history/inputs/json-records.ts';
import { readFormat } from '../../support/read-format.ts';

const AT = Date.UTC(2026, 10, 20, 21, 0, 0);
const CERTIFICATE = 'C'.repeat(64);

const told = (events: readonly ObservedEvent[]) =>
  events.map(({ kind, clientId, at, reason }) =>
    [kind, clientId, at - AT, reason].filter((part) => part !== undefined).join(' '),
  );
const json = (...records: readonly object[]) =>
  records.map((record) => JSON.stringify(record)).join('\n');

describe('AWS lifecycle events', () => {
  const event = (type: string, version: number, at: number, rest: object = {}) => ({
    clientId: 'a',
    timestamp: AT + at,
    eventType: type,
    sessionIdentifier: `s${version}`,
    principalIdentifier: CERTIFICATE,
    versionNumber: version,
    ...rest,
  });

  test('the version orders connections whose approximate stamps contradict it', () => {
    const { events } = readFormat(
      'aws-lifecycle',
      json(event('connected', 4, 5_000), event('connected', 5, 4_000)),
    );
    const connects = events.filter(({ kind }) => kind === 'connected');
    expect(connects).toMatchObject([
      { sessionId: 's4', at: AT + 5_000 },
      { sessionId: 's5', at: AT + 5_001, sourceAt: AT + 4_000, inferred: ['at'] },
    ]);
  });

  test('a version that begins again after a long absence orders nothing', () => {
    const { events } = readFormat(
      'aws-lifecycle',
      json(
        event('connected', 9, 0),
        event('disconnected', 9, 10),
        event('connected', 0, 4_000_000),
      ),
    );
    expect(told(events)).toEqual(['connected a 0', 'closed a 10 unknown', 'connected a 4000000']);
  });

  test('a refused connect is one, and what is no presence event is passed over', () => {
    const failed = event('connect_failed', 0, 1, { connectFailureReason: 'AUTHORIZATION_FAILED' });
    const { events, unread } = readFormat(
      'aws-lifecycle',
      json(
        failed,
        { topic: '$aws/events/subscriptions/subscribed/a', payload: { clientId: 'a' } },
        { clientId: 'a', timestamp: AT, eventType: 'subscribed' },
        { clientId: 'a', eventType: 'connected' },
        { timestamp: AT, eventType: 'connected' },
      ),
    );
    expect(told(events)).toEqual(['connect-failed a 1 auth-error']);
    expect(unread).toEqual(['timestamp is missing or no time', 'clientId is missing']);
  });

  test('the certificate ID is in lower case; another principal is a user', () => {
    const other = event('connected', 2, 9, { principalIdentifier: 'AROAX:session' });
    const { events } = readFormat('aws-lifecycle', json(event('connected', 1, 0), other));
    expect(events).toMatchObject([
      { certificateId: 'c'.repeat(64), principal: { kind: 'certificate-id' } },
      { principal: { kind: 'username', value: 'AROAX:session' } },
      { inferred: ['at', 'reason'] },
    ]);
    expect(events[1]).not.toHaveProperty('certificateId');
  });

  test('the flag and the reason of a disconnect may contradict each other: the reason counts', () => {
    const close = event('disconnected', 1, 5, {
      clientInitiatedDisconnect: false,
      disconnectReason: 'CLIENT_INITIATED_DISCONNECT',
    });
    const { events } = readFormat('aws-lifecycle', json(event('connected', 1, 0), close));
    expect(events[1]?.reason).toBe('client-initiated');
  });
});

describe('AWS logs in CloudWatch', () => {
  const entry = (eventType: string, at: number, rest: object = {}) => ({
    timestamp: new Date(AT + at).toISOString().replace('T', ' ').replace('Z', ''),
    logLevel: 'INFO',
    traceId: 't',
    accountId: '123456789012',
    status: 'Success',
    eventType,
    protocol: 'MQTT',
    clientId: 'a',
    principalId: CERTIFICATE,
    sourceIp: '203.0.113.1',
    sourcePort: 4_000,
    ...rest,
  });

  test.each([
    [{ disconnectReason: 'DUPLICATE_CLIENTID' }],
    [{ status: 'Failure', logLevel: 'ERROR', reason: 'DUPLICATE_CLIENT_ID' }],
  ])('both spellings of an eviction are one: %j', (rest) => {
    const { events } = readFormat(
      'aws-cloudwatch',
      json(entry('Connect', 0), entry('Disconnect', 5, rest)),
    );
    expect(told(events)).toEqual(['connected a 0', 'closed a 5 session-taken-over']);
  });

  test('publishing, HTTP and other entries are passed over, a refused connect is not', () => {
    const { events, unread } = readFormat(
      'aws-cloudwatch',
      json(
        entry('Publish-In', 1),
        entry('Connect', 2, { protocol: 'HTTP' }),
        entry('Connect', 3, { status: 'Failure', reason: 'AUTHORIZATION_FAILED' }),
        entry('Connect', 4, { status: 'Failure', clientId: undefined }),
        { eventType: 'Connect', timestamp: 'soon' },
      ),
    );
    expect(told(events)).toEqual(['connect-failed a 3 auth-error']);
    expect(unread).toEqual(['timestamp is missing or no time']);
  });

  test('the same client ID from the same address twice is two sessions', () => {
    const { events } = readFormat(
      'aws-cloudwatch',
      json(
        entry('Connect', 0),
        entry('Disconnect', 10, { disconnectReason: 'CONNECTION_LOST' }),
        entry('Connect', 20),
        entry('Disconnect', 30, { disconnectReason: 'CONNECTION_LOST' }),
      ),
    );
    expect(new Set(events.map(({ sessionId }) => sessionId)).size).toBe(2);
    expect(events).toHaveLength(4);
  });
});

describe('EMQX', () => {
  test('webhook posts of EMQX 4 in seconds, and what they lack, are read', () => {
    const { events, unread } = readFormat(
      'emqx',
      json(
        {
          action: 'client_connected',
          clientid: 'a',
          username: 'undefined',
          keepalive: 60,
          ipaddress: '127.0.0.1',
          proto_ver: 4,
          connected_at: AT / 1000,
        },
        { action: 'client_disconnected', clientid: 'a', reason: 'normal' },
        { action: 'client_disconnected', clientid: 'a', reason: 'normal', ts: AT + 5 },
        { action: 'message_publish', topic: 'x' },
      ),
    );
    expect(told(events)).toEqual(['connected a 0', 'closed a 5 client-initiated']);
    expect(events[0]).toMatchObject({ ip: '127.0.0.1', protocolVersion: 4, keepAliveSeconds: 60 });
    expect(events[0]).not.toHaveProperty('principal');
    expect(unread).toHaveLength(1);
    expect(unread[0]).toMatch(/let the hook or rule add the time/);
  });

  test('an eviction that is reported after the next connect ends the session before it', () => {
    const at = (ms: number, rest: object) => ({ clientid: 'a', timestamp: AT + ms, ...rest });
    const { events } = readFormat(
      'emqx',
      json(
        at(0, { event: 'client.connected', connected_at: AT }),
        at(9, { event: '$events/client/connected', connected_at: AT + 9 }),
        at(10, { event: 'client.disconnected', reason: 'discarded', disconnected_at: AT + 10 }),
      ),
    );
    expect(events.map(({ kind, sessionId }) => `${kind} ${sessionId}`)).toEqual([
      'connected emqx-1',
      'connected emqx-2',
      'closed emqx-1',
    ]);
  });

  test('a refused acknowledgement is a failed connect, an accepting one says nothing new', () => {
    const connack = (reason_code: string) => ({
      event: 'client.connack',
      clientid: 'a',
      timestamp: AT,
      reason_code,
    });
    const { events } = readFormat(
      'emqx',
      json(connack('success'), connack('banned'), connack('quota_exceeded')),
    );
    expect(told(events)).toEqual(['connect-failed a 0 auth-error', 'connect-failed a 0 throttled']);
  });

  test('a rule may leave out the name of the event', () => {
    const { events } = readFormat(
      'emqx',
      json(
        { clientid: 'a', connected_at: AT, peername: '[::1]:9' },
        { clientid: 'a', connected_at: AT, disconnected_at: AT + 3, reason: 'keepalive_timeout' },
      ),
    );
    expect(told(events)).toEqual(['connected a 0', 'closed a 3 keep-alive-timeout']);
    expect(events[0]).toMatchObject({ ip: '::1', port: 9 });
  });
});

describe('nats-server', () => {
  const line = (ms: number, body: string, pid = 7) =>
    `[${pid}] 2026/11/20 21:00:00.${String(ms).padStart(3, '0')}000 ${body}`;

  test('without debug lines a takeover is still told, as two events', () => {
    const replacing =
      '[WRN] 10.0.0.2:2 - mid:22 - "a" - Replacing old client "10.0.0.1:1 - mid:18 - \\"a\\"" ' +
      'since both have the same client ID "a"';
    const { events } = readFormat('nats', line(5, replacing));
    expect(events).toMatchObject([
      { kind: 'closed', reason: 'session-taken-over', port: 1, clientId: 'a' },
      { kind: 'connected', port: 2, clientId: 'a', inferred: ['at'] },
    ]);
  });

  test('a restart ends what was open, and numbers begin anew', () => {
    const connect = (pid: number) => [
      line(1, '[DBG] 10.0.0.1:1 - mid:4 - Client connection created', pid),
      line(2, '[DBG] 10.0.0.1:1 - mid:4 - "a" - Client connected', pid),
    ];
    const text = [...connect(7), line(5, '[INF] Starting nats-server', 8), ...connect(8)].join(
      '\n',
    );
    const { events } = readFormat('nats', text);
    expect(told(events)).toEqual(['connected a 2', 'closed a 5 server-initiated', 'connected a 2']);
    expect(new Set(events.map(({ sessionId }) => sessionId)).size).toBe(2);
  });

  test('the user of the certificate becomes the principal, refusals are told', () => {
    const text = [
      line(
        1,
        '[DBG] 10.0.0.1:1 - mid:4 - "a" - Using DistinguishedNameMatch for auth ["CN=a,O=F"]',
      ),
      line(2, '[DBG] 10.0.0.1:1 - mid:4 - "a" - Client connected'),
      line(
        3,
        "[ERR] 10.0.0.1:2 - mid:5 - TLS handshake error: tls: client didn't provide a certificate",
      ),
      line(4, '[ERR] 10.0.0.1:3 - mid:6 - "b" - authentication error - User ""'),
    ].join('\n');
    const { events } = readFormat('nats', text);
    expect(events).toMatchObject([
      { kind: 'connected', principal: { kind: 'distinguished-name', value: 'CN=a,O=F' } },
      { kind: 'connect-failed', clientId: '', reason: 'auth-error' },
      { kind: 'connect-failed', clientId: 'b', reason: 'auth-error' },
    ]);
  });

  test('with debug a refusal is told once, and of the one that a guard holds back as such', () => {
    const texts = [
      '[DBG] 10.0.0.1:2 - mid:5 - Client connection created',
      '[ERR] 10.0.0.1:2 - mid:5 - "b" - authentication error - User ""',
      '[DBG] 10.0.0.1:2 - mid:5 - "b" - Client connection closed: Authentication Failure',
      '[ERR] 10.0.0.1:2 - mid:5 - "b" - unable to connect: authentication error',
      '[DBG] 10.0.0.1:3 - mid:6 - Client connection created',
      '[DBG] 10.0.0.1:3 - mid:6 - "c" - Client connection closed: Duplicate Client ID',
      '[ERR] 10.0.0.1:3 - mid:6 - "c" - unable to connect: connection closed',
      '[DBG] 10.0.0.1:4 - mid:7 - Client connection created',
      '[ERR] 10.0.0.1:4 - mid:7 - TLS handshake error: tls: first record does not look like a TLS handshake',
      '[DBG] 10.0.0.1:4 - mid:7 - Client connection closed: TLS Handshake Failure',
    ];
    const { events } = readFormat('nats', texts.map((text, i) => line(i, text)).join('\n'));
    expect(told(events)).toEqual([
      'connect-failed b 1 auth-error',
      'connect-failed c 5 throttled',
      'connect-failed  8 protocol-error',
    ]);
  });

  test('an eviction is told at the line that names both, before the newcomer is connected', () => {
    const texts = [
      '[DBG] 10.0.0.1:2 - mid:5 - Client connection created',
      '[DBG] 10.0.0.1:2 - mid:5 - "a" - Client connected',
      '[DBG] 10.0.0.1:3 - mid:6 - Client connection created',
      '[WRN] 10.0.0.1:3 - mid:6 - "a" - Replacing old client "10.0.0.1:2 - mid:5 - \\"a\\"" since both have the same client ID "a"',
      '[DBG] 10.0.0.1:3 - mid:6 - "a" - Client connected',
      '[DBG] 10.0.0.1:2 - mid:5 - "a" - Client connection closed: Duplicate Client ID',
    ];
    const { events } = readFormat('nats', texts.map((text, i) => line(i, text)).join('\n'));
    expect(told(events)).toEqual([
      'connected a 1',
      'closed a 3 session-taken-over',
      'connected a 4',
    ]);
  });

  test('an open connection of /connz names its certificate', () => {
    const connection = {
      cid: 4,
      type: 'mqtt',
      ip: '10.0.0.1',
      port: 1,
      start: '2026-11-20T21:00:00.000000001Z',
      mqtt_client: 'a',
      authorized_user: 'CN=a',
      tls_peer_certs: [{ subject: 'CN=a', cert_sha256: 'c'.repeat(64) }],
    };
    const { events } = readFormat('nats', json({ server_id: 'N', connections: [connection] }));
    expect(events).toMatchObject([{ kind: 'connected', at: AT, certificateId: 'c'.repeat(64) }]);
  });
});

describe('RabbitMQ', () => {
  const line = (ms: number, process: string, body: string) =>
    `2026-11-20 21:00:00.${String(ms).padStart(3, '0')}000+00:00 [info] <0.${process}.0> ${body}`;

  test('the words of 3.12 and later are read, too', () => {
    const text = [
      line(1, '7', 'Accepted MQTT connection 10.0.0.1:1 -> 10.0.0.9:1883 for client ID a b'),
      line(
        9,
        '7',
        'MQTT disconnecting client <<"10.0.0.1:1 -> 10.0.0.9:1883">> with client ID \'a b\', reason: maintenance',
      ),
    ].join('\n');
    expect(told(readFormat('rabbitmq', text).events)).toEqual([
      'connected a b 1',
      'closed a b 9 server-initiated',
    ]);
  });

  test('a restart ends what was open', () => {
    const text = [
      line(1, '7', 'accepting MQTT connection <0.7.0> (10.0.0.1:1 -> 10.0.0.9:1883, client id: a)'),
      line(9, '2', 'Logging: configured log handlers are now ACTIVE'),
      line(
        10,
        '7',
        'accepting MQTT connection <0.7.0> (10.0.0.1:2 -> 10.0.0.9:1883, client id: a)',
      ),
    ].join('\n');
    expect(told(readFormat('rabbitmq', text).events)).toEqual([
      'connected a 1',
      'closed a 9 server-initiated',
      'connected a 10',
    ]);
  });

  test('the user that a client named is the principal, and what else its CONNECT said is kept', () => {
    const text = [
      line(
        1,
        '7',
        'Received a CONNECT, client ID: "a" (expanded to "a"), username: "ann", clean session: true, protocol version: 4, keepalive: 30',
      ),
      line(2, '7', 'accepting MQTT connection <0.7.0> (10.0.0.1:1 -> 10.0.0.9:1883, client id: a)'),
    ].join('\n');
    expect(readFormat('rabbitmq', text).events).toMatchObject([
      {
        principal: { kind: 'username', value: 'ann' },
        keepAliveSeconds: 30,
        cleanStart: true,
        protocolVersion: 4,
      },
    ]);
  });

  test.each([
    ['#{<<"client_id">> => <<"dev\\\\1 \\"q\\"">>}', 'dev\\1 "q"'],
    ['#{<<"client_id">> => <<97,1,98>>}', 'a\u0001b'],
    ['#{<<"client_id">> => <<195,169>>}', 'é'],
    ['#{<<"client_id">> => <<>>}', ''],
    [{ client_id: 'plain' }, 'plain'],
  ])('the event’s client ID %j is %j', (variable_map, clientId) => {
    const created = {
      routing_key: 'connection.created',
      headers: {
        connected_at: AT,
        name: '10.0.0.1:1 -> 10.0.0.9:1883',
        pid: '<r.1.7.0>',
        protocol: '{\'MQTT\',"3.1.1"}',
        user: 'dev1',
        peer_cert_subject: 'O=Fleet,CN=dev1',
        variable_map,
      },
    };
    const amqp = { ...created, headers: { ...created.headers, protocol: '{\'AMQP\',"0-9-1"}' } };
    const { events } = readFormat('rabbitmq', json(amqp, created));
    expect(events).toMatchObject([
      { clientId, principal: { kind: 'common-name', value: 'dev1' }, ip: '10.0.0.1', port: 1 },
    ]);
  });
});

describe('HiveMQ', () => {
  const line = (ms: number, body: string) =>
    `2026-11-20 21:00:00,${String(ms).padStart(3, '0')} - Client ID: ${body}`;

  test('a reason that a client gives can’t end another session', () => {
    const text = [
      line(1, 'b, IP: 1.1.1.1, Clean Start: true, Session Expiry: 0 connected.'),
      line(2, 'a, IP: 9.9.9.9, Clean Start: true, Session Expiry: 0 connected.'),
      line(
        3,
        'a, IP: 9.9.9.9 disconnected gracefully. Reason given by client: , IP: 1.1.1.1 disconnected gracefully.',
      ),
    ].join('\n');
    expect(told(readFormat('hivemq', text).events)).toEqual([
      'connected b 1',
      'connected a 2',
      'closed a 3 client-initiated',
    ]);
  });

  test('the second line of a disconnect is no second disconnect', () => {
    const text = [
      line(1, 'a, IP: 1.1.1.1, Clean Start: true, Session Expiry: 0 connected.'),
      line(2, 'a, IP: 1.1.1.1 was disconnected. reason: Client was idle for too long..'),
      line(3, 'a, IP: 1.1.1.1 disconnected ungracefully from 1.1.1.1 on port: 1883.'),
      line(4, 'a, IP: 1.1.1.1, Clean Start: false, Session Expiry: 60 connected.'),
      line(5, 'a, IP: 1.1.1.1 disconnected ungracefully.'),
    ].join('\n');
    expect(told(readFormat('hivemq', text).events)).toEqual([
      'connected a 1',
      'closed a 2 keep-alive-timeout',
      'connected a 4',
      'closed a 5 connection-lost',
    ]);
  });

  test('what ended before its CONNECT came is no session', () => {
    const text = line(1, 'UNKNOWN, IP: 1.1.1.1 was disconnected. reason: Malformed CONNECT.');
    expect(told(readFormat('hivemq', text).events)).toEqual(['connect-failed  1 protocol-error']);
  });
});

describe('times', () => {
  test.each([
    ['2026-11-20T21:00:00Z', 0],
    ['2026-11-20 21:00:00,123', 123],
    ['2026/11/20 21:00:00.123456', 123],
    ['2026-11-20T23:00:00.5+0200', 500],
    ['2026-11-20 18:30:00 -02:30', 0],
  ])('%s', (text, ms) => {
    expect(parseStamp(text)).toBe(AT + ms);
  });

  test('seconds, milli-, micro- and nanoseconds are told apart by size', () => {
    for (const unit of [1e-3, 1, 1e3, 1e6]) expect(parseTime(AT * unit)).toBe(AT);
  });

  test.each(['2026-13-01T00:00:00Z', '2026-02-30T00:00:00Z', '', 'x', -5, null, {}])(
    '%j is none',
    (value) => {
      expect(parseTime(value)).toBeUndefined();
    },
  );

  test.each([
    ['+02:00', 120],
    ['-0530', -330],
    ['+2', 120],
    ['UTC', 0],
    ['z', 0],
    ['+15:00', undefined],
    ['Berlin', undefined],
  ])('the zone %s is %s minutes', (text, minutes) => {
    expect(parseZone(text)).toBe(minutes);
  });
});

describe('small parts', () => {
  test('Go’s quotes are taken off', () => {
    expect(unquoteGo('a\\"b\\\\c\\n\\x01\\u00e9\\U0001f600\\a')).toBe('a"b\\c\n\u0001é😀\u0007');
    expect(unquoteGo('a\\qb')).toBeUndefined();
  });

  test('a reason that is not known is unknown, also one that is a name of JavaScript', () => {
    expect([reasonOf('constructor'), reasonOf('__proto__'), reasonOf('x')]).toEqual(
      Array<string>(3).fill('unknown'),
    );
    expect(reasonOf('session-taken-over')).toBe('session-taken-over');
  });

  test('records of a document are found however it is cut into pieces', () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 3 },
        fc.string(),
        fc.integer(),
        fc.constant(null),
        tie('list'),
        tie('object'),
      ),
      list: fc.array(tie('any'), { maxLength: 3 }),
      object: fc.dictionary(fc.string(), tie('any'), { maxKeys: 3 }),
    })).object;
    const shape = fc.constantFrom('list', 'container', 'lines', 'pretty');
    fc.assert(
      fc.property(
        fc.array(value, { maxLength: 5 }),
        shape,
        fc.integer({ min: 1, max: 9 }),
        (all, how, size) => {
          const text = {
            list: JSON.stringify(all),
            container: JSON.stringify({ head: { list: [1] }, items: all, more: 'x' }, null, 1),
            lines: all.map((one) => JSON.stringify({ v: one })).join('\n'),
            pretty: all.map((one) => JSON.stringify({ v: one }, null, 2)).join('\n'),
          }[how];
          const found: unknown[] = [];
          const unread: string[] = [];
          const records = new JsonRecords('items', {
            record: (record) => found.push(JSON.parse(record)),
            unread: (message) => unread.push(message),
          });
          for (let at = 0; at < text.length; at += size) records.push(text.slice(at, at + size));
          records.end();
          const wrapped = how === 'lines' || how === 'pretty';
          expect(found).toEqual(
            JSON.parse(JSON.stringify(wrapped ? all.map((v) => ({ v })) : all)),
          );
          expect(unread).toEqual([]);
        },
      ),
    );
  });
});
