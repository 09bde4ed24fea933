/** Wrong files where a value may take several forms, and in what is expected of a run. */
import { describe, expect, it } from 'vitest';
import { besides, describeTable, group, IN_A, problemsOf } from './problem-tables.ts';

const BEHAVIOURS =
  'write steady, { kind: steady }, { kind: flapping, period }, { kind: leaving, at } or { kind: rotating, at }';

describe('values that may take several forms', () => {
  describeTable([
    [
      'an unknown behaviour',
      group('behaviour: { kind: flaping, period: 4s }'),
      [`${IN_A}39 fleet.a.behaviour.kind: "flaping" is not allowed here — did you mean flapping?`],
    ],
    [
      'a behaviour without its kind',
      group('behaviour: { period: 4s }'),
      [`${IN_A}31 fleet.a.behaviour.kind: this key is required — ${BEHAVIOURS}`],
    ],
    [
      'a bare name that needs parameters',
      group('behaviour: flapping'),
      [
        `${IN_A}31 fleet.a.behaviour: "flapping" is not allowed here — write { kind: flapping, period }`,
      ],
    ],
    [
      'a bare name with a slip',
      group('behaviour: stedy'),
      [`${IN_A}31 fleet.a.behaviour: "stedy" is not allowed here — did you mean steady?`],
    ],
    [
      'a behaviour that is nothing',
      group('behaviour: '),
      [`${IN_A}32 fleet.a.behaviour: there is nothing here — ${BEHAVIOURS}`],
    ],
    [
      'a policy that there is not',
      group('reconnect: { policy: exponental }'),
      [
        `${IN_A}41 fleet.a.reconnect.policy: "exponental" is not allowed here — did you mean exponential?`,
      ],
    ],
    [
      'a policy by its bare name',
      group('reconnect: fixed'),
      [`${IN_A}31 fleet.a.reconnect: "fixed" is not allowed here — write { policy: fixed }`],
    ],
    [
      'a certificate shared by one',
      group('identity: { certificate: { shared: 1 } }'),
      [
        `${IN_A}55 fleet.a.identity.certificate.shared: must be at least 2 — write a whole number of at least 2`,
      ],
    ],
    [
      'a certificate that is a number',
      group('identity: { certificate: 3 }'),
      [
        `${IN_A}45 fleet.a.identity.certificate: 3 is not allowed here — write unique, shared, { shared } or { sameAs }`,
      ],
    ],
    [
      'a kind of UUID that there is not',
      group('identity: { clientId: { uuid: v6 } }'),
      [
        `${IN_A}50 fleet.a.identity.clientId.uuid: "v6" is not allowed here — write v4-per-connect, v4-kept, v5-thing-name, v5-serial or v5-certificate`,
      ],
    ],
    [
      'an empty client ID',
      group("identity: { clientId: '' }"),
      [
        `${IN_A}42 fleet.a.identity.clientId: must not be empty — write a text, { uuid }, { shared } or { sameAs }`,
      ],
    ],
    [
      'an unknown placeholder',
      group("identity: { clientId: 'x-{{m}}' }"),
      [
        `${IN_A}42 fleet.a.identity.clientId: unknown placeholder {{m}} — did you mean {{n}}? Known are {{n}}, {{group}}, {{thingName}}`,
      ],
    ],
    [
      'a placeholder of messages in a client ID',
      group("identity: { clientId: '{{seq}}' }"),
      [
        `${IN_A}42 fleet.a.identity.clientId: unknown placeholder {{seq}} — known are {{n}}, {{group}}, {{thingName}}`,
      ],
    ],
    [
      'a placeholder left open',
      group("identity: { clientId: 'x-{{n' }"),
      [
        `${IN_A}42 fleet.a.identity.clientId: a stray {{ — a placeholder is written {{name}} or {{name:width}}`,
      ],
    ],
    [
      'a character that MQTT forbids',
      group('identity: { clientId: "a\\0b" }'),
      [
        `${IN_A}42 fleet.a.identity.clientId: a character that MQTT does not allow — remove U+0000 and half surrogate pairs`,
      ],
    ],
    [
      'a wildcard in the topic of a message',
      group("publish: { every: 1s, topic: 'fleet/#' }"),
      [`${IN_A}49 fleet.a.publish.topic: a message has a topic without wildcards — remove + and #`],
    ],
    [
      'a wildcard out of place',
      group("subscribe: [{ filter: 'fleet/a+/x' }]"),
      [
        `${IN_A}42 fleet.a.subscribe.0.filter: a wildcard out of place — + fills a whole level, # fills the last one`,
      ],
    ],
    [
      'an unknown fix',
      besides('fixes: { x: { strategy: client-id-uid } }'),
      [
        'f.yaml:6:25 fixes.x.strategy: "client-id-uid" is not allowed here — did you mean client-id-uuid?',
      ],
    ],
  ]);
});

describe('expectations', () => {
  describeTable([
    [
      'of an unknown check',
      besides('expect: { findings: { expected: [{ check: CONFLICTING_CLIENT_ID_CHECK }] } }'),
      [
        'f.yaml:6:43 expect.findings.expected.0.check: "CONFLICTING_CLIENT_ID_CHECK" is not allowed here — did you mean CONFLICTING_CLIENT_IDS_CHECK?',
      ],
    ],
    [
      'of an unknown word',
      besides('expect: { findings: plantd }'),
      ['f.yaml:6:21 expect.findings: "plantd" is not allowed here — did you mean planted?'],
    ],
    [
      'thresholds, each with its own mistake',
      besides(
        "expect: { thresholds: ['takeover.count >= 5', takeovers.count, 'connects.latency.p99 < 50', 'takeovers.count > 5ms', 'takeovers.rate > 1/m'] }",
      ),
      [
        'f.yaml:6:24 expect.thresholds.0: unknown metric "takeover.count" — did you mean takeovers.count?',
        'f.yaml:6:47 expect.thresholds.1: "takeovers.count" is not a threshold — write <metric> <operator> <number>, such as "takeovers.count >= 5"',
        'f.yaml:6:64 expect.thresholds.2: connects.latency.p99 is a time — write it with its unit, such as 50ms or 2s',
        'f.yaml:6:93 expect.thresholds.3: takeovers.count is a count — write a plain number',
        'f.yaml:6:118 expect.thresholds.4: takeovers.rate is a rate — write a number per second, such as 5/s',
      ],
    ],
    [
      'a threshold that is not in a list',
      besides("expect: { thresholds: 'takeovers.count >= 5' }"),
      [
        'f.yaml:6:23 expect.thresholds: "takeovers.count >= 5" is not allowed here — write a list of texts',
      ],
    ],
    [
      'after a fix that there is not',
      besides('expect: { after: { y: {} } }'),
      ['f.yaml:6:23 expect.after.y: there is no fix "y" — known are: none'],
    ],
  ]);

  it('takes no word that every object knows for a metric', () => {
    const words = ['constructor', 'toString', 'valueOf', 'hasOwnProperty'];
    for (const word of words) {
      const [problem] = problemsOf(besides(`expect: { thresholds: ['${word} > 3'] }`));
      expect(problem).toContain(`unknown metric "${word}"`);
    }
  });
});
