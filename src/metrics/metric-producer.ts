/**
 * The catalogue and the newest figures as OpenTelemetry's metric data. The SDK aggregates nothing
 * here: counts are kept by the fleet, and every value is cumulative since the start of its run.
 */
import type { DataPoint, MetricData, MetricProducer } from '@opentelemetry/sdk-metrics';
import { printable } from '../core/text.ts';
import { METRIC_CATALOGUE, NO_FIX } from './catalogue.ts';
import {
  type HistogramValue,
  type Metric,
  type Point,
  prometheusName,
  type RunLook,
} from './metric.ts';
import type { RunBoard } from './run-board.ts';
import type { LoadedSdk, MetricsSdk } from './sdk.ts';

/** `ValueType` of OpenTelemetry's API. */
const WHOLE = 0;
const FLOATING = 1;

export interface ProducerOptions {
  readonly sdk: LoadedSdk;
  readonly board: RunBoard;
  readonly version: string;
  /** The Prometheus exporter adds no unit to a name, so it is given the whole one. */
  readonly names: 'opentelemetry' | 'prometheus';
  readonly now: () => number;
}

/** Gives nothing as long as no run has begun. */
export function metricProducer({
  sdk,
  board,
  version,
  names,
  now,
}: ProducerOptions): MetricProducer {
  const collect: MetricProducer['collect'] = async () => {
    const { look } = board;
    const describe = names === 'prometheus' ? describedForPrometheus : described;
    const metrics =
      look === undefined
        ? []
        : METRIC_CATALOGUE.map((metric) =>
            metricData(sdk.metrics, metric, describe(metric), { look, now: now() }),
          ).filter(({ dataPoints }) => dataPoints.length > 0);
    const scopeMetrics =
      metrics.length === 0 ? [] : [{ scope: { name: 'doppelfleet', version }, metrics }];
    return { resourceMetrics: { resource: sdk.resource, scopeMetrics }, errors: [] };
  };
  return { collect };
}

function described(metric: Metric): MetricData['descriptor'] {
  const { name, help, unit } = metric;
  const valueType = unit === 's' ? FLOATING : WHOLE;
  return { name, description: help, unit, valueType };
}

function describedForPrometheus(metric: Metric): MetricData['descriptor'] {
  return { ...described(metric), name: prometheusName(metric), unit: '' };
}

interface Moment {
  readonly look: RunLook;
  readonly now: number;
}

function metricData(
  { AggregationTemporality, DataPointType }: MetricsSdk,
  metric: Metric,
  descriptor: MetricData['descriptor'],
  moment: Moment,
): MetricData {
  const common = { descriptor, aggregationTemporality: AggregationTemporality.CUMULATIVE };
  if (metric.kind === 'histogram') {
    const dataPoints = metric
      .read(moment.look)
      .map((point) => dataPoint(point, histogram(point.value), moment));
    return { ...common, dataPointType: DataPointType.HISTOGRAM, dataPoints };
  }
  const dataPoints = metric.read(moment.look).map((point) => dataPoint(point, point.value, moment));
  if (metric.kind === 'gauge') return { ...common, dataPointType: DataPointType.GAUGE, dataPoints };
  const isMonotonic = metric.kind === 'counter';
  return { ...common, dataPointType: DataPointType.SUM, isMonotonic, dataPoints };
}

function dataPoint<Value>(
  { labels }: Point<unknown>,
  value: Value,
  { look, now }: Moment,
): DataPoint<Value> {
  const { scenario, fix = NO_FIX } = look.figures;
  const all = { scenario, fix, run: String(look.run), ...labels };
  return {
    startTime: hrTime(look.startedAtMs),
    endTime: hrTime(now),
    attributes: Object.fromEntries(
      Object.entries(all).map(([label, text]) => [label, printable(text)]),
    ),
    value,
  };
}

function histogram({ boundsSeconds, counts, count, sumSeconds }: HistogramValue) {
  return {
    buckets: { boundaries: [...boundsSeconds], counts: [...counts] },
    count,
    sum: sumSeconds,
  };
}

function hrTime(ms: number): [seconds: number, nanoseconds: number] {
  const whole = Math.floor(ms / 1000);
  return [whole, Math.round((ms - whole * 1000) * 1e6)];
}
