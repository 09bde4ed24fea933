/** The page on metrics says what the code says; see `expectGenerated` for writing it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { METRIC_CATALOGUE } from '../../src/metrics/catalogue.ts';
import { prometheusLabel, prometheusName } from '../../src/metrics/metric.ts';
import { TIME_BOUNDS_SECONDS } from '../../src/metrics/time-buckets.ts';
import { runCli } from '../support/fake-environment.ts';
import { expectGenerated } from '../support/generated-page.ts';

const FILE = join(fileURLToPath(new URL('../..', import.meta.url)), 'docs', 'metrics.md');
const KINDS = {
  counter: 'counter',
  upDownCounter: 'gauge',
  gauge: 'gauge',
  histogram: 'histogram',
} as const;

function catalogueTable(): string {
  const rows = METRIC_CATALOGUE.map((metric) => {
    const { name, kind, unit, labels, help } = metric;
    const shown = labels.map((label) => `\`${prometheusLabel(label)}\``).join(', ');
    const names = `\`${prometheusName(metric)}\` | \`${name}\``;
    return `| ${names} | ${KINDS[kind]} | ${unit === '' ? '' : `\`${unit}\``} | ${shown} | ${help} |`;
  });
  return [
    '| Prometheus | OpenTelemetry | kind | unit | labels | |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function bucketSentence(): string {
  const last = TIME_BOUNDS_SECONDS.at(-1) ?? 0;
  return (
    `Both histograms have ${TIME_BOUNDS_SECONDS.length} buckets, four an octave, from ` +
    `${TIME_BOUNDS_SECONDS[0]} s to ${Math.round(last)} s.`
  );
}

describe('the page on metrics', () => {
  it('has the table and the buckets of the code', async () => {
    await expectGenerated(FILE, { catalogue: catalogueTable(), buckets: bucketSentence() });
  });

  it('is about options that the commands have', async () => {
    const page = await readFile(FILE, 'utf8');
    for (const command of ['run', 'compare', 'fix']) {
      expect(page).toContain(`\`${command}\``);
      const { stdout } = await runCli([command, '--help']);
      expect(stdout).toMatch(/--metrics .*--otlp /s);
    }
  });
});
