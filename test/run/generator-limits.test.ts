/** The generator's own health: which limit a run has gone beyond, and by whom. */
import { describe, expect, it } from 'vitest';
import type { WorkerHealth } from '../../src/fleet/worker-health.ts';
import { limitsPassed } from '../../src/run/generator-limits.ts';

const MIB = 1024 * 1024;
const LIMITS = {
  eventLoopDelayP99MsMax: 100,
  gcShareMax: 0.3,
  cpuShareMax: 0.9,
  residentMiBMax: 500,
  clockDriftMsMax: 50,
};

function health(worker: string, change: Partial<WorkerHealth> = {}): WorkerHealth {
  return {
    worker,
    host: 'here',
    pid: 1,
    devices: 10,
    eventLoopDelayMs: { p99: 5, max: 20 },
    garbageCollection: { count: 3, totalMs: 50, maxMs: 20 },
    cpuMs: 4_000,
    wallMs: 10_000,
    residentBytesMax: 200 * MIB,
    ...change,
  };
}

function passed(...workers: readonly WorkerHealth[]): readonly string[] {
  return limitsPassed(workers, LIMITS, []).map(({ text, because }) => `${text}: ${because}`);
}

describe('limitsPassed', () => {
  it('is silent about a generator that was well', () => {
    expect(passed(health('worker 1'), health('worker 2'))).toEqual([]);
  });

  it.each<[string, Partial<WorkerHealth>, RegExp]>([
    ['a blocked event loop', { eventLoopDelayMs: { p99: 180, max: 900 } }, /event loop.*180 ms/],
    ['a busy CPU', { cpuMs: 9_500 }, /at most 90 % of a core.*95 %/],
    [
      'collecting all the time',
      { garbageCollection: { count: 90, totalMs: 4_000, maxMs: 300 } },
      /at most 30 % collecting.*40 %/,
    ],
    ['too much memory', { residentBytesMax: 800 * MIB }, /below 500 MiB.*800 MiB/],
    [
      'a clock that moved',
      { clock: { offsetMs: 3, uncertaintyMs: 1, driftMs: -400 } },
      /within 50 ms.*400 ms apart/,
    ],
  ])('names the limit and the worker for %s', (_what, change, said) => {
    const [sentence, ...others] = passed(health('worker 1'), health('worker 2', change));
    expect(others).toEqual([]);
    expect(sentence).toMatch(said);
    expect(sentence).toContain('worker 2');
  });

  it('says nothing of shares of an instant', () => {
    expect(passed(health('worker 1', { cpuMs: 500, wallMs: 500 }))).toEqual([]);
  });

  it('has no limit of memory unless there is one', () => {
    const { residentMiBMax: _none, ...limits } = LIMITS;
    const large = health('worker 1', { residentBytesMax: 9_000 * MIB });
    expect(limitsPassed([large], limits, [])).toEqual([]);
  });

  it('tells of every part of the fleet that was lost', () => {
    expect(limitsPassed([], LIMITS, ['worker 2 has gone'])).toEqual([
      { text: 'every part of the fleet lasts until the end', because: 'worker 2 has gone' },
    ]);
  });
});
