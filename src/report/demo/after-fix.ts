/** The second half of a demonstration: the fix, what it made quiet, and what it does not cure. */
import { plural } from '../../core/text.ts';
import { formatDuration } from '../../core/time.ts';
import { comparedValue } from '../compared-value.ts';
import {
  type Comparison,
  type ComparisonRow,
  changeOf,
  changesOf,
  compareRuns,
} from '../comparison.ts';
import { resourceLabel } from '../exports/resources.ts';
import type { BlastRadius, Report, RunReport } from '../report.ts';
import { type Act, copy, facts, words } from './act.ts';

/** The change, before it is tried: on the same seed all else is as it was. */
export function fixAct(radius: BlastRadius, before: BlastRadius, name: string, seed: number): Act {
  const changed = radius.groups.filter((group) => !before.groups.includes(group));
  const { planted } = radius;
  return {
    title: 'The fix',
    paragraphs: [
      words(`Now the same fleet on the same seed (${seed}), with one change: ${name}.`),
      facts('changed', changed.length > 0 ? changed : ['no group: the broker is what changes']),
      facts('to be found', planted.length > 0 ? planted : ['nothing any more']),
    ],
  };
}

/** How the fixed run went, against the one before. */
export function quietAct(before: RunReport, after: RunReport, report: Report): Act {
  const comparison = compareRuns(report);
  const shown = comparison.rows.filter((row) => KEPT.has(row.id) || changeOf(row, 1) === 'better');
  const { settle } = after.statistics;
  const end = settle.quiet
    ? `Once the faults ended, the fleet was quiet after ${formatDuration(settle.quietAfterMs)}.`
    : 'When the settle time was over, devices still connected and closed.';
  return {
    title: quietTitle(before, after),
    paragraphs: [
      words(
        `With «${after.fix?.title ?? after.fix?.name ?? 'the fix'}»: ${plural(before.audit.findings.length, 'finding')} before, ` +
          `${after.audit.findings.length} after; ${takeovers(before)} takeovers before, ` +
          `${takeovers(after)} after. ${end}`,
      ),
      facts(
        'measured',
        shown.map((row) => `${row.label}: ${both(row)}`),
      ),
    ],
  };
}

/** Rows that the audience has come for. */
const KEPT: ReadonlySet<string> = new Set([
  'takeovers-per-minute',
  'connects-per-second',
  'quiet-after',
]);

function quietTitle(before: RunReport, after: RunReport): string {
  if (after.audit.findings.length === 0 && takeovers(after) === 0) return 'Quiet';
  const fewer =
    after.audit.findings.length <= before.audit.findings.length &&
    takeovers(after) < takeovers(before);
  return fewer ? 'Quieter, not quiet' : 'Not quiet';
}

function takeovers({ metrics }: RunReport): number {
  return metrics['takeovers.count'] ?? 0;
}

function both({ values, unit }: ComparisonRow): string {
  return `${comparedValue(values[0], unit)} → ${comparedValue(values[1], unit)}`;
}

/** What stays, what got worse, what it costs. */
export function remainsAct(after: RunReport, report: Report): Act {
  const comparison = compareRuns(report);
  const { worse } = changesOf(comparison, 1);
  const stays = after.audit.findings.map(
    (finding) => `${finding.checkName} on ${resourceLabel(finding.nonCompliantResource)}`,
  );
  const costs = after.fix?.costs ?? [];
  const limits = limitsOf(comparison);
  return {
    title: 'What it does not cure',
    paragraphs: [
      ...(stays.length + worse.length + costs.length + limits.length === 0
        ? [words('Nothing that was measured here got worse, and the fix names no cost.')]
        : [words('What the fix leaves as it was, makes worse, or costs:')]),
      facts('still found', stays.slice(0, 5)),
      facts(
        'worse',
        worse.map((row) => `${row.label}: ${both(row)}`),
      ),
      facts('measured', limits),
      facts('by nature', costs),
    ],
  };
}

/** Numbers that stand whatever the findings say, with the sentence that explains each. */
const TOLD: ReadonlySet<string> = new Set([
  'certificates-shared',
  'ban-hidden',
  'client-ids-predictable',
  'sessions-left-behind',
  'sessions-left-by-change',
]);

function limitsOf({ rows }: Comparison): readonly string[] {
  return rows.flatMap((row) => {
    const value = row.values[1];
    const note = row.notes[1];
    if (!TOLD.has(row.id) || value === undefined || Number(value) === 0) return [];
    return [`${row.label}: ${both(row)}${note === undefined ? '' : ` (${note})`}`];
  });
}

/** How it ended, and how to do it again. */
export function closingAct(
  report: Report,
  { commands, page }: { readonly commands: readonly string[]; readonly page: string | undefined },
): Act {
  const runs = report.runs.map(
    ({ fix, verdict }) => `${fix?.name ?? 'as is'}: expectations ${verdict.outcome}`,
  );
  return {
    title: 'Again, and on your own',
    paragraphs: [
      facts('verdict', runs),
      copy('evidence', [report.folder]),
      ...(page === undefined ? [] : [copy('page', [page])]),
      copy('commands', commands),
      words(''),
    ],
  };
}
