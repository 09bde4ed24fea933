/**
 * A month of connections in Parquet, audited by both connection checks, at growing sizes: how long,
 * in how much memory, whether the cost grows as sorting does, and whether exactly what was planted is
 * found.
 */
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { devicesFor, plantedTruth } from './audit-generator.ts';
import type { AuditHelperAnswer, AuditQuestion } from './audit-helper.ts';
import { score } from './audit-score.ts';
import type { Bench } from './bench.ts';
import { startHelper } from './child.ts';
import { PLANTED_CHECKS } from './history-generator.ts';
import { rounded, spread } from './spread.ts';

const TEN_MILLION = 10_000_000;
/** Two cores: ten million sessions, and a hundred million. */
const SECONDS_MAX = { ten: 10, hundred: 120 } as const;

export const auditBench = {
  title: 'seconds to audit a month of sessions in Parquet, against DuckDB\u2019s own sort of them',
  async run({ folder, signal, tell, sessions: sizes }) {
    /** A process for each step: its peak memory, and no leftovers of the one before. */
    const ask = async (question: AuditQuestion): Promise<AuditHelperAnswer> => {
      const helper = startHelper(new URL('./audit-helper.ts', import.meta.url), signal);
      try {
        return await helper.ask<AuditHelperAnswer>(question);
      } finally {
        await helper.end();
      }
    };
    const measured: Measured[] = [];
    for (const sessions of sizes) {
      const dataset = path.join(folder, `sessions-${sessions}`);
      const one = await measure(dataset, sessions, ask);
      const { seconds, peakResidentMiB } = one;
      tell(`${sessions} sessions: ${seconds.value} s, ${peakResidentMiB} MiB`);
      measured.push(one);
      rmSync(dataset, { recursive: true, force: true });
    }
    const largest = measured.at(-1);
    if (largest === undefined) throw new Error('no size was asked for');
    return {
      ...largest.seconds,
      bar: { atMost: largest.sessions > TEN_MILLION ? SECONDS_MAX.hundred : SECONDS_MAX.ten },
      unit: `s to audit ${largest.sessions} sessions, both checks`,
      reference: {
        what: 'DuckDB: row_number() over all sessions in the order of time, same files, s',
        ...largest.sortSeconds,
      },
      details: {
        sizes: measured.map((one, i) => ({ ...one, growth: growth(measured[i - 1], one) })),
      },
    };
  },
} satisfies Bench;

type Ask = (question: AuditQuestion) => Promise<AuditHelperAnswer>;

async function measure(folder: string, sessions: number, ask: Ask) {
  const generated = await ask({ task: 'generate', folder, sessions });
  const rounds: AuditHelperAnswer[] = [];
  const sorts: number[] = [];
  const roundCount = sessions > TEN_MILLION ? 2 : 3;
  for (let round = 0; round < roundCount; round++) {
    rounds.push(await ask({ task: 'audit', folder, window: 'run' }));
    sorts.push((await ask({ task: 'reference', folder })).seconds);
  }
  const oneDay = await ask({ task: 'audit', folder, window: 'one day' });
  const truth = plantedTruth(devicesFor(sessions));
  return {
    sessions: generated.facts?.sessions ?? 0,
    devices: devicesFor(sessions),
    megabytes: megabytesIn(folder),
    generateSeconds: rounded(generated.seconds),
    seconds: spread(rounds.map(({ seconds }) => seconds)),
    cpuSeconds: spread(rounds.map(({ cpuSeconds }) => cpuSeconds)),
    peakResidentMiB: Math.round(Math.max(...rounds.map((round) => round.peakResidentMiB))),
    sortSeconds: spread(sorts),
    oneDayOf31: {
      seconds: rounded(oneDay.seconds),
      truth: scores(truth, oneDay.found),
    },
    truth: scores(truth, rounds[0]?.found),
  };
}

function scores(truth: ReturnType<typeof plantedTruth>, found: AuditHelperAnswer['found']) {
  return Object.fromEntries(
    PLANTED_CHECKS.map((check) => [check, score(truth[check], found?.[check] ?? [])]),
  );
}

type Measured = Awaited<ReturnType<typeof measure>>;

/** The best round against that of the size before, as others' work only adds; what n·log n allows. */
function growth(before: Measured | undefined, now: Measured) {
  if (before === undefined) return undefined;
  const cost = (sessions: number): number => sessions * Math.log2(sessions);
  return {
    seconds: rounded(now.seconds.min / before.seconds.min),
    cpuSeconds: rounded(now.cpuSeconds.min / before.cpuSeconds.min),
    allowed: rounded(cost(now.sessions) / cost(before.sessions)),
  };
}

function megabytesIn(folder: string): number {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = names.map((name) => path.join(folder, name)).filter((file) => existsSync(file));
  return Math.round(files.reduce((sum, file) => sum + statSync(file).size, 0) / 1e6);
}
