/**
 * The records of a broker elsewhere over MQTT, with a certificate of their own. The broker here is
 * real; the records are recorded, from documentation, and published by a client that replays them.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BrokerAdapter, RunningBroker } from '../../src/broker/adapter.ts';
import { externalBroker } from '../../src/broker/external/adapter.ts';
import { loadConfiguration } from '../../src/broker/load-configuration.ts';
import type { ProfileId } from '../../src/broker/profiles/profile.ts';
import { PROFILES } from '../../src/broker/profiles/registry.ts';
import { BROKERS } from '../../src/broker/registry.ts';
import { realClock } from '../../src/fleet/real-clock.ts';
import type { ObservedEvent } from '../../src/history/event.ts';
import { evidenceSubscriber } from '../../src/run/evidence-subscriber.ts';
import { runScenario } from '../../src/run/run-scenario.ts';
import { WireClient } from '../../src/script/wire-client.ts';
import { TestAuthority, type TestCredential } from '../support/broker-certificates.ts';
import { BrokerUnderTest, type ProcessAdapter } from '../support/broker-harness.ts';
import { requireProgram } from '../support/programs.ts';
import { RECORDED } from '../support/recorded-evidence.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let authority: TestAuthority;
let watcher: TestCredential;
let service: TestCredential;
const running: BrokerUnderTest[] = [];

beforeAll(() => {
  authority = new TestAuthority();
  watcher = authority.device('watcher');
  service = authority.device('service');
});
afterAll(async () => {
  for (const subject of running) await subject.end();
  authority.remove();
});

async function start(adapter: ProcessAdapter, configuration?: string): Promise<BrokerUnderTest> {
  const file = new URL(`../../configurations/${configuration}`, import.meta.url).pathname;
  const subject = await BrokerUnderTest.start({
    start: adapter.start,
    authority,
    server: authority.server(),
    more: configuration === undefined ? {} : { configuration: await loadConfiguration(file) },
  });
  running.push(subject);
  return subject;
}

interface Listening {
  readonly adapter: BrokerAdapter;
  readonly broker: RunningBroker;
  readonly events: readonly ObservedEvent[];
  readonly failures: readonly string[];
}

function adapterFor(subject: BrokerUnderTest, id: ProfileId): BrokerAdapter {
  const { host, port, caPem } = subject.broker.endpoint;
  const profile = PROFILES[id];
  const evidence = evidenceSubscriber({ profile, credential: watcher, quietMs: 50 });
  return externalBroker({ url: `mqtts://${host}:${port}`, caPem, profile, evidence });
}

/** Attaches to the broker as one that runs elsewhere and is what the profile says. */
async function listen(subject: BrokerUnderTest, id: ProfileId): Promise<Listening> {
  const adapter = adapterFor(subject, id);
  const [events, failures]: [ObservedEvent[], string[]] = [[], []];
  const broker = await adapter.start({
    clock: realClock,
    workFolder: '/nowhere',
    server: { certificatePem: '', privateKeyPem: '', caPem: '' },
    deviceCaPem: '',
    onEvent: (event) => events.push(event),
    onFailure: (message) => failures.push(message),
  });
  return { adapter, broker, events, failures };
}

/** Publishes recorded lines as the broker of the profile would. */
async function replay(
  subject: BrokerUnderTest,
  { lines, topics }: { readonly lines: readonly string[]; readonly topics: readonly string[] },
): Promise<void> {
  const { endpoint } = subject.broker;
  const options = {
    endpoint,
    clientId: 'service',
    protocolVersion: 4,
    credential: service,
  } as const;
  const client = await WireClient.connect(options);
  for (const [place, payload] of lines.entries()) {
    await client.publish({ topic: topics[place] ?? '', payload, qos: 1 });
  }
  await client.disconnect();
}

const mosquitto = requireProgram('mosquitto');
const PUBLISHERS = [
  ['embedded', BROKERS.embedded, true],
  ['mosquitto', BROKERS.mosquitto, mosquitto.available],
] as const;

describe.each(PUBLISHERS)('records that are replayed on %s', (_name, adapter, available) => {
  const ids = ['emqx', 'aws-iot-core'] as const;
  test.skipIf(!available).each(ids)(
    'become evidence: %s (recorded, from documentation)',
    async (id) => {
      const subject = await start(adapter);
      const { broker, events, failures } = await listen(subject, id);
      await replay(subject, RECORDED[id]);
      await replay(subject, { lines: ['no record'], topics: RECORDED[id].topics });
      await broker.drainEvidence();
      await broker.stop();
      expect(failures).toEqual([]);
      const story = events.map((one) => `${one.clientId} ${one.reason ?? one.kind}`).sort();
      expect(story).toEqual([
        'dup client-initiated',
        'dup connected',
        'dup connected',
        'dup session-taken-over',
        'lost connected',
        'lost connection-lost',
      ]);
      expect(events.every((event) => event.vantage === 'broker')).toBe(true);
      expect(broker.unreadEvidence()).toMatchObject({ lines: 1 });
      expect(broker.capabilities).toMatchObject({ brokerEvidence: true, takeoverVisible: true });
    },
  );
});

describe('an evidence subscriber', () => {
  test('that is refused is said to be, before any device connects', async () => {
    const subject = await start(BROKERS.embedded, 'embedded/own-topics.yaml');
    await expect(listen(subject, 'emqx')).rejects.toMatchObject({
      exitCode: 69,
      problems: [
        { message: expect.stringMatching(/subscription to doppelfleet\/evidence was refused/) },
      ],
    });
  });

  test('that has no certificate of the broker’s authority is refused, too', async () => {
    const subject = await start(BROKERS.embedded);
    const stranger = new TestAuthority('Another CA');
    const credential = stranger.device('watcher');
    stranger.remove();
    const { host, port, caPem } = subject.broker.endpoint;
    const profile = PROFILES.emqx;
    const evidence = evidenceSubscriber({ profile, credential });
    const adapter = externalBroker({ url: `mqtts://${host}:${port}`, caPem, profile, evidence });
    await expect(
      runScenario('control-fleet', { broker: { kind: 'external', adapter, host, port } }),
    ).rejects.toMatchObject({
      exitCode: 69,
      problems: [{ message: expect.stringMatching(/^the evidence subscriber could not begin: /) }],
    });
  });

  test.skipIf(!mosquitto.available)(
    `that is granted what it may not read is found out by its silence${mosquitto.note}`,
    async () => {
      // Mosquitto grants every subscription and delivers nothing of those that are forbidden.
      const subject = await start(BROKERS.mosquitto, 'mosquitto/own-topics.conf');
      const { broker, events, failures } = await listen(subject, 'emqx');
      await replay(subject, RECORDED.emqx);
      await broker.drainEvidence();
      await broker.stop();
      expect(events).toEqual([]);
      expect(failures).toEqual([
        expect.stringMatching(/^no record came on doppelfleet\/evidence: .* nothing may be read$/),
      ]);
    },
  );

  test('that is cut in mid-run makes the run inconclusive and says why', async () => {
    const subject = await start(BROKERS.embedded);
    const { host, port } = subject.broker.endpoint;
    const adapter = adapterFor(subject, 'emqx');
    const folder = await temporaryFolder();
    const watching = (): ObservedEvent | undefined =>
      subject.events.find(({ clientId }) => clientId.startsWith('doppelfleet-evidence-'));
    let taker: Promise<WireClient> | undefined;
    const report = await runScenario('control-fleet', {
      broker: { kind: 'external', adapter, host, port },
      certs: join(folder, 'certs'),
      out: join(folder, 'runs'),
      observer: {
        progress: () => {
          // Somebody else's connection takes over the subscriber's client ID.
          taker ??= subject.drained().then(() =>
            WireClient.connect({
              endpoint: subject.broker.endpoint,
              clientId: watching()?.clientId ?? '',
              protocolVersion: 4,
              credential: service,
            }),
          );
        },
      },
    });
    await (await taker)?.disconnect();
    expect(report.outcome).toBe('inconclusive');
    expect(report.runs[0]).toMatchObject({
      outcome: 'failed',
      failure: expect.stringMatching(
        /^the evidence subscriber was cut by .*: records are missing$/,
      ),
    });
    const history = await readFile(report.runs[0]?.history ?? '', 'utf8');
    expect(history).toContain('"vantages":["broker","device"]');
  });

  test('is refused for brokers whose records don’t come over MQTT', () => {
    const attempt = () =>
      evidenceSubscriber({ profile: PROFILES['hivemq-ce'], credential: watcher });
    expect(attempt).toThrow(/records of HiveMQ Community Edition do not come over MQTT/);
  });
});
