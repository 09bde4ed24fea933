/** From reports to the exit code: the most serious of all. The table is part of `--help`. */
import {
  EXIT,
  type ExitCode,
  mergeOutcomes,
  type Outcome,
  type Report,
  type ScriptReport,
} from '../index.ts';

export const EXIT_CODES_HELP = [
  'Exit codes:',
  '   0 all expectations met            65 invalid file: scenario, history, …',
  '   1 some unmet                      69 broker or network unavailable',
  '   2 inconclusive                    70 internal error',
  '  64 bad arguments, target refused   74 disk full or not writable',
  '                                    130 interrupted',
].join('\n');

const BY_OUTCOME: Readonly<Record<Outcome, ExitCode>> = {
  met: EXIT.met,
  unmet: EXIT.unmet,
  inconclusive: EXIT.inconclusive,
};

export function outcomeExitCode(outcome: Outcome): ExitCode {
  return BY_OUTCOME[outcome];
}

export function exitCodeOf(
  reports: readonly (Report | ScriptReport)[],
  interrupted: boolean,
): ExitCode {
  const ends = reports.flatMap((report) =>
    'kind' in report ? [report.ended] : report.runs.map((run) => run.outcome),
  );
  if (interrupted || ends.includes('interrupted')) return EXIT.interrupted;
  if (ends.includes('failed')) return EXIT.unavailable;
  return outcomeExitCode(mergeOutcomes(reports.map((report) => report.outcome)));
}
