/** The figures of a run of 46 devices in mid-course, as metrics are made from them. */
import { LogHistogram } from '../../src/fleet/log-histogram.ts';
import type { WorkerHealth } from '../../src/fleet/worker-health.ts';
import type { RunFigures } from '../../src/metrics/run-figures.ts';
import { someProgress } from './run-progress.ts';

export function someFigures(changes: Partial<RunFigures> = {}): RunFigures {
  return {
    scenario: 'cloned-client-ids',
    broker: 'mosquitto',
    latenessP99MsMax: 500,
    progress: someProgress(),
    counters: {
      connected: 40,
      connectedByGroup: new Map([
        ['pumps', 37],
        ['clones', 3],
      ]),
      connecting: 6,
      accepted: 1203,
      failed: 3,
      throttled: 2,
      closed: 1163,
      published: 4000,
      acknowledged: 3900,
      received: 3990,
      ...timed('latencies', 'latencySumMs', [3, 5, 5, 40, 2500]),
      ...timed('latenesses', 'latenessSumMs', [0, 0.05, 1, 2]),
    },
    workers: [someWorker()],
    ...changes,
  };
}

export function someWorker(changes: Partial<WorkerHealth> = {}): WorkerHealth {
  return {
    worker: 'this process',
    host: 'build-7',
    pid: 4711,
    devices: 46,
    eventLoopDelayMs: { p99: 4.5, max: 21 },
    garbageCollection: { count: 7, totalMs: 32.5, maxMs: 9 },
    cpuMs: 1250,
    wallMs: 12_400,
    residentBytesMax: 184_860_672,
    latenessP99Ms: 1.25,
    ...changes,
  };
}

function timed<Counts extends string, Sum extends string>(
  counts: Counts,
  sum: Sum,
  times: readonly number[],
): { readonly [Name in Counts]: Uint32Array } & { readonly [Name in Sum]: number } {
  const histogram = new LogHistogram();
  for (const ms of times) histogram.add(ms);
  const total = times.reduce((all, ms) => all + ms, 0);
  return { [counts]: histogram.counts(), [sum]: total } as {
    readonly [Name in Counts]: Uint32Array;
  } & { readonly [Name in Sum]: number };
}
