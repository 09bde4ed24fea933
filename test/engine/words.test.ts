/** What comes from other machines is read as hostile input. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commanderWords } from '../../src/engine/commander-words.ts';
import { pack, unpack } from '../../src/engine/pack.ts';
import { workerWords } from '../../src/engine/worker-words.ts';
import { TimeHistogram } from '../../src/fleet/time-histogram.ts';
import { builtInScenarios, loadScenario } from '../../src/scenario/load.ts';
import { makePlan } from '../../src/scenario/plan.ts';
import type { FromWorker, ShardOrder } from '../../src/shards/protocol.ts';

const SCOPE = { shard: 2, devices: new Set(['pumps-1']) };
const AT = 1_795_000_000_000;

const times = new TimeHistogram();
times.add(1.5);
times.add(70);

const REPORT = {
  type: 'report',
  knownTo: AT + 0.25,
  events: [
    {
      kind: 'connected',
      vantage: 'device',
      at: AT + 0.5,
      sessionId: 'device-2-1',
      clientId: 'pump',
      ip: '127.0.0.2',
      port: 4711,
    },
  ],
  truth: [
    {
      at: AT,
      device: 'pumps-1',
      kind: 'connecting',
      sessionId: 'device-2-1',
      clientId: 'pump',
      certificate: 'pumps-1',
    },
  ],
  ledger: [
    ['connected', 'pumps-1', true, AT],
    ['subscribed', 'pumps-1', [{ filter: '#', qos: 1 }], AT],
    ['ended', 'pumps-1', 'other', undefined, AT],
    ['published', 't', 'p', 0, AT, AT],
    ['received', 'pumps-1', 't', 'p', AT],
  ],
  tally: {
    counts: { attempted: 1, connecting: -1 },
    times: { latency: times.take() },
    connectedByGroup: [['pumps', 1]],
    failures: [['refused', 2]],
    arrived: ['pumps-1'],
  },
  lastChangeAt: AT,
  sessions: { resumed: 0, lost: 0 },
  health: {
    host: 'h',
    pid: 1,
    devices: 1,
    eventLoopDelayMs: { p99: 1, max: 2 },
    garbageCollection: { count: 1, totalMs: 1, maxMs: 1 },
    cpuMs: 1,
    wallMs: 1,
    residentBytesMax: 1,
  },
} as const;

describe('what a worker says', () => {
  test('arrives as it was meant, with everything that JSON does not know', () => {
    const said = workerWords(unpack(pack(REPORT)), SCOPE);
    expect(said).toEqual(REPORT);
    expect(said.type === 'report' && said.tally.times.latency?.coarse).toBeInstanceOf(Uint32Array);
  });

  test.each<FromWorker>([
    { type: 'ready' },
    { type: 'pong', sentAt: AT + 0.1, at: AT },
    { type: 'ended-messages' },
    { type: 'stopped' },
    { type: 'failed', message: 'why' },
  ])('such as $type is understood', (message) => {
    expect(workerWords(unpack(pack(message)), SCOPE)).toEqual(message);
  });

  const [event] = REPORT.events;
  const [truth] = REPORT.truth;
  test.each<[string, object]>([
    ['has an unknown type', { type: 'obey' }],
    ['tells of no time', { ...REPORT, knownTo: null }],
    ['has an event without a kind', { ...REPORT, events: [{ ...event, kind: 'x' }] }],
    ['has no event at all', { ...REPORT, events: [null] }],
    ['sees with the eyes of a broker', { ...REPORT, events: [{ ...event, vantage: 'broker' }] }],
    [
      'tells of a session of another shard',
      { ...REPORT, events: [{ ...event, sessionId: 'device-1-1' }] },
    ],
    ['tells of a device of another shard', { ...REPORT, truth: [{ ...truth, device: 'pumps-2' }] }],
    ['counts without end', { ...REPORT, tally: { ...REPORT.tally, counts: { accepted: 1e300 } } }],
    ['counts what nobody counts', { ...REPORT, tally: { ...REPORT.tally, counts: { gold: 1 } } }],
    ['has a list for a prototype', { ...REPORT, ledger: [['__proto__', 'x', true, AT]] }],
    ['says too much', { type: 'failed', message: 'x'.repeat(5_000) }],
  ])('is none when it %s', (_what, message) => {
    expect(() => workerWords(unpack(pack(message)), SCOPE)).toThrow();
  });

  test('never does more than throw an error with a sentence', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(() => workerWords(value, SCOPE)).toThrow(/\S/);
        expect(() => commanderWords(value)).toThrow(/\S/);
      }),
      { numRuns: 300 },
    );
  });
});

describe('what a commander says', () => {
  const endpoint = { host: '127.0.0.1', port: 8883, caPem: 'pem' };
  const order = async (name: string): Promise<ShardOrder> => {
    const { scenario, digest } = await loadScenario(name);
    const plan = makePlan(scenario, digest);
    return {
      shard: 1,
      plan,
      routes: { endpoints: [endpoint], sourceAddresses: [] },
      credentials: plan.certificates.map(({ name: certificate, thingName }) => ({
        name: certificate,
        thingName,
        certificateId: 'a'.repeat(64),
        serialNumber: '1',
        certificatePem: 'pem',
        privateKeyPem: 'pem',
      })),
    };
  };

  test('is understood for every scenario that comes with the tool', async () => {
    for (const name of await builtInScenarios()) {
      const message = { type: 'prepare', order: await order(name) } as const;
      expect(commanderWords(unpack(pack(message))), name).toEqual(unpack(pack(message)));
    }
  });

  test.each<[string, (good: ShardOrder) => object]>([
    [
      'names no host',
      (good) => ({
        ...good,
        routes: { ...good.routes, endpoints: [{ ...endpoint, host: 'a b' }] },
      }),
    ],
    [
      'names no port',
      (good) => ({ ...good, routes: { ...good.routes, endpoints: [{ ...endpoint, port: 0 }] } }),
    ],
    ['names no endpoint', (good) => ({ ...good, routes: { ...good.routes, endpoints: [] } })],
    ['lacks credentials', (good) => ({ ...good, credentials: [] })],
    ['has devices without a group', (good) => ({ ...good, plan: { ...good.plan, groups: [] } })],
    ['never ends', (good) => ({ ...good, plan: { ...good.plan, durationMs: null } })],
  ])('is none when its order %s', async (_what, change) => {
    const message = { type: 'prepare', order: change(await order('control-fleet')) };
    expect(() => commanderWords(unpack(pack(message)))).toThrow();
  });
});

describe('a packed message', () => {
  test.each([Buffer.from('x'), Buffer.alloc(0), pack({}).subarray(0, 4)])(
    'of %j is none',
    (bytes) => {
      expect(() => unpack(bytes)).toThrow();
    },
  );
});
