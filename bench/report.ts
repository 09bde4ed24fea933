/** The report page of a large run: how long it takes to write, and what it weighs. */
import type { Bench } from './bench.ts';
import { startHelper } from './child.ts';
import { makeReportFolder, SESSIONS } from './report-folder.ts';
import type { ReportAnswer, ReportQuestion } from './report-helper.ts';
import { spread } from './spread.ts';

const ROUNDS = 5;
const SECONDS_MAX = 5;
const MEGABYTES_MAX = 10;

export const reportBench = {
  title: `seconds to write the page of ${SESSIONS} sessions, against their events as plain JSON`,
  async run({ folder, signal, tell }) {
    const file = await makeReportFolder(folder, SESSIONS, signal);
    tell(`folder of a run with ${SESSIONS} sessions`);
    const pages: ReportAnswer[] = [];
    const references: ReportAnswer[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      pages.push(await answerOf({ task: 'page', file }, signal));
      references.push(await answerOf({ task: 'reference', file }, signal));
      tell(`round ${round} of ${ROUNDS}`);
    }
    const megabytes = spread(pages.map((page) => page.megabytes));
    return {
      ...spread(pages.map(({ seconds }) => seconds)),
      bar: { atMost: SECONDS_MAX },
      unit: `s to write the page, ${SESSIONS} sessions`,
      reference: {
        what: 'reading the same history and writing its events as one JSON array, s',
        ...spread(references.map(({ seconds }) => seconds)),
      },
      details: {
        sessions: SESSIONS,
        megabytes: {
          ...megabytes,
          bar: { atMost: MEGABYTES_MAX },
          met: megabytes.value <= MEGABYTES_MAX,
          reference: spread(references.map((reference) => reference.megabytes)),
        },
        peakResidentMiB: spread(pages.map((page) => page.peakResidentMiB)),
      },
    };
  },
} satisfies Bench;

/** Asks a process of its own, which then ends. */
export async function answerOf(
  question: ReportQuestion,
  signal: AbortSignal,
): Promise<ReportAnswer> {
  const helper = startHelper(new URL('./report-helper.ts', import.meta.url), signal);
  try {
    return await helper.ask<ReportAnswer>(question);
  } finally {
    await helper.end();
  }
}
