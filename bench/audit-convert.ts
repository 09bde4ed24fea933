/** A history as NDJSON: converted to Parquet, audited as it is, and audited as what it became. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import type { ConvertAnswer, ConvertQuestion } from './audit-convert-helper.ts';
import { score } from './audit-score.ts';
import type { Bench } from './bench.ts';
import { startHelper } from './child.ts';
import { generateHistory, PLANTED_CHECKS } from './history-generator.ts';
import { rounded, spread } from './spread.ts';

const ROUNDS = 3;
const EVENTS_PER_SECOND_MIN = 500_000;

export const convertBench = {
  title: 'events a second from NDJSON to Parquet, against DuckDB\u2019s own parsing of the lines',
  async run({ folder, signal, tell, events }) {
    const file = path.join(folder, 'history.ndjson');
    const dataset = path.join(folder, 'dataset');
    const planted = await generateHistory(file, events, signal);
    tell(`history of ${planted.events} events, ${planted.megabytes} MB`);
    /** A process for each step: its peak memory, and no leftovers of the one before. */
    const ask = async (task: ConvertQuestion['task'], input = file): Promise<ConvertAnswer> => {
      const helper = startHelper(new URL('./audit-convert-helper.ts', import.meta.url), signal);
      const question: ConvertQuestion = { task, file: input, folder: dataset };
      try {
        return await helper.ask<ConvertAnswer>(question);
      } finally {
        await helper.end();
      }
    };
    const converted: ConvertAnswer[] = [];
    const parsed: ConvertAnswer[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      rmSync(dataset, { recursive: true, force: true });
      converted.push(await ask('convert'));
      parsed.push(await ask('reference'));
      tell(`round ${round} of ${ROUNDS}`);
    }
    const audits = { ndjson: await ask('audit'), parquet: await ask('audit', dataset) };
    const perSecond = (answers: readonly ConvertAnswer[]) =>
      spread(answers.map(({ seconds }) => planted.events / seconds));
    return {
      ...perSecond(converted),
      bar: { atLeast: EVENTS_PER_SECOND_MIN },
      unit: `events/s from NDJSON to Parquet, ${planted.events} events`,
      reference: {
        what: 'DuckDB: counts of values by read_json of the same file, events/s',
        ...perSecond(parsed),
      },
      details: {
        events: planted.events,
        megabytes: planted.megabytes,
        peakResidentMiB: Math.round(Math.max(...converted.map((one) => one.peakResidentMiB))),
        audits: Object.fromEntries(
          Object.entries(audits).map(([from, { seconds, peakResidentMiB, found }]) => [
            from,
            {
              seconds: rounded(seconds),
              peakResidentMiB: Math.round(peakResidentMiB),
              truth: Object.fromEntries(
                PLANTED_CHECKS.map((check) => [
                  check,
                  score(planted.truth[check], found?.[check] ?? []),
                ]),
              ),
            },
          ]),
        ),
      },
    };
  },
} satisfies Bench;
