/** Brokers that start slowly serve all cells of a configuration; configurations that fail do so once. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BrokerAdapter, BrokerStartOptions } from '../../src/broker/adapter.ts';
import { embeddedBroker } from '../../src/broker/embedded/adapter.ts';
import { readConfiguration } from '../../src/broker/load-configuration.ts';
import { realClock } from '../../src/fleet/real-clock.ts';
import type { CellResult } from '../../src/matrix/cell.ts';
import { loadMatrixScenario } from '../../src/matrix/scenario-reference.ts';
import { issueCertificates } from '../../src/run/matrix-certificates.ts';
import { runCells } from '../../src/run/matrix-lanes.ts';
import type { CellJob } from '../../src/run/run-cell.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SCENARIO = `
name: two-pumps
purpose: Two devices in good order.
fleet: { pumps: { devices: 2 } }
arrival: { storm: 0ms }
duration: 200ms
settle: 2s
limits: { latenessP99: 60s }
expect:
  findings: none
  thresholds: ['connects.accepted == 2', 'devices.connected == 2']
`;

/** Cells of one scenario on configurations of the embedded broker, which pretends to start slowly. */
async function bench(texts: Readonly<Record<string, string>>, rounds = 1) {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'embedded'));
  await writeFile(join(folder, 'two-pumps.yaml'), SCENARIO);
  const scenario = await loadMatrixScenario('./two-pumps.yaml', folder);
  const starts: BrokerStartOptions[] = [];
  const adapter: BrokerAdapter = {
    ...embeddedBroker,
    startsSlowly: true,
    start: (options) => {
      starts.push(options);
      return embeddedBroker.start(options);
    },
  };
  const jobs: CellJob[] = [];
  for (const [name, text] of Object.entries(texts)) {
    const file = join(folder, 'embedded', `${name}.yaml`);
    await writeFile(file, text);
    const { configuration } = await readConfiguration(file);
    for (let n = 0; n < 2 * rounds; n++) {
      const mqttVersion = n % 2 === 0 ? '3.1.1' : '5';
      const key = {
        broker: 'embedded',
        configuration: name,
        scenario: 'two-pumps',
        mqttVersion,
      } as const;
      const relativeFolder = join(name, `${n}`);
      const place = { folder: join(folder, 'out', relativeFolder), relativeFolder };
      jobs.push({ key, scenario, adapter, configuration, ...place, reproduce: '' });
    }
  }
  const never = new AbortController().signal;
  const base = {
    certs: join(folder, 'certs'),
    authority: 'default',
    clock: realClock,
    signal: never,
    killSignal: never,
    onWarning: () => {},
  };
  const trust = await issueCertificates([scenario], base);
  const results: CellResult[] = [];
  await runCells(jobs, {
    context: { ...base, trust },
    jobs: 1,
    folder: join(folder, 'out'),
    onStart: () => {},
    onEnd: (job, { result }) => {
      // The job itself, not with a broker that is gone by now: it may be run again.
      expect(jobs).toContain(job);
      results.push(result);
    },
  });
  return { starts, results };
}

const told = (results: readonly CellResult[]) =>
  results.map(
    ({ configuration, mqttVersion, outcome }) => `${configuration} ${mqttVersion} ${outcome}`,
  );

describe('cells on a broker that starts slowly', () => {
  it('share one broker for each configuration, and each has its own evidence', async () => {
    const { starts, results } = await bench({ a: 'port: {{port}}\n', b: 'port: {{port}}\n' });
    expect(told(results).sort()).toEqual(['a 3.1.1 met', 'a 5 met', 'b 3.1.1 met', 'b 5 met']);
    expect(starts).toHaveLength(2);
    expect(starts[0]?.principals).toEqual(['pumps-1', 'pumps-2']);
  });
});

describe('a configuration that never starts', () => {
  it('is tried twice, and then its cells hear the same without another start', async () => {
    const { starts, results } = await bench({ bad: 'port: {{port}}\nnonsense: true\n' }, 3);
    expect(results).toHaveLength(6);
    expect(told(results).every((one) => one.endsWith('inconclusive'))).toBe(true);
    expect(results.every(({ because }) => because.includes('nonsense'))).toBe(true);
    expect(starts).toHaveLength(2);
  });
});
