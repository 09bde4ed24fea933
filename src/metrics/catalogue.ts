/**
 * Every metric there is, in the order of the page on them. A new one is one more entry in one of the
 * two lists; `docs/metrics.md` and the dashboard are held to it by tests.
 */
import { type Metric, prometheusLabel } from './metric.ts';
import { RUN_METRICS } from './run-metrics.ts';
import { WORKER_METRICS } from './worker-metrics.ts';

/** Labels that every metric has: which run it is of, counted from 1 in the life of the process. */
const RUN_LABELS = ['scenario', 'fix', 'run'] as const;

/** The value of the label `fix` for the scenario as it is. */
export const NO_FIX = 'none';

export const METRIC_CATALOGUE: readonly Metric[] = [...RUN_METRICS, ...WORKER_METRICS];

/** `fix`, `group`, `run`, `scenario`: the labels of a metric as Prometheus knows them. */
export function prometheusLabels({ labels }: Metric): readonly string[] {
  return [...RUN_LABELS, ...labels.map(prometheusLabel)];
}
