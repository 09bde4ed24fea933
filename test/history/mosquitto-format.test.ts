import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ObservedEvent } from '../../src/history/event.ts';
import { MosquittoLog, readMosquittoLog } from '../../src/history/formats/mosquitto.ts';

const STAMP = '2026-11-20T21:16:12+0000: ';
const AT = Date.UTC(2026, 10, 20, 21, 16, 12);

/** The events of lines that all carry one stamp. */
function read(...bodies: readonly string[]): ObservedEvent[] {
  return readWith(new MosquittoLog(), bodies);
}

function readWith(log: MosquittoLog, bodies: readonly string[]): ObservedEvent[] {
  return [
    ...readMosquittoLog(
      bodies.map((body) => STAMP + body),
      log,
    ),
  ];
}

function story(events: readonly ObservedEvent[]): string[] {
  return events.map((event) =>
    [event.kind, event.clientId, event.reason, event.sessionId].filter(Boolean).join(' '),
  );
}

const connection = (port: number) => `New connection from 127.0.0.1:${port} on port 18883.`;
const client = (port: number, id: string, rest = "p2, c1, k60, u'dev1'") =>
  `New client connected from 127.0.0.1:${port} as ${id} (${rest}).`;

describe('one session', () => {
  test('a connect line gives everything that Mosquitto says of it', () => {
    const [event] = read(connection(43932), client(43932, 'dev1', "p5, c0, k77, u'device 1'"));
    expect(event).toEqual({
      kind: 'connected',
      vantage: 'broker',
      at: AT,
      sessionId: 'mosquitto-1',
      clientId: 'dev1',
      principal: { kind: 'common-name', value: 'device 1' },
      ip: '127.0.0.1',
      port: 43932,
      protocolVersion: 5,
      cleanStart: false,
      keepAliveSeconds: 77,
    });
  });

  test.each([
    ['p1', 3],
    ['p2', 4],
    ['p3', 3],
    ['p4', 4],
    ['p5', 5],
  ])('%s is MQTT level %i, in the numbers of 2.0 and of 2.1', (number, level) => {
    expect(read(client(1, 'a', `${number}, c1, k60`))[0]?.protocolVersion).toBe(level);
  });

  test('without a user name there is no principal', () => {
    expect(read(client(1, 'x', 'p5, c1, k60'))[0]).not.toHaveProperty('principal');
  });

  test('what the user name holds is said by whoever knows the configuration', () => {
    const log = new MosquittoLog({ username: 'distinguished-name' });
    const [event] = readWith(log, [client(1, 'x', "p5, c1, k60, u'O=Fleet,CN=dev1'")]);
    expect(event?.principal).toEqual({ kind: 'distinguished-name', value: 'O=Fleet,CN=dev1' });
  });

  test('an IPv6 address keeps its colons', () => {
    const [event] = read("New client connected from ::1:43932 as a (p2, c1, k60, u'x').");
    expect(event).toMatchObject({ ip: '::1', port: 43932 });
  });

  test.each([
    ['Client a disconnected.', 'client-initiated'],
    ['Client a closed its connection.', 'connection-lost'],
    ['Client a disconnected: Protocol error.', 'connection-lost'],
    ['Client a disconnected: Connection reset by peer.', 'connection-lost'],
    ['Client a has exceeded timeout, disconnecting.', 'keep-alive-timeout'],
    ['Client a disconnected due to protocol error.', 'protocol-error'],
    ['Client a disconnected due to malformed packet.', 'protocol-error'],
    ['Client a disconnected due to oversize packet.', 'protocol-error'],
    ['Client a disconnected due to QoS too high or retain not supported.', 'protocol-error'],
    ['Client a disconnected due to out of memory.', 'server-initiated'],
    ['Client a been disconnected by administrative action.', 'server-initiated'],
    ['Client a disconnected, not authorised.', 'auth-error'],
    ['Bad socket read/write on client a: The connection was lost.', 'connection-lost'],
    ['Client a [127.0.0.1:7] disconnected.', 'client-initiated'],
    ['Client a [127.0.0.1:7] disconnected: connection closed by client.', 'connection-lost'],
    ['Client a [127.0.0.1:7] disconnected: session taken over.', 'session-taken-over'],
    ['Client a [127.0.0.1:7] disconnected: exceeded timeout.', 'keep-alive-timeout'],
    ['Client a [127.0.0.1:7] disconnected: not authorised.', 'auth-error'],
    ['Client a [127.0.0.1:7] disconnected: protocol error.', 'protocol-error'],
    ['Client a [127.0.0.1:7] disconnected: administrative action.', 'server-initiated'],
    ['Client a [127.0.0.1:7] disconnected: connection rate exceeded.', 'throttled'],
    ['Client a [127.0.0.1:7] disconnected: Connection reset by peer.', 'connection-lost'],
    [
      'Client a [127.0.0.1:7] disconnected: bad socket read/write: The connection was lost.',
      'connection-lost',
    ],
  ])('%s', (line, reason) => {
    const events = read(connection(7), client(7, 'a'), line);
    expect(story(events)).toEqual(['connected a mosquitto-1', `closed a ${reason} mosquitto-1`]);
    expect(events[1]).toMatchObject({ port: 7, raw: line });
  });

  test('a TLS error in the line before tells a broken record from a broken line', () => {
    const error =
      'OpenSSL Error[0]: error:0A000119:SSL routines::decryption failed or bad record mac';
    const end = 'Client a disconnected: Protocol error.';
    const events = read(client(7, 'a'), error, end);
    expect(events[1]).toMatchObject({ reason: 'protocol-error', raw: `${error}\n${end}` });
    const eof = 'OpenSSL Error[0]: error:0A000126:SSL routines::unexpected eof while reading';
    expect(read(client(7, 'a'), eof, end)[1]).toMatchObject({ reason: 'connection-lost' });
  });
});

describe('takeover', () => {
  test('the takeover line ends the old session, which gets no line of its own', () => {
    const takeover = 'Client a already connected, closing old connection.';
    const events = read(
      client(1, 'a'),
      connection(2),
      takeover,
      client(2, 'a', "p2, c1, k60, u'dev2'"),
      'Client a disconnected.',
    );
    expect(story(events)).toEqual([
      'connected a mosquitto-1',
      'closed a session-taken-over mosquitto-1',
      'connected a mosquitto-2',
      'closed a client-initiated mosquitto-2',
    ]);
    expect(events[1]).toMatchObject({ port: 1, raw: takeover });
    expect(events[1]).not.toHaveProperty('inferred');
  });

  test('where the takeover line is missing from the log, the takeover is inferred', () => {
    const events = read(client(1, 'a'), client(2, 'a'));
    expect(events[1]).toMatchObject({
      kind: 'closed',
      sessionId: 'mosquitto-1',
      reason: 'session-taken-over',
      inferred: ['reason'],
    });
  });
});

describe('connects that fail', () => {
  const verify = 'OpenSSL Error[0]: error:0A000086:SSL routines::certificate verify failed';
  const lost = 'Client <unknown> disconnected: Protocol error.';

  test('a refused certificate, with its address while no other connection is pending', () => {
    const events = read(connection(5), verify, lost);
    expect(events).toMatchObject([
      {
        kind: 'connect-failed',
        clientId: '',
        reason: 'auth-error',
        ip: '127.0.0.1',
        port: 5,
        inferred: ['ip', 'port'],
        raw: `${verify}\n${lost}`,
      },
    ]);
  });

  test('with several connections pending, whose it was is not guessed', () => {
    const events = read(connection(5), connection(6), verify, lost, connection(5), verify, lost);
    expect(events[0]).not.toHaveProperty('port');
    expect(events[1]).not.toHaveProperty('port');
  });

  test('a connection that has said its client ID is pending no longer', () => {
    expect(read(connection(5), client(5, 'a'), connection(6), verify, lost)[1]?.port).toBe(6);
  });

  test.each([
    [
      'Client connection from 10.0.0.7 failed: error:0A000086:SSL routines::certificate verify failed.',
      'auth-error',
    ],
    [
      'Client connection from 10.0.0.7 failed: error:0A0000C1:SSL::no shared cipher.',
      'protocol-error',
    ],
    ['Client connection from 10.0.0.7 denied: max_connections exceeded.', 'throttled'],
    ['Client connection from 10.0.0.7 denied access by tcpd.', 'auth-error'],
  ])('%s', (line, reason) => {
    const [event] = read(line);
    expect(event).toMatchObject({ kind: 'connect-failed', clientId: '', ip: '10.0.0.7', reason });
  });

  test('a connect that is refused under the client ID of a session leaves the session open', () => {
    const refused = 'Client a disconnected, not authorised.';
    const events = read(client(1, 'a'), connection(2), refused, 'Client a disconnected.');
    expect(story(events)).toEqual([
      'connected a mosquitto-1',
      'connect-failed a auth-error mosquitto-2',
      'closed a client-initiated mosquitto-1',
    ]);
  });

  test('2.1.1 and later say whose it was, and put the address where a client ID is missing', () => {
    const events = read(
      'mosquitto version 2.1.2 starting',
      client(1, 'a'),
      connection(2),
      connection(3),
      'Client a [127.0.0.1:2] disconnected: not authorised.',
      'Client 127.0.0.1 [127.0.0.1:3] disconnected: protocol error.',
    );
    expect(story(events)).toEqual([
      'connected a mosquitto-1',
      'connect-failed a auth-error mosquitto-2',
      'connect-failed protocol-error mosquitto-3',
    ]);
    expect(events.map((event) => event.port)).toEqual([1, 2, 3]);
  });

  test("the reader's own connections are no evidence, and do not hide those of others", () => {
    const log = new MosquittoLog();
    expect(readWith(log, [connection(1), connection(2)])).toEqual([]);
    log.ignorePeer({ ip: '127.0.0.1', port: 1 });
    expect(log.ownConnections).toBe(1);
    expect(readWith(log, [lost])).toEqual([]);
    expect(log.ownConnections).toBe(0);
    expect(story(readWith(log, [lost]))).toEqual(['connect-failed connection-lost mosquitto-1']);
  });
});

describe('a log that is not whole', () => {
  test('the end of a session that began before the log is a close without a connect', () => {
    const events = read(
      'Client a disconnected.',
      'Client a already connected, closing old connection.',
    );
    expect(story(events)).toEqual([
      'closed a client-initiated mosquitto-1',
      'closed a session-taken-over mosquitto-2',
    ]);
  });

  test('the end of the broker ends what is open; a new start ends it by inference', () => {
    const version = 'mosquitto version 2.0.11';
    expect(read(client(1, 'a'), `${version} terminating`)[1]).toMatchObject({
      kind: 'closed',
      reason: 'server-initiated',
    });
    expect(read(client(1, 'a'), `${version} starting`)[1]).toMatchObject({
      reason: 'server-initiated',
      inferred: ['reason', 'at'],
    });
  });

  test('lines about other things are read as such', () => {
    const log = new MosquittoLog();
    const others = [
      'Config loaded from m.conf.',
      'mosquitto version 2.0.11 running',
      'No will message specified.',
      'Sending CONNACK to dev1 (0, 0)',
      'Received DISCONNECT from dev1',
      "Denied PUBLISH from dev1 (d0, q1, r0, m7, 'fleet/dev2/up', ... (1 bytes))",
      'Bad client dev1 sending multiple CONNECT messages.',
      'Client dev1 negotiated TLSv1.3 cipher TLS_AES_256_GCM_SHA384',
      'Reloading config.',
    ];
    expect(readWith(log, others)).toEqual([]);
    expect(log.unread).toEqual({ lines: 0, examples: [] });
  });

  test('what is about a connection and not understood is counted, and the first few are shown', () => {
    const log = new MosquittoLog();
    const strange = Array.from({ length: 9 }, (_, i) => `Client ${i} did something new`);
    expect(readWith(log, strange)).toEqual([]);
    expect(log.unread.lines).toBe(9);
    expect(log.unread.examples).toEqual(strange.slice(0, 5).map((body) => STAMP + body));
  });

  test('a line that Mosquitto has cut is not read, even where the cut looks like an end', () => {
    const log = new MosquittoLog();
    const frame = `${STAMP}Client  disconnected.`;
    const id = 'x'.repeat(998 - frame.length);
    const [cut, whole] = [`Client ${id}x disconnected.`, `Client ${id} disconnected.`];
    expect(Buffer.byteLength(STAMP + cut)).toBe(999);
    expect(readWith(log, [cut])).toEqual([]);
    expect(log.unread.lines).toBe(1);
    expect(readWith(log, [whole])).toHaveLength(1);
  });
});

describe('stamps', () => {
  test.each([
    ['1795209372: ', AT],
    ['2026-11-20T21:16:12+0000: ', AT],
    ['2026-11-20T22:16:12+01:00: ', AT],
    ['2026-11-20T21:16:12Z: ', AT],
    ['2026-11-20T21:16:12+0000 0123456789abcdef: ', AT],
  ])('%j is a time', (stamp, at) => {
    const log = new MosquittoLog();
    expect(log.line(stamp + client(1, 'a'))).toMatchObject([{ at }]);
    expect(log.line(stamp + client(1, 'b'), 7)).toMatchObject([{ at: 7, sourceAt: at }]);
  });

  test('a log without stamps needs the time at which it was read', () => {
    const log = new MosquittoLog();
    expect(log.line(client(1, 'a'))).toEqual([]);
    expect(log.unread.lines).toBe(1);
    const [event] = log.line(client(1, 'a'), 7);
    expect(event).toMatchObject({ at: 7 });
    expect(event).not.toHaveProperty('sourceAt');
  });

  test('among stamped lines, one without a stamp is a forgery and counted', () => {
    const log = new MosquittoLog();
    readWith(log, [client(1, 'a')]);
    expect(log.line('Client a disconnected.')).toEqual([]);
    expect(log.unread.lines).toBe(1);
  });

  test('with a tag, a line without it is a forgery even where it has a stamp', () => {
    const log = new MosquittoLog({ tag: '00ff00ff' });
    const tagged = '2026-11-20T21:16:12+0000 00ff00ff: ';
    expect(log.line('1795209372: mosquitto version 2.0.11 starting')).toEqual([]);
    expect(log.unread.lines).toBe(0);
    expect(log.line(tagged + client(1, 'a'))).toHaveLength(1);
    for (const forged of [STAMP, '2026-11-20T21:16:12+0000 00ff00fe: ', '']) {
      expect(log.line(`${forged}Client a disconnected.`)).toEqual([]);
    }
    expect(log.unread.lines).toBe(3);
  });
});

describe('client IDs that imitate the log', () => {
  test('the text behind a connect line is the client ID up to the last claim', () => {
    const log = new MosquittoLog();
    const id = "evil (p2, c1, k60, u'dev9').";
    const [event] = readWith(log, [client(1, id)]);
    expect(event).toMatchObject({
      clientId: id,
      principal: { value: 'dev1' },
      inferred: ['clientId', 'principal'],
    });
    expect(log.unread.lines).toBe(1);
  });

  test('the takeover line before settles where the client ID ends', () => {
    const log = new MosquittoLog();
    const name = "x (p2, c1, k60, u'dev9";
    const events = readWith(log, [
      client(1, 'a'),
      'Client a already connected, closing old connection.',
      client(2, 'a', `p2, c1, k60, u'${name}'`),
    ]);
    expect(events[2]).toMatchObject({ clientId: 'a', principal: { value: name } });
    expect(events[2]).not.toHaveProperty('inferred');
    expect(log.unread.lines).toBe(0);
  });

  test('a takeover line that was not the line before settles nothing', () => {
    const events = read(
      'Client a already connected, closing old connection.',
      connection(2),
      client(2, "a (p2, c1, k60, u'b').", "p2, c1, k60, u'dev1'"),
    );
    expect(events[1]).toMatchObject({ clientId: "a (p2, c1, k60, u'b')." });
  });

  test('an end of <unknown> is doubtful only while a client of that name is connected', () => {
    const log = new MosquittoLog();
    const lost = 'Client <unknown> closed its connection.';
    readWith(log, [connection(1), client(1, '<unknown>'), connection(2)]);
    expect(readWith(log, [lost])).toEqual([]);
    expect(log.unread.lines).toBe(1);
    const takeover = 'Client <unknown> already connected, closing old connection.';
    expect(story(readWith(log, [takeover, client(2, '<unknown>'), lost]))).toEqual([
      'closed <unknown> session-taken-over mosquitto-1',
      'connected <unknown> mosquitto-2',
      'closed <unknown> connection-lost mosquitto-2',
    ]);
    expect(log.unread.lines).toBe(1);
  });

  test('a client ID in the shape of the other dialect is settled by version, else by session', () => {
    const id = 'victim [127.0.0.1:1]';
    const line = `Client ${id} disconnected.`;
    const old = ['mosquitto version 2.0.11 starting', client(1, 'victim'), client(2, id), line];
    expect(story(read(...old)).at(-1)).toBe(`closed ${id} client-initiated mosquitto-2`);
    const recent = ['mosquitto version 2.1.2 starting', client(1, 'victim'), client(2, id), line];
    expect(story(read(...recent)).at(-1)).toBe('closed victim client-initiated mosquitto-1');
    expect(story(read(client(2, id), line)).at(-1)).toBe(
      `closed ${id} client-initiated mosquitto-1`,
    );
    expect(story(read(client(1, 'victim'), line)).at(-1)).toBe(
      'closed victim client-initiated mosquitto-1',
    );
    const log = new MosquittoLog();
    readWith(log, [client(1, 'victim'), client(2, id), line]);
    expect(log.unread.lines).toBe(1);
  });
});

/** A broker that does what it is told and logs it as the real one does: the truth to compare with. */
class LoggingBroker {
  readonly lines: string[] = [];
  readonly truth: string[] = [];
  readonly #open = new Map<string, { readonly session: number; readonly port: number }>();
  readonly #addressed: boolean;
  #sessions = 0;
  #port = 40_000;

  constructor(version: '2.0.11' | '2.1.2') {
    this.#addressed = version === '2.1.2';
    this.lines.push(`mosquitto version ${version} starting`);
  }

  connect(id: string): void {
    const port = this.#accept();
    const old = this.#open.get(id);
    if (old !== undefined) {
      this.lines.push(
        this.#addressed
          ? `Client ${id} [127.0.0.1:${old.port}] disconnected: session taken over.`
          : `Client ${id} already connected, closing old connection.`,
      );
      this.truth.push(`closed ${id} session-taken-over mosquitto-${old.session}`);
    }
    this.#sessions += 1;
    this.lines.push(client(port, id));
    this.truth.push(`connected ${id} mosquitto-${this.#sessions}`);
    this.#open.set(id, { session: this.#sessions, port });
  }

  close(id: string, clean: boolean): void {
    const old = this.#open.get(id);
    if (old === undefined) return;
    const [plain, addressed] = clean
      ? [' disconnected.', ' disconnected.']
      : [' closed its connection.', ' disconnected: connection closed by client.'];
    const peer = ` [127.0.0.1:${old.port}]`;
    this.lines.push(`Client ${id}${this.#addressed ? peer + addressed : plain}`);
    const reason = clean ? 'client-initiated' : 'connection-lost';
    this.truth.push(`closed ${id} ${reason} mosquitto-${old.session}`);
    this.#open.delete(id);
  }

  refuse(id: string): void {
    const port = this.#accept();
    this.#sessions += 1;
    this.lines.push(
      this.#addressed
        ? `Client ${id} [127.0.0.1:${port}] disconnected: not authorised.`
        : `Client ${id} disconnected, not authorised.`,
    );
    this.truth.push(`connect-failed ${id} auth-error mosquitto-${this.#sessions}`);
  }

  fail(): void {
    const port = this.#accept();
    this.#sessions += 1;
    this.lines.push(
      this.#addressed
        ? `Client 127.0.0.1 [127.0.0.1:${port}] disconnected: connection closed by client.`
        : 'Client <unknown> closed its connection.',
    );
    this.truth.push(`connect-failed connection-lost mosquitto-${this.#sessions}`);
  }

  #accept(): number {
    this.#port += 1;
    this.lines.push(connection(this.#port));
    return this.#port;
  }
}

/** Pieces of the log itself, so that what is put together from them is as misleading as can be. */
const PIECES = [
  'a',
  'victim',
  ' ',
  'Client ',
  ' disconnected',
  '.',
  ': ',
  ' already connected, closing old connection.',
  ' closed its connection.',
  ' disconnected: Protocol error.',
  ' has exceeded timeout, disconnecting.',
  ' [127.0.0.1:40001]',
  ' disconnected: session taken over.',
  ' (p2, c1, k60).',
  " (p2, c1, k60, u'dev9').",
  "u'dev1').",
  'New client connected from 127.0.0.1:40001 as ',
  '<unknown>',
  ' negotiated x cipher y',
  'connection from 127.0.0.1 failed: error:0A000086:SSL routines::x',
  'from 127.0.0.1:1 appears to be using TLS to connect to a non-TLS listener.',
  STAMP,
] as const;

test('whatever client IDs look like, the log is read as what happened', () => {
  const clientId = fc
    .array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 4 })
    .map((pieces) => pieces.join(''))
    // These two names are told apart only by what is pending; they have tests of their own.
    .filter((id) => id !== '<unknown>' && id !== '127.0.0.1');
  const action = fc.record({
    which: fc.nat({ max: 3 }),
    what: fc.constantFrom('connect', 'connect', 'leave', 'break', 'refuse', 'fail'),
  });
  fc.assert(
    fc.property(
      fc.constantFrom('2.0.11' as const, '2.1.2' as const),
      fc.array(clientId, { minLength: 4, maxLength: 4 }),
      fc.array(action, { maxLength: 25 }),
      (version, ids, actions) => {
        const broker = new LoggingBroker(version);
        for (const { which, what } of actions) {
          const id = ids[which] ?? '';
          if (what === 'connect') broker.connect(id);
          else if (what === 'refuse') broker.refuse(id);
          else if (what === 'fail') broker.fail();
          else broker.close(id, what === 'leave');
        }
        expect(story(read(...broker.lines))).toEqual(broker.truth);
      },
    ),
    { numRuns: 2000 },
  );
});
