/** A fleet in worker processes on real sockets: the same findings as in one, and what faults do. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { localEngine } from '../../src/index.ts';
import type { RunReport } from '../../src/report/report.ts';
import type { RunOptions } from '../../src/run/ports.ts';
import { runScenario } from '../../src/run/run-scenario.ts';
import { loadScenario } from '../../src/scenario/load.ts';
import { deviceEvents, findingsOf, MIXED } from '../support/mixed-fleet.ts';
import { writeScenario } from '../support/scenario-file.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function run(options: RunOptions, text = MIXED) {
  const folder = await temporaryFolder();
  const file = await writeScenario(folder, text);
  const report = await runScenario(await loadScenario(file), {
    out: join(folder, 'runs'),
    certs: join(folder, 'certs'),
    page: false,
    ...options,
  });
  const [only] = report.runs;
  if (only === undefined) throw new Error('no run');
  return { outcome: report.outcome, run: only };
}

function unmet({ verdict }: RunReport): readonly string[] {
  return verdict.expectations
    .filter(({ outcome }) => outcome !== 'met')
    .map(({ outcome, because }) => `${outcome}: ${because}`);
}

describe('a fleet in worker processes', () => {
  test('has the findings of one process, and tells them in the order of time', async () => {
    const [one, two] = [await run({}), await run({ engine: localEngine(2) })];
    expect(unmet(two.run)).toEqual([]);
    expect(two.outcome).toBe('met');
    expect(findingsOf(two.run)).toEqual(findingsOf(one.run));
    expect(findingsOf(two.run)).toHaveLength(4);
    const times = (await deviceEvents(two.run)).map(({ at }) => at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const { workers = [], messages, devices } = two.run.statistics;
    expect(workers.map(({ worker }) => worker)).toEqual(['worker 1', 'worker 2']);
    expect(new Set(workers.map(({ pid }) => pid)).size).toBe(2);
    expect(workers.reduce((sum, one) => sum + one.devices, 0)).toBe(devices.total);
    expect(devices.neverConnected).toEqual([]);
    expect(messages.acknowledged).toBe(messages.published);
    expect(messages.deliveries).toMatchObject({ lost: 0, duplicated: 0 });
    expect(messages.deliveries?.due).toBeGreaterThan(100);
  });

  test('is inconclusive when a worker is killed, and keeps what it had told', async () => {
    const pids = new Map<string, number>();
    let killed = false;
    const { outcome, run: report } = await run({
      engine: localEngine(3),
      observer: {
        figures: ({ workers, progress }) => {
          for (const { worker, pid } of workers) pids.set(worker, pid);
          const victim = pids.get('worker 2');
          if (killed || victim === undefined || progress.connected < 30) return;
          killed = true;
          process.kill(victim, 'SIGKILL');
        },
      },
    });
    expect(killed).toBe(true);
    expect(outcome).toBe('inconclusive');
    expect(report.outcome).toBe('completed');
    expect(unmet(report).join('\n')).toMatch(
      /inconclusive: worker 2, which drove \d+ devices, was ended by SIGKILL/,
    );
    expect(report.statistics.workers?.[1]?.lost).toContain('SIGKILL');
    const events = await deviceEvents(report);
    const ended = events.filter(({ raw }) => raw === 'worker 2 was ended by SIGKILL');
    expect(ended.length).toBeGreaterThan(0);
    const sessions = new Set(ended.map(({ sessionId }) => sessionId));
    const connects = events.filter(
      ({ kind, sessionId }) => kind === 'connected' && sessions.has(sessionId),
    );
    expect(connects).toHaveLength(sessions.size);
  });

  test('ends early when every worker is gone', async () => {
    const killed = new Set<number>();
    const { outcome, run: report } = await run(
      {
        engine: localEngine(2),
        observer: {
          figures: ({ workers, progress }) => {
            if (progress.connected < 30) return;
            for (const { pid, lost } of workers) {
              if (lost !== undefined || killed.has(pid)) continue;
              killed.add(pid);
              process.kill(pid, 'SIGKILL');
            }
          },
        },
      },
      MIXED.replace('duration: 3s', 'duration: 10m'),
    );
    expect(killed.size).toBe(2);
    expect(outcome).toBe('inconclusive');
    expect(report.endedAt - report.startedAt).toBeLessThan(300_000);
  });

  test('leaves no worker behind when the run is interrupted', async () => {
    const interrupt = new AbortController();
    const pids = new Set<number>();
    const { run: report } = await run(
      {
        engine: localEngine(2),
        signal: interrupt.signal,
        observer: {
          figures: ({ workers, progress }) => {
            for (const { pid } of workers) pids.add(pid);
            if (progress.connected >= 30) interrupt.abort();
          },
        },
      },
      MIXED.replace('duration: 3s', 'duration: 10m'),
    );
    expect(report.outcome).toBe('interrupted');
    expect(pids.size).toBe(2);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    const events = await deviceEvents(report);
    const open = new Set<string>();
    for (const { kind, sessionId } of events) {
      if (kind === 'connected') open.add(sessionId);
      else open.delete(sessionId);
    }
    expect([...open]).toEqual([]);
  });
});

test('a run that is interrupted while its workers get ready was interrupted, not refused', async () => {
  const interrupt = new AbortController();
  const interrupted = run({
    engine: (plan) => {
      const engine = localEngine(2)(plan);
      return {
        ...engine,
        muster: (request) => {
          const mustering = engine.muster(request);
          interrupt.abort();
          return mustering;
        },
      };
    },
    signal: interrupt.signal,
  });
  await expect(interrupted).rejects.toMatchObject({ name: 'AbortError' });
});

describe('the ways to the broker', () => {
  test('connect from every source address that was named', async () => {
    const { outcome, run: report } = await run({
      engine: localEngine(2),
      sourceAddresses: ['127.0.0.1', '127.0.0.2', '127.0.0.3'],
    });
    expect(outcome).toBe('met');
    const seen = new Set((await deviceEvents(report)).flatMap(({ ip }) => ip ?? []));
    expect([...seen].toSorted()).toEqual(['127.0.0.1', '127.0.0.2', '127.0.0.3']);
  });

  test('are refused before the first packet if they do not exist, or do not suffice', async () => {
    const large = MIXED.replace('sensors: { devices: 24', 'sensors: { devices: 60000');
    const caps = { devicesMax: 1_000_000, arrivalsPerSecondMax: 1_000_000 };
    const refused = run(
      { caps: { ...caps, durationMsMax: 1e9 }, sourceAddresses: ['192.0.2.7'] },
      large,
    );
    const error = await refused.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof UserError)) throw error;
    const told = error.problems.map(({ message }) => message).join('\n');
    expect(error.exitCode).toBe(64);
    expect(told).toContain('--source-address 192.0.2.7 is no address of this machine');
    expect(told).toContain('connections from 192.0.2.7 need as many ports');
    expect(told).toContain('open files');
  });
});
