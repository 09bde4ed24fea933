/** Metrics of real runs on the embedded broker: while they go, and against the report in the end. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openMetrics } from '../../src/metrics/open-metrics.ts';
import type { RunReport } from '../../src/report/report.ts';
import { runScenario } from '../../src/run/run-scenario.ts';
import { loadScenario } from '../../src/scenario/load.ts';
import { type Family, readExposition, sampleValue } from '../support/exposition.ts';
import { runCli } from '../support/fake-environment.ts';
import { httpReceiver } from '../support/http-receiver.ts';
import { pointsOf, readOtlp } from '../support/otlp.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const RUN_MS = 60_000;

const SCENARIO = `name: counted
purpose: Two devices with one client ID beside some that publish.
seed: 7
fleet:
  clones: { devices: 2, identity: { clientId: same }, reconnect: { policy: fixed, delay: 100ms } }
  pumps: { devices: 5, publish: { every: 100ms, qos: 1, topic: "pumps/{{clientId}}", payload: on } }
arrival: { rate: 50/s }
duration: 1500ms
settle: 1s
fixes:
  uuid: { strategy: client-id-uuid, on: [clones] }
expect: { findings: planted }
`;

async function scenarioIn(folder: string): Promise<string> {
  const file = join(folder, 'counted.yaml');
  await writeFile(file, SCENARIO);
  return file;
}

type Families = ReadonlyMap<string, Family>;

/** What both the report and the last metrics of a run know. */
function ofReport({ statistics, metrics }: RunReport) {
  const { connects, messages } = statistics;
  return {
    accepted: connects.accepted,
    failed: connects.failed,
    durations: connects.latencyMs?.count,
    latenesses: connects.latenessMs?.count,
    acknowledged: messages.acknowledged,
    published: messages.published,
    takeovers: metrics['takeovers.count'],
  };
}

function ofPrometheus(families: Families) {
  const value = (name: string, labels = {}): number =>
    sampleValue(families, `doppelfleet_${name}`, labels);
  return {
    accepted: value('connects_total', { result: 'accepted' }),
    failed: value('connects_total', { result: 'failed' }),
    durations: value('connect_duration_seconds_count'),
    latenesses: value('connect_lateness_seconds_count'),
    acknowledged: value('messages_acknowledged_total'),
    published: value('messages_published_total'),
    takeovers: value('takeovers_total'),
  };
}

function ofOtlp(body: string) {
  const { metrics } = readOtlp(body);
  const value = (name: string, result?: string) => {
    const points = pointsOf(metrics, `doppelfleet.${name}`);
    const [, found] = points.find(([labels]) => labels.result === result) ?? [];
    return typeof found === 'object' ? found.count : found;
  };
  return {
    accepted: value('connects', 'accepted'),
    failed: value('connects', 'failed'),
    durations: value('connect.duration'),
    latenesses: value('connect.lateness'),
    acknowledged: value('messages.acknowledged'),
    published: value('messages.published'),
    takeovers: value('takeovers'),
  };
}

it('agree with the report in the end, scraped and sent, run by run', {
  timeout: RUN_MS,
}, async () => {
  const folder = await temporaryFolder();
  const receiver = await httpReceiver((response) => void response.end('{}'));
  const metrics = await openMetrics({
    version: '0.1.0',
    prometheus: { host: '127.0.0.1', port: 0 },
    otlp: receiver.url,
    env: {},
    warn: (message) => expect.fail(message),
  });
  onTestFinished(() => metrics.end());
  const runs: { readonly fix: string; readonly scraped: Families; readonly sent: string }[] = [];
  const report = await runScenario(await loadScenario(await scenarioIn(folder)), {
    out: folder,
    certs: join(folder, 'certs'),
    fixes: 'all',
    page: false,
    observer: {
      planned: () => metrics.observer.planned(),
      figures: (figures) => metrics.observer.figures(figures),
      async audited(run) {
        await metrics.observer.audited();
        const scraped = readExposition(await (await fetch(metrics.url ?? '')).text());
        const sent = receiver.requests.at(-1)?.body ?? '';
        runs.push({ fix: run.fix?.name ?? 'none', scraped, sent });
      },
    },
  });
  expect(runs.map(({ fix }) => fix)).toEqual(['none', 'uuid']);
  const { runs: reports } = report;
  for (const [place, { fix, scraped, sent }] of runs.entries()) {
    const run = reports[place];
    if (run === undefined) throw new Error('a report is missing');
    expect(ofPrometheus(scraped)).toEqual(ofReport(run));
    expect(ofOtlp(sent)).toEqual(ofReport(run));
    const labels = { scenario: 'counted', fix, run: String(place + 1) };
    expect(sampleValue(scraped, 'doppelfleet_run_info', labels)).toBe(1);
    expect(sampleValue(scraped, 'doppelfleet_phase', { phase: 'ended' })).toBe(1);
    const meanMs = run.statistics.connects.latencyMs?.mean ?? 0;
    const sumSeconds = sampleValue(scraped, 'doppelfleet_connect_duration_seconds_sum');
    expect(sumSeconds).toBeCloseTo((meanMs * ofReport(run).accepted) / 1000, 6);
    expect(sampleValue(scraped, 'doppelfleet_worker_up')).toBe(1);
    expect(sampleValue(scraped, 'doppelfleet_worker_cpu_time_seconds_total')).toBeGreaterThan(0);
  }
  expect(reports[0]?.metrics['takeovers.count']).toBeGreaterThan(0);
  expect(reports[1]?.metrics['takeovers.count']).toBe(0);
});

it('are scraped while the command runs, and gone when it ends', { timeout: RUN_MS }, async () => {
  const folder = await temporaryFolder();
  const argv = ['run', await scenarioIn(folder), '--metrics', ':0', '--out', folder];
  let watching: Promise<Families> | undefined;
  let address = '';
  const { code } = await runCli([...argv, '--certs', join(folder, 'certs')], {}, (text) => {
    const [, url] = /^ {2}metrics {7}(http:\/\/127\.0\.0\.1:\d+\/metrics)\n/m.exec(text) ?? [];
    if (url === undefined || watching !== undefined) return;
    address = url;
    watching = scrapedUntil(url, (families) => {
      const takeovers = families.get('doppelfleet_takeovers_total')?.samples[0]?.value ?? 0;
      return takeovers > 0;
    });
  });
  expect(code).toBe(0);
  const families = await watching;
  if (families === undefined) throw new Error('no address was printed');
  expect(sampleValue(families, 'doppelfleet_devices_planned', { group: 'pumps' })).toBe(5);
  expect(sampleValue(families, 'doppelfleet_run_info', { broker: 'embedded' })).toBe(1);
  await expect(fetch(address)).rejects.toThrow();
});

/** Asks again and again; throws when the endpoint goes before it is so. */
async function scrapedUntil(url: string, isSo: (families: Families) => boolean): Promise<Families> {
  for (;;) {
    const text = await (await fetch(url)).text();
    const families = text.startsWith('# no run') ? new Map() : readExposition(text);
    if (isSo(families)) return families;
  }
}

it('cost a warning and no verdict where the receiver is missing', { timeout: RUN_MS }, async () => {
  const folder = await temporaryFolder();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  server.close();
  await once(server, 'close');
  const argv = ['run', await scenarioIn(folder), '--out', folder, '--certs', join(folder, 'certs')];
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${address.port}` };
  const { code, stderr } = await runCli([...argv, '--otlp'], env);
  expect(code).toBe(0);
  expect(stderr.match(/warning metrics do not reach .+/g)).toEqual([
    `warning metrics do not reach ${env.OTEL_EXPORTER_OTLP_ENDPOINT}: ` +
      `connect ECONNREFUSED 127.0.0.1:${address.port}; no run is affected`,
  ]);
});

it('are refused with every mistake at once, before anything is read', async () => {
  const argv = ['run', 'control-fleet', '--metrics', ':99999', '--otlp', 'collector:4317'];
  const { code, stderr } = await runCli(argv);
  expect(code).toBe(64);
  expect(stderr).toContain('error: --metrics is not an address to serve on');
  expect(stderr).toContain('error: --otlp is not the address of an OTLP receiver');
});

it('end a command whose port is taken before its first packet', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const taken = `127.0.0.1:${address.port}`;
  for (const command of ['run', 'compare', 'fix']) {
    const { code, stderr } = await runCli([command, 'control-fleet', '--metrics', taken]);
    expect([command, code]).toEqual([command, 69]);
    expect(stderr).toBe(
      `error: ${taken} of the metrics is taken — ` +
        'choose another one, such as --metrics :0 for a free port\n',
    );
  }
});
