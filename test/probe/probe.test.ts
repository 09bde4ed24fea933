/**
 * What is measured on running brokers is what their profiles say; and a probe whose control fails,
 * or whose broker has gone, says so instead of guessing.
 */
import { afterAll, describe, expect, test } from 'vitest';
import type { BrokerAdapter } from '../../src/broker/adapter.ts';
import type { BrokerCapabilities } from '../../src/broker/capabilities.ts';
import { loadConfiguration } from '../../src/broker/load-configuration.ts';
import { BROKERS } from '../../src/broker/registry.ts';
import { realClock } from '../../src/fleet/real-clock.ts';
import type { ProbeResult } from '../../src/probe/probe-result.ts';
import { runProbe } from '../../src/probe/run-probe.ts';
import { renderProbe, renderProbeJson } from '../../src/report/probe.ts';
import { terminalStyle } from '../../src/report/style.ts';
import { requireProgram } from '../support/programs.ts';

/** RabbitMQ takes ten seconds to start, and its evidence is slow to drain. */
const PROBE_TEST_MS = 90_000;
const PROGRAMS: Readonly<Record<string, string>> = {
  mosquitto: 'mosquitto',
  nats: 'nats-server',
  rabbitmq: 'rabbitmq-server',
};

const clock = realClock;

// Node warns of what it takes for a leak, in the middle of the user's table.
const warnings: Error[] = [];
const keepWarning = (warning: Error): number => warnings.push(warning);
process.on('warning', keepWarning);
afterAll(() => {
  process.off('warning', keepWarning);
  expect(warnings).toEqual([]);
});

/** The adapter with another profile than its own. */
function claiming(
  adapter: BrokerAdapter,
  claims: Partial<BrokerCapabilities>,
  onStart: (kill: () => void) => void = () => {},
): BrokerAdapter {
  return {
    ...adapter,
    start: async (options) => {
      const broker = await adapter.start(options);
      // Dies as a broker does: without having been asked.
      const die = (): void => {
        broker.kill();
        options.onFailure('the broker ended');
      };
      onStart(die);
      const capabilities = { ...broker.capabilities, ...claims };
      return {
        endpoint: broker.endpoint,
        version: broker.version,
        capabilities,
        unreadEvidence: () => broker.unreadEvidence(),
        drainEvidence: () => broker.drainEvidence(),
        change: (changes) => broker.change(changes),
        reload: () => broker.reload(),
        stop: () => broker.stop(),
        kill: () => broker.kill(),
      };
    },
  };
}

function without(result: ProbeResult, agreement: string) {
  return result.capabilities
    .filter((one) => one.agreement !== agreement)
    .map(({ id, claimed, measured, because }) => ({ id, claimed, measured, because }));
}

// They wait for an expiry most of the time.
describe.concurrent.each(Object.entries(BROKERS))('%s', (id, adapter) => {
  const name = PROGRAMS[id];
  const program = name === undefined ? { available: true, note: '' } : requireProgram(name);
  test.skipIf(!program.available)(
    `does and shows what its profile says${program.note}`,
    async () => {
      const result = await runProbe({ kind: 'local', adapter }, { clock });
      expect(without(result, 'agrees')).toEqual([]);
      expect(result.outcome).toBe('agrees');
      expect(result.broker.version).toMatch(/\d+\.\d+/);
    },
    PROBE_TEST_MS,
  );
});

describe.concurrent('a probe', () => {
  test('of a profile that is wrong says so, capability by capability', async () => {
    const path = new URL('../../configurations/embedded/client-id-bound.yaml', import.meta.url);
    const configuration = await loadConfiguration(path.pathname, { broker: 'embedded' });
    // What holds of its default configuration, and what holds of no configuration of it.
    const adapter = claiming(BROKERS.embedded, {
      bindsClientId: false,
      bindsSessionToCertificate: false,
      takeoverWinner: 'owner',
    });
    const target = { kind: 'local', adapter, configuration } as const;
    const result = await runProbe(target, { clock, mqttVersion: 4 });
    expect(without(result, 'agrees')).toMatchObject([
      { id: 'takeoverWinner', claimed: 'owner', measured: 'newcomer' },
      { id: 'bindsSessionToCertificate', claimed: false, measured: true },
      { id: 'bindsClientId', claimed: false, measured: true },
    ]);
    expect(result.outcome).toBe('differs');
    expect(result.mqttVersion).toBe(4);
    const table = renderProbe(result, terminalStyle(false, 160));
    expect(table).toContain('configuration embedded/client-id-bound');
    expect(table.match(/✖ differs/g)).toHaveLength(3);
    expect(table).toContain('13 of 16 claims of the profile agree, 3 differ');
    expect(JSON.parse(renderProbeJson(result))).toEqual(result);
  });

  test('whose broker dies leaves what follows unmeasured, and no guess', async () => {
    let die = (): void => {};
    const adapter = claiming(BROKERS.embedded, {}, (kill) => {
      die = kill;
    });
    const result = await runProbe(
      { kind: 'local', adapter },
      {
        clock,
        observer: {
          probing: ({ done }) => {
            if (done === 3) die();
          },
        },
      },
    );
    expect(result.outcome).toBe('not-measured');
    const [first, ...others] = without(result, 'agrees');
    expect(result.capabilities.filter((one) => one.measured !== undefined)).toHaveLength(3);
    for (const one of [first, ...others]) expect(one?.because).toMatch(/ended|died|control|broker/);
  });

  test('without any evidence measures that, and believes nothing', async () => {
    const adapter: BrokerAdapter = {
      ...BROKERS.embedded,
      start: (options) => BROKERS.embedded.start({ ...options, onEvent: () => {} }),
    };
    const result = await runProbe({ kind: 'local', adapter }, { clock, mqttVersion: 5 });
    const differing = result.capabilities.filter((one) => one.agreement === 'differs');
    expect(differing.map((one) => one.id)).toEqual([
      'brokerEvidence',
      'takeoverVisible',
      'certificateVisible',
      'closeReasonVisible',
      'refusalReasonVisible',
      'takeoverOrder',
    ]);
  });
});
