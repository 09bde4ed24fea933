/** The dashboard for Grafana: whole, without overlaps, and about metrics that there are. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parser } from '@prometheus-io/lezer-promql';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { METRIC_CATALOGUE, prometheusLabels } from '../../src/metrics/catalogue.ts';
import { type Metric, prometheusName } from '../../src/metrics/metric.ts';

const FILE = fileURLToPath(new URL('../../docs/grafana/doppelfleet.json', import.meta.url));

const datasource = z.object({ type: z.literal('prometheus'), uid: z.literal(`\${datasource}`) });
const target = z.object({
  datasource,
  expr: z.string().min(1),
  refId: z.string(),
  legendFormat: z.string(),
});
const gridPos = z.object({
  x: z.int().min(0).max(23),
  y: z.int().min(0),
  w: z.int().min(1).max(24),
  h: z.int().min(1),
});
const place = { id: z.int().positive(), title: z.string().min(1), gridPos };
const panel = z.discriminatedUnion('type', [
  z.object({ ...place, type: z.literal('row'), panels: z.tuple([]) }),
  ...(['stat', 'timeseries'] as const).map((type) =>
    z.object({
      ...place,
      type: z.literal(type),
      datasource,
      targets: z.array(target).min(1),
      fieldConfig: z.object({ defaults: z.object({ unit: z.string().min(1) }) }),
    }),
  ),
]);
const dashboard = z.object({
  id: z.null(),
  uid: z.literal('doppelfleet'),
  title: z.literal('doppelfleet'),
  timezone: z.literal('browser'),
  schemaVersion: z.int().min(39),
  refresh: z.string(),
  panels: z.array(panel).min(15),
  annotations: z.object({ list: z.array(z.object({ expr: z.string().optional() })) }),
  templating: z.object({
    list: z.array(
      z.object({
        name: z.string(),
        type: z.enum(['datasource', 'query']),
        definition: z.string().optional(),
      }),
    ),
  }),
});

const { panels, annotations, templating } = dashboard.parse(
  JSON.parse(await readFile(FILE, 'utf8')),
);
const targets = panels.flatMap((one) => (one.type === 'row' ? [] : one.targets));
const expressions = [
  ...targets.map(({ expr }) => expr),
  ...annotations.list.flatMap(({ expr }) => expr ?? []),
];

/** Every name that Prometheus gives to what is in the catalogue. */
const byName = new Map(
  METRIC_CATALOGUE.flatMap((metric): [string, Metric][] => {
    const name = prometheusName(metric);
    return metric.kind === 'histogram'
      ? ['_bucket', '_sum', '_count'].map((suffix) => [name + suffix, metric])
      : [[name, metric]];
  }),
);

/** Metrics and labels of an expression; throws when it is no PromQL. */
function readPromql(expr: string) {
  // As Grafana fills it in.
  const text = expr.replaceAll('$__rate_interval', '1m').replace(/\$(scenario|fix)\b/g, '.*');
  const metrics: string[] = [];
  const labels: string[] = [];
  parser.parse(text).iterate({
    enter({ name, type, from, to }) {
      if (type.isError) throw new Error(`no PromQL at character ${from}: ${text}`);
      const is = (...parents: readonly string[]): boolean => parents.includes(name);
      if (is('Identifier') || is('MetricIdentifier')) metrics.push(text.slice(from, to));
      if (is('LabelName')) labels.push(text.slice(from, to));
    },
  });
  return { metrics: [...new Set(metrics)], labels };
}

describe('the dashboard', () => {
  it('gives every panel an ID of its own, and a name within its row', () => {
    const ids = panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const titles = panels.map(({ title }) => title);
    expect(titles.length - new Set(titles).size).toBeLessThanOrEqual(1);
    for (const one of panels) {
      if (one.type === 'row') continue;
      const refs = one.targets.map(({ refId }) => refId);
      expect(new Set(refs).size).toBe(refs.length);
    }
  });

  it('puts no panel over another or beyond the edge', () => {
    for (const [number, { gridPos: a, title }] of panels.entries()) {
      expect([title, a.x + a.w <= 24]).toEqual([title, true]);
      for (const { gridPos: b, title: other } of panels.slice(number + 1)) {
        const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
        expect([title, other, apart]).toEqual([title, other, true]);
      }
    }
  });

  it('asks in PromQL for metrics of the catalogue, by labels that they have', () => {
    for (const expr of expressions) {
      const { metrics, labels } = readPromql(expr);
      expect([expr, metrics.length]).toEqual([expr, 1]);
      const metric = byName.get(metrics[0] ?? '');
      if (metric === undefined) throw new Error(`no such metric: ${expr}`);
      const known = [...prometheusLabels(metric), ...(metric.kind === 'histogram' ? ['le'] : [])];
      expect([expr, labels.filter((label) => !known.includes(label))]).toEqual([expr, []]);
    }
    expect(() => readPromql('sum(rate(doppelfleet_takeovers_total[5m])')).toThrow('no PromQL');
  });

  it('takes rates of what only counts up, and of nothing else', () => {
    for (const expr of expressions) {
      const metric = byName.get(readPromql(expr).metrics[0] ?? '');
      const isRate = /\b(rate|increase)\(/.test(expr);
      const isTotal = /^sum\(doppelfleet_\w+_total\{[^}]*\}\)$/.test(expr);
      const counts = metric?.kind === 'counter' || metric?.kind === 'histogram';
      expect([expr, isRate || isTotal]).toEqual([expr, counts]);
    }
  });

  it('names in its legends only labels that are left in the result', () => {
    for (const { expr, legendFormat } of targets) {
      const metric = byName.get(readPromql(expr).metrics[0] ?? '');
      const kept = /\bby \(([^)]*)\)/.exec(expr)?.[1]?.split(', ');
      const all = metric === undefined ? [] : prometheusLabels(metric);
      const left = kept ?? (/^(sum|max|count)\(/.test(expr) ? [] : all);
      const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label ?? '');
      expect([expr, shown.filter((label) => !left.includes(label))]).toEqual([expr, []]);
    }
  });

  it('shows every metric of the catalogue', () => {
    const shown = new Set(expressions.flatMap((expr) => readPromql(expr).metrics));
    const used = new Set([...shown].map((name) => byName.get(name)));
    const leftOut = METRIC_CATALOGUE.filter((metric) => !used.has(metric));
    expect(leftOut.map(prometheusName)).toEqual([]);
  });

  it('lets its reader choose the data source, the scenario and the fix', () => {
    expect(templating.list.map(({ name, type }) => [name, type])).toEqual([
      ['datasource', 'datasource'],
      ['scenario', 'query'],
      ['fix', 'query'],
    ]);
    const asked = templating.list.flatMap(({ definition }) => definition ?? []);
    for (const definition of asked) {
      const [, expr = '', label = ''] = /^label_values\((.+), (\w+)\)$/.exec(definition) ?? [];
      const metric = byName.get(readPromql(expr).metrics[0] ?? '');
      expect([definition, metric && prometheusLabels(metric).includes(label)]).toEqual([
        definition,
        true,
      ]);
    }
  });
});
