/** What a wrong scenario file is answered with: place, path, what is wrong and what to write. */
import { describe, expect, it } from 'vitest';
import { besides, describeTable, group, HEAD, IN_A, problemsOf } from './problem-tables.ts';

const DURATION = 'write a duration with its unit, such as 500ms, 20s or 1m30s';
const DEVICES = 'write a whole number from 1 to 1000000';

describe('a file that is no scenario', () => {
  const begin = 'begin with name, purpose, fleet and duration; the built-in scenarios are examples';
  describeTable([
    ['is empty', '', [`f.yaml:1:1: the file is empty — ${begin}`]],
    ['is only a comment', '# soon\n', [`f.yaml:1:1: the file is empty — ${begin}`]],
    [
      'is a list',
      '- a\n- b\n',
      [`f.yaml:1:1: a scenario is a map of keys, this is a list — ${begin}`],
    ],
    ['is a word', 'hello', [`f.yaml:1:1: a scenario is a map of keys, this is "hello" — ${begin}`]],
    [
      'lacks what every scenario has',
      'name: test\n',
      [
        'f.yaml:1:1 purpose: this key is required — write a text',
        'f.yaml:1:1 fleet: this key is required — write a map of names, each with { devices }',
        `f.yaml:1:1 duration: this key is required — ${DURATION}`,
      ],
    ],
  ]);
});

describe('unknown keys', () => {
  describeTable([
    [
      'at the top',
      besides('foo: 1'),
      [
        'f.yaml:6:1: unknown key "foo" — known here are name, purpose, source, seed, mqtt, fleet, arrival, duration, settle, limits, audit, broker, fixes, expect, targets',
      ],
    ],
    [
      'in a group',
      group('devies: 3'),
      [`${IN_A}20 fleet.a: unknown key "devies" — did you mean devices?`],
    ],
    [
      'inside a behaviour, with what is missing for it',
      group('behaviour: { kind: flapping, perod: 4s }'),
      [
        `${IN_A}31 fleet.a.behaviour.period: this key is required — ${DURATION}`,
        `${IN_A}49 fleet.a.behaviour: unknown key "perod" — did you mean period?`,
      ],
    ],
    [
      'inside an identity',
      group('identity: { cloneof: b }'),
      [`${IN_A}32 fleet.a.identity: unknown key "cloneof" — did you mean cloneOf?`],
    ],
    [
      'that belong to another form',
      group('identity: { cloneOf: b, clientId: x }'),
      [
        `${IN_A}32 fleet.a.identity: the key "cloneOf" does not go with the others here — write { certificate, clientId, keyType } or { cloneOf }`,
      ],
    ],
    [
      'inside a reconnect policy',
      group('reconnect: { policy: fixed, dely: 1s }'),
      [`${IN_A}48 fleet.a.reconnect: unknown key "dely" — did you mean delay?`],
    ],
    [
      'inside what is expected',
      besides('expect: { findings: { expectd: [] } }'),
      ['f.yaml:6:23 expect.findings: unknown key "expectd" — did you mean expected?'],
    ],
    [
      'that would change a terminal',
      besides('"\\e[31m": 1'),
      [
        'f.yaml:6:1: unknown key "\\x1b[31m" — known here are name, purpose, source, seed, mqtt, fleet, arrival, duration, settle, limits, audit, broker, fixes, expect, targets',
      ],
    ],
  ]);
});

describe('wrong values', () => {
  describeTable([
    [
      'counts of devices, each in its place',
      `${HEAD}  a: { devices: 0 }\n  b: { devices: two }\n  c: { devices: -1 }\n  d: { devices: 1.5 }\n  e: {}\n  f: 3\n  g: { devices: 1000001 }\n  h: { devices: }\n`,
      [
        `f.yaml:5:17 fleet.a.devices: a group needs at least one device — ${DEVICES}`,
        `f.yaml:6:17 fleet.b.devices: "two" is not allowed here — ${DEVICES}`,
        `f.yaml:7:17 fleet.c.devices: a group needs at least one device — ${DEVICES}`,
        `f.yaml:8:17 fleet.d.devices: 1.5 is not allowed here — ${DEVICES}`,
        `f.yaml:9:6 fleet.e.devices: this key is required — ${DEVICES}`,
        'f.yaml:10:6 fleet.f: 3 is not allowed here — write { devices }',
        `f.yaml:11:17 fleet.g.devices: must be at most 1000000 — ${DEVICES}`,
        `f.yaml:12:17 fleet.h.devices: there is nothing here — ${DEVICES}`,
      ],
    ],
    [
      'a fleet without groups',
      'name: t\npurpose: p\nduration: 5s\nfleet: {}\n',
      [
        'f.yaml:4:8 fleet: a fleet needs at least one group — write for example fleet: { pumps: { devices: 5 } }',
      ],
    ],
    [
      'a fleet that is a list',
      'name: t\npurpose: p\nduration: 5s\nfleet: [a]\n',
      [
        'f.yaml:4:8 fleet: a list is not allowed here — write a map of names, each with { devices }',
      ],
    ],
    [
      'a fleet that is nothing',
      'name: t\npurpose: p\nduration: 5s\nfleet:\n',
      ['f.yaml:4:7 fleet: there is nothing here — write a map of names, each with { devices }'],
    ],
    [
      'durations',
      'name: t\npurpose: p\nduration: 5\nsettle: soon\nfleet:\n  a: { devices: 1 }\n',
      [
        `f.yaml:3:11 duration: 5 is not allowed here — ${DURATION}`,
        `f.yaml:4:9 settle: "soon" is not allowed here — ${DURATION}`,
      ],
    ],
    [
      'a duration of nothing',
      'name: t\npurpose: p\nduration: 0s\nfleet:\n  a: { devices: 1 }\n',
      [`f.yaml:3:11 duration: must be longer than nothing — ${DURATION}`],
    ],
    [
      'a downtime as long as its period',
      group('behaviour: { kind: flapping, period: 1s, downtime: 1s }'),
      [
        `${IN_A}71 fleet.a.behaviour.downtime: the downtime must be shorter than the period it is part of — lower downtime or raise period`,
      ],
    ],
    [
      'telemetry without a pause',
      group('publish: { every: 0s }'),
      [`${IN_A}38 fleet.a.publish.every: must be longer than nothing — ${DURATION}`],
    ],
    [
      'a keep-alive of a second and a half',
      besides('mqtt: { keepAlive: 1.5s }'),
      [
        'f.yaml:6:20 mqtt.keepAlive: the keep-alive is not a whole number of seconds that two bytes hold — write whole seconds up to 65535s, such as 30s',
      ],
    ],
    [
      'an MQTT version that there is not',
      besides('mqtt: { version: 4 }'),
      ['f.yaml:6:18 mqtt.version: 4 is not allowed here — write 5 or 3.1.1'],
    ],
    [
      'a quality of service that is not offered',
      group('publish: { every: 1s, qos: 2 }'),
      [`${IN_A}47 fleet.a.publish.qos: 2 is not allowed here — write 0 or 1`],
    ],
    [
      'an arrival that names no way',
      group('arrival: {}'),
      [
        `${IN_A}29 fleet.a.arrival: an arrival has exactly one of rate, storm and staggered — write for example { rate: 50/s }, { storm: 2s } or { staggered: 10s }`,
      ],
    ],
    [
      'an arrival that names two',
      group('arrival: { rate: 5/s, storm: 1s }'),
      [
        `${IN_A}29 fleet.a.arrival: an arrival has exactly one of rate, storm and staggered — write for example { rate: 50/s }, { storm: 2s } or { staggered: 10s }`,
      ],
    ],
    [
      'a rate without its unit',
      group('arrival: { rate: 5 }'),
      [
        `${IN_A}37 fleet.a.arrival.rate: 5 is not allowed here — write a rate per unit of time, such as 50/s or 30/m`,
      ],
    ],
    [
      'a jitter of more than all',
      group('reconnect: { policy: fixed, jitter: 100.5% }'),
      [
        `${IN_A}56 fleet.a.reconnect.jitter: "100.5%" is not allowed here — write a percentage from 0% to 100%, such as 10%`,
      ],
    ],
    [
      'a seed of more than 32 bits',
      besides('seed: 4294967296'),
      ['f.yaml:6:7 seed: must be at most 4294967295 — write a whole number from 0 to 4294967295'],
    ],
    [
      'names',
      `${HEAD}  Bad_Name: { devices: 1 }\n  "\\e[31mred": { devices: 1 }\n`,
      [
        'f.yaml:5:3 fleet.Bad_Name: "Bad_Name" can\'t be a name here — write lower-case letters, digits and single hyphens, such as cloned-client-ids',
        'f.yaml:6:3 fleet.\\x1b[31mred: "\\x1b[31mred" can\'t be a name here — write lower-case letters, digits and single hyphens, such as cloned-client-ids',
      ],
    ],
  ]);
});

describe('all problems at once', () => {
  it('come in the order of the file, each with file, line, column and what to do', () => {
    const text = `nme: test
purpose: ''
seed: -1
fleet:
  a: { devices: 0, identity: { certificate: { shared: 1 }, clientId: 'x-{{m}}' } }
  B: { devices: 1 }
duration: 5
expect:
  thresholds: [nonsense]
  findings: plantd
`;
    const problems = problemsOf(text);
    const lines = problems.map((problem) => Number(/^f\.yaml:(\d+):\d+/.exec(problem)?.[1]));
    expect(lines).toEqual([1, 1, 2, 3, 5, 5, 5, 6, 7, 9, 10]);
    for (const problem of problems) expect(problem).toContain(' — ');
  });
});
