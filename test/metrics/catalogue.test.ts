/** The catalogue keeps to the conventions of both worlds, and to what labels may hold. */
import { describe, expect, it } from 'vitest';
import { METRIC_CATALOGUE, prometheusLabels } from '../../src/metrics/catalogue.ts';
import { type Metric, prometheusName, type RunLook } from '../../src/metrics/metric.ts';
import { someFigures, someWorker } from '../support/run-figures.ts';
import { someProgress } from '../support/run-progress.ts';

function look(changes: Partial<RunLook> = {}): RunLook {
  const figures = someFigures();
  return { figures, version: '0.1.0', run: 1, startedAtMs: 0, ended: false, ...changes };
}

function metric(name: string): Metric {
  const found = METRIC_CATALOGUE.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no metric ${name}`);
  return found;
}

/** Labels and values of a metric. */
function points(name: string, run: RunLook) {
  return metric(name)
    .read(run)
    .map(({ labels, value }) => [labels, value]);
}

describe('the catalogue of metrics', () => {
  it('names them as OpenTelemetry does: lower case, dotted, in one namespace, with a UCUM unit', () => {
    for (const { name, unit } of METRIC_CATALOGUE) {
      expect(name).toMatch(/^doppelfleet(\.[a-z][a-z0-9]*)+$/);
      expect(unit).toMatch(/^(s|By|\{[a-z]+\}|)$/);
    }
  });

  it('gives Prometheus names with base units, and _total exactly for what only counts up', () => {
    for (const one of METRIC_CATALOGUE) {
      const name = prometheusName(one);
      expect(name).toMatch(/^doppelfleet(_[a-z][a-z0-9]*)+$/);
      expect([name, name.endsWith('_total')]).toEqual([name, one.kind === 'counter']);
      const words = name.replace(/_total$/, '').split('_');
      expect([name, words.at(-1) === 'seconds']).toEqual([name, one.unit === 's']);
      expect([name, words.at(-1) === 'bytes']).toEqual([name, one.unit === 'By']);
    }
    expect(prometheusName(metric('doppelfleet.worker.cpu.time'))).toBe(
      'doppelfleet_worker_cpu_time_seconds_total',
    );
  });

  it('has every name once, and no name that another one begins with where a suffix would clash', () => {
    const names = METRIC_CATALOGUE.map(prometheusName);
    const all = METRIC_CATALOGUE.flatMap((one) => {
      const name = prometheusName(one);
      return one.kind === 'histogram'
        ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`]
        : [name];
    });
    expect(new Set(METRIC_CATALOGUE.map(({ name }) => name)).size).toBe(names.length);
    expect(new Set(all).size).toBe(all.length);
  });

  it('explains each in a sentence', () => {
    for (const { help } of METRIC_CATALOGUE) expect(help).toMatch(/^[A-Z1p].*\.$/);
  });

  it('gives each point exactly the labels that it declares, none of them kept for histograms', () => {
    const clock = { offsetMs: 2, uncertaintyMs: 1, driftMs: 0 };
    const figures = someFigures({ workers: [someWorker({ clock })] });
    for (const one of METRIC_CATALOGUE) {
      const read = one.read(look({ figures }));
      expect([one.name, read.length > 0]).toEqual([one.name, true]);
      for (const { labels } of read) expect(Object.keys(labels)).toEqual([...one.labels]);
      const all = prometheusLabels(one);
      expect(new Set(all).size).toBe(all.length);
      expect(all).not.toContain('le');
    }
  });
});

describe('what is read of a run', () => {
  it('adds up to the whole fleet when there are more groups than are told apart', () => {
    const progress = someProgress({ devices: 60, connected: 45, groupsLeftOut: 3 });
    const run = look({ figures: someFigures({ progress }) });
    expect(points('doppelfleet.devices.planned', run)).toEqual([
      [{ group: 'pumps' }, 40],
      [{ group: 'clones' }, 6],
      [{ group: '(others)' }, 14],
    ]);
    expect(points('doppelfleet.devices.connected', run).at(-1)).toEqual([{ group: '(others)' }, 5]);
  });

  it('has no takeovers where nobody sees them, instead of none', () => {
    const progress = someProgress({ takeoversVisible: false, takeovers: 0 });
    const figures = someFigures({ progress });
    expect(points('doppelfleet.takeovers', look())).toEqual([[{}, 412]]);
    expect(points('doppelfleet.takeovers', look({ figures }))).toEqual([]);
  });

  it('is in one phase at a time, and in none of the run’s own once the audit is done', () => {
    const phases = (run: RunLook) =>
      points('doppelfleet.phase', run).flatMap(([labels, value]) => (value === 1 ? [labels] : []));
    expect(phases(look())).toEqual([{ phase: 'running' }]);
    expect(phases(look({ ended: true }))).toEqual([{ phase: 'ended' }]);
  });

  it('tells a lost worker from one that is there, and its clock only where there are two', () => {
    const lost = someWorker({ worker: 'worker 2', lost: 'killed by SIGKILL' });
    const clock = { offsetMs: -250, uncertaintyMs: 0.5, driftMs: 0 };
    const workers = [someWorker({ worker: 'worker 1', clock }), lost];
    const run = look({ figures: someFigures({ workers }) });
    const one = { worker: 'worker 1', 'host.name': 'build-7' };
    expect(points('doppelfleet.worker.up', run)).toEqual([
      [one, 1],
      [{ ...one, worker: 'worker 2' }, 0],
    ]);
    expect(points('doppelfleet.worker.clock.offset', run)).toEqual([[one, -0.25]]);
    expect(points('doppelfleet.worker.cpu.time', run)[0]).toEqual([one, 1.25]);
  });

  it('has one point for a worker that took the place of a lost one of its name', () => {
    const workers = [someWorker({ lost: 'killed by SIGKILL' }), someWorker({ devices: 3 })];
    const run = look({ figures: someFigures({ workers }) });
    expect(points('doppelfleet.worker.up', run).map(([, value]) => value)).toEqual([1]);
    expect(points('doppelfleet.worker.devices', run).map(([, value]) => value)).toEqual([3]);
  });
});
