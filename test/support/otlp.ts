/** Reads the JSON of an OTLP export of metrics (opentelemetry-proto, `ExportMetricsServiceRequest`). */
import { z } from 'zod';

const attributes = z
  .array(z.object({ key: z.string(), value: z.object({ stringValue: z.string() }) }))
  .transform((all) => Object.fromEntries(all.map(({ key, value }) => [key, value.stringValue])));
const nanoseconds = z
  .string()
  .regex(/^\d+$/)
  .transform((text) => Number(BigInt(text) / 1_000_000n) / 1000);
const moment = { attributes, startTimeUnixNano: nanoseconds, timeUnixNano: nanoseconds };
const numbers = z.array(
  z.object({ ...moment, asInt: z.number().int().optional(), asDouble: z.number().optional() }),
);
const histograms = z.array(
  z
    .object({
      ...moment,
      count: z.number().int(),
      sum: z.number(),
      bucketCounts: z.array(z.number().int()),
      explicitBounds: z.array(z.number()),
    })
    .refine(({ bucketCounts, explicitBounds }) => bucketCounts.length === explicitBounds.length + 1)
    .refine(({ bucketCounts, count }) => bucketCounts.reduce((a, b) => a + b, 0) === count),
);
/** AGGREGATION_TEMPORALITY_CUMULATIVE. */
const cumulative = { aggregationTemporality: z.literal(2) };
const metric = z.object({
  name: z.string(),
  unit: z.string(),
  description: z.string().min(1),
  gauge: z.object({ dataPoints: numbers }).optional(),
  sum: z.object({ dataPoints: numbers, isMonotonic: z.boolean(), ...cumulative }).optional(),
  histogram: z.object({ dataPoints: histograms, ...cumulative }).optional(),
});
const scoped = z.object({ scope: z.object({ name: z.string() }), metrics: z.array(metric) });
const exported = z.object({
  resourceMetrics: z.tuple([
    z.object({ resource: z.object({ attributes }), scopeMetrics: z.tuple([scoped]) }),
  ]),
});

export interface OtlpPoint {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number | { readonly count: number; readonly sum: number };
  readonly startSeconds: number;
}

export interface OtlpMetric {
  readonly name: string;
  readonly unit: string;
  readonly kind: 'counter' | 'upDownCounter' | 'gauge' | 'histogram';
  readonly points: readonly OtlpPoint[];
}

/** Throws when it is not what the protocol defines. */
export function readOtlp(body: string) {
  const [{ resource, scopeMetrics }] = exported.parse(JSON.parse(body)).resourceMetrics;
  const metrics = scopeMetrics[0].metrics.map(read);
  return {
    resource: resource.attributes,
    metrics: new Map(metrics.map((one) => [one.name, one])),
  };
}

/** Labels and values. */
export function pointsOf(metrics: ReadonlyMap<string, OtlpMetric>, name: string) {
  return (metrics.get(name)?.points ?? []).map(({ labels, value }) => [labels, value] as const);
}

function read({ name, unit, gauge, sum, histogram }: z.infer<typeof metric>): OtlpMetric {
  if (histogram !== undefined) {
    const points = histogram.dataPoints.map((one) => ({
      ...common(one),
      value: { count: one.count, sum: one.sum },
    }));
    return { name, unit, kind: 'histogram', points };
  }
  const points = [...(gauge?.dataPoints ?? []), ...(sum?.dataPoints ?? [])].map((one) => ({
    ...common(one),
    value: one.asInt ?? one.asDouble ?? Number.NaN,
  }));
  const counted = sum?.isMonotonic === true ? 'counter' : 'upDownCounter';
  return { name, unit, kind: gauge === undefined ? counted : 'gauge', points };
}

function common(point: { attributes: Record<string, string>; startTimeUnixNano: number }) {
  return { labels: point.attributes, startSeconds: point.startTimeUnixNano };
}
