/** Each verb of a script on the embedded broker, both ways: where what is expected holds, and not. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadConfiguration } from '../../src/broker/load-configuration.ts';
import type { ScriptReport } from '../../src/report/script-report.ts';
import { runScript, type ScriptRunOptions } from '../../src/run/run-script.ts';
import { parseScript } from '../../src/script/load.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const CONFIGURATIONS = fileURLToPath(new URL('../../configurations/embedded/', import.meta.url));
const CLIENTS = `
  service: {}
  owner: {}
  keeper: { cleanStart: false, sessionExpiry: 1h }
  clone: { clientId: { sameAs: owner } }
  nameless: { clientId: '' }
  bare: { certificate: none }
  brief: { certificate: { validFor: 1ms } }
  modern: { certificate: new-authority }`;

async function play(steps: readonly string[], more: Play = {}): Promise<ScriptReport> {
  const folder = await temporaryFolder();
  const text = `name: t\npurpose: p\nclients:${CLIENTS}\nsteps:\n${steps.map((one) => `  - ${one}\n`).join('')}`;
  const { configuration, ...options } = more;
  const path = `${CONFIGURATIONS}${configuration ?? 'mutual-tls'}.yaml`;
  return runScript(parseScript(text, 't.yaml'), {
    configuration: await loadConfiguration(path, { broker: 'embedded' }),
    out: join(folder, 'runs'),
    certs: join(folder, 'certs'),
    ...options,
  });
}

interface Play extends Pick<ScriptRunOptions, 'mqttVersion' | 'clientIdSuffix'> {
  readonly configuration?: string;
}

/** That messages come at all, without which that one does not come shows nothing. */
const TO_ITSELF = [
  'subscribe: { client: service, filter: control }',
  'publish: { client: service, topic: control, payload: own }',
  'receive: { client: service, payload: own }',
];

type Row = readonly [what: string, steps: readonly string[], because: RegExp, more?: Play];

/** The last step that was played is the one that tells. */
function describeRows(outcome: ScriptReport['outcome'], rows: readonly Row[]): void {
  test.each(rows.map((row) => [row[0], row] as const))('%s', async (_what, row) => {
    const [, steps, because, more] = row;
    const { result } = await play(steps, more);
    const last = result.steps.at(-1);
    expect([last?.outcome, last?.because]).toEqual([outcome, expect.stringMatching(because)]);
    expect(result.outcome).toBe(outcome);
  });
}

const SUBSCRIBED = [
  'connect: owner',
  'subscribe: { client: owner, filter: fleet/owner/x, qos: 1 }',
];
const PUBLISH = 'publish: { client: service, topic: fleet/owner/x, payload: m, qos: 1 }';
const OTHERS_TOPIC = 'publish: { client: owner, topic: fleet/service/x, payload: m }';

describe('it is met that', () => {
  describeRows('met', [
    ['a client is accepted', ['{ connect: owner, risk: r }'], /^accepted with CONNACK 0x00$/],
    [
      'a client is refused',
      ['connect: owner', '{ connect: bare, expect: refused, risk: r }'],
      /^cut by a bare FIN/,
    ],
    [
      'an expired certificate is refused',
      ['connect: owner', 'wait: 5ms', '{ connect: brief, expect: refused, risk: r }'],
      /FIN/,
    ],
    [
      'a session was kept',
      [
        'connect: keeper',
        'subscribe: { client: keeper, filter: a }',
        'disconnect: keeper',
        '{ connect: keeper, expect: { sessionPresent: true }, risk: r }',
      ],
      /accepted/,
    ],
    [
      'a session was not kept',
      ['{ connect: keeper, expect: { sessionPresent: false }, risk: r }'],
      /accepted/,
    ],
    [
      'the broker names a client',
      ['{ connect: nameless, expect: { assignedClientId: true }, risk: r }'],
      /accepted/,
      { mqttVersion: '5' },
    ],
    [
      'a message is delivered',
      [
        ...SUBSCRIBED,
        'connect: service',
        PUBLISH,
        '{ receive: { client: owner, payload: m }, risk: r }',
      ],
      /^owner received "m"$/,
    ],
    [
      'a message is not delivered',
      [
        'connect: service',
        'subscribe: { client: service, filter: "#" }',
        ...TO_ITSELF,
        'connect: owner',
        OTHERS_TOPIC,
        '{ receive: { client: service, payload: m }, expect: nothing, risk: r }',
      ],
      /^service did not receive "m"$/,
      { configuration: 'own-topics' },
    ],
    [
      'a message is queued for a session',
      [
        'connect: keeper',
        'subscribe: { client: keeper, filter: fleet/owner/x, qos: 1 }',
        'disconnect: keeper',
        'connect: service',
        PUBLISH,
        'connect: keeper',
        '{ receive: { client: keeper, payload: m }, risk: r }',
      ],
      /received/,
    ],
    [
      'a session is open',
      ['connect: owner', '{ session: { client: owner, is: open }, risk: r }'],
      /is open/,
    ],
    [
      'a session is closed, and its client was told why',
      [
        'connect: owner',
        'connect: clone',
        '{ session: { client: owner, is: closed, notice: true }, risk: r }',
      ],
      /cut with DISCONNECT 0x8e \(session taken over\) after \d+ ms/,
      { mqttVersion: '5' },
    ],
    [
      'a session is closed, and its client was not told why',
      [
        'connect: owner',
        'connect: clone',
        '{ session: { client: owner, is: closed, notice: false }, risk: r }',
      ],
      /bare FIN/,
      { mqttVersion: '3.1.1' },
    ],
    [
      'a client that says nothing is cut',
      [
        '{ connect: owner, before: connect }',
        '{ session: { client: owner, is: closed, within: 20s }, risk: r }',
      ],
      /FIN/,
      { configuration: 'connect-timeout' },
    ],
    [
      'a revoked certificate is refused after a reload',
      [
        'connect: owner',
        'disconnect: owner',
        'broker: { revoke: [owner] }',
        'connect: service',
        '{ connect: owner, expect: refused, risk: r }',
      ],
      /FIN/,
    ],
    [
      'a new authority is trusted after a reload',
      [
        '{ connect: modern, expect: refused }',
        'broker: { authorities: [default, new] }',
        'connect: owner',
        '{ connect: modern, risk: r }',
      ],
      /accepted/,
    ],
    [
      'a TLS session ticket is worth nothing',
      [
        'connect: owner',
        'disconnect: owner',
        '{ connect: bare, resume: owner, expect: refused, risk: r }',
      ],
      /no TLS session was resumed/,
    ],
    [
      'the records of the broker say how a session ended',
      [
        'connect: owner',
        'connect: clone',
        'evidence: { of: owner, holds: connected }',
        '{ evidence: { of: owner, holds: session-taken-over }, risk: r }',
      ],
      /recorded session-taken-over/,
    ],
    [
      'a connection that was reset is lost for the broker',
      ['connect: owner', 'drop: owner', '{ evidence: { of: owner, holds: closed }, risk: r }'],
      /recorded closed/,
    ],
    [
      'a duel stays within its bound',
      ['{ duel: { clients: [owner, clone], for: 200ms, accepted: 10000 }, risk: r }'],
      /connects were accepted and \d+ refused in 200 ms/,
    ],
    [
      'steps are repeated',
      ['repeat: { times: 3, steps: [{ connect: owner, risk: r }, { disconnect: owner }] }'],
      /^done$/,
    ],
    [
      'only the steps of this MQTT version are played',
      [
        '{ connect: owner, risk: r }',
        '{ connect: owner, expect: refused, risk: r, when: { mqtt: "3.1.1" } }',
      ],
      /accepted/,
      { mqttVersion: '5' },
    ],
  ]);
});

describe('it is unmet that', () => {
  describeRows('unmet', [
    ['a client is accepted', ['connect: owner', '{ connect: bare, risk: r }'], /FIN/],
    [
      'a client is refused',
      ['connect: owner', '{ connect: bare, expect: refused, risk: r }'],
      /^accepted/,
      { configuration: 'certificate-not-required' },
    ],
    [
      'a session was kept',
      ['{ connect: keeper, expect: { sessionPresent: true }, risk: r }'],
      /but without a kept session$/,
    ],
    [
      'a keep-alive is limited',
      ['{ connect: owner, expect: { serverKeepAlive: true }, risk: r }'],
      /but its keep-alive was not limited$/,
    ],
    [
      'the broker names a client that has a name',
      ['{ connect: owner, expect: { assignedClientId: true }, risk: r }'],
      /but without a client ID from the broker$/,
      { mqttVersion: '5' },
    ],
    [
      'a message is delivered',
      [
        'connect: service',
        'subscribe: { client: service, filter: "#" }',
        'connect: owner',
        OTHERS_TOPIC,
        '{ receive: { client: service, payload: m, within: 100ms }, risk: r }',
      ],
      /^service did not receive "m"$/,
      { configuration: 'own-topics' },
    ],
    [
      'a message is not delivered',
      [
        ...SUBSCRIBED,
        'connect: service',
        ...TO_ITSELF,
        PUBLISH,
        '{ receive: { client: owner, payload: m }, expect: nothing, risk: r }',
      ],
      /^owner received "m"$/,
    ],
    [
      'a message is not delivered, to whichever connection of a client',
      [
        ...SUBSCRIBED,
        'connect: service',
        PUBLISH,
        'receive: { client: owner, payload: m }',
        'disconnect: owner',
        'connect: owner',
        '{ receive: { client: owner, payload: m }, expect: nothing, risk: r }',
      ],
      /^owner received "m"$/,
    ],
    [
      'a session is open',
      ['connect: owner', 'connect: clone', '{ session: { client: owner, is: open }, risk: r }'],
      /the session of owner was cut/,
    ],
    [
      'a session is closed',
      ['connect: owner', '{ session: { client: owner, is: closed, within: 50ms }, risk: r }'],
      /still open after 50 ms/,
    ],
    [
      'a client that says nothing is cut',
      [
        '{ connect: owner, before: tls }',
        'session: { client: owner, is: open }',
        '{ session: { client: owner, is: closed, within: 50ms }, risk: r }',
      ],
      /still open/,
    ],
    [
      'a revoked certificate is refused without a reload',
      [
        'connect: owner',
        'broker: { revoke: [owner], reload: false }',
        '{ connect: owner, expect: refused, risk: r }',
      ],
      /accepted/,
    ],
    [
      'a TLS session ticket is worth nothing',
      ['connect: owner', '{ connect: bare, resume: owner, expect: refused, risk: r }'],
      /accepted.*the TLS session of owner was resumed/,
      { configuration: 'session-tickets' },
    ],
    [
      'the records of the broker say what has not happened',
      ['connect: owner', '{ evidence: { of: owner, holds: closed }, risk: r }'],
      /^none of the broker's 1 records of owner says closed$/,
    ],
    [
      'a duel stays within its bound',
      ['{ duel: { clients: [owner, clone], for: 1s, accepted: 2 }, risk: r }'],
      /connects were accepted/,
    ],
    [
      'a subscription is granted',
      ['connect: owner', '{ subscribe: { client: owner, filter: "#" }, risk: r }'],
      /^SUBACK 0x8/,
      { configuration: 'own-topics' },
    ],
  ]);
});

describe('it can’t be told, so that nothing is shown, where', () => {
  describeRows('inconclusive', [
    [
      'a session has never been',
      ['connect: owner', '{ session: { client: service, is: open }, risk: r }'],
      /^service has never connected$/,
    ],
    [
      'the broker has no list of users to take someone off',
      ['connect: owner', 'broker: { remove: [owner] }', '{ connect: owner, risk: r }'],
      /no list of users/,
    ],
    [
      'who would publish is not connected',
      [
        ...SUBSCRIBED,
        PUBLISH,
        '{ receive: { client: owner, payload: m }, expect: nothing, risk: r }',
        'receive: { client: owner, payload: m }',
      ],
      /^service is not connected$/,
    ],
    [
      'who would subscribe is not connected',
      ['subscribe: { client: owner, filter: a }', '{ connect: owner, risk: r }'],
      /^owner is not connected$/,
    ],
  ]);
});

test('a corrupt revocation list is said, and the last one stays', async () => {
  const { result } = await play([
    'broker: { revoke: [owner] }',
    'broker: { crl: corrupt }',
    'connect: service',
    '{ connect: owner, expect: refused, risk: r }',
  ]);
  expect(result.steps.map(({ outcome }) => outcome)).toEqual(['met', 'met', 'met', 'met']);
  expect(result.steps[1]?.because).toMatch(/^done, and: /);
});

test('a bad line in the configuration is said, and the last rules stay', async () => {
  const { result } = await play([
    'broker: { badLine: true }',
    'connect: service',
    '{ connect: bare, expect: refused, risk: r }',
  ]);
  expect(result.steps.map(({ outcome }) => outcome)).toEqual(['met', 'met', 'met']);
  expect(result.steps[0]?.because).toMatch(/^done, and: /);
});

test('an attack of someone who was refused has failed, and is not a failed control', async () => {
  const { result } = await play([
    'connect: service',
    'subscribe: { client: service, filter: "#" }',
    ...TO_ITSELF,
    '{ connect: bare, expect: any }',
    'publish: { client: bare, topic: a, payload: m }',
    '{ receive: { client: service, payload: m }, expect: nothing, risk: r }',
    'disconnect: bare',
    'drop: bare',
  ]);
  expect(result.outcome).toBe('met');
});
