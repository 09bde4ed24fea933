/** What the checks' mappings from rows to findings have in common. Pure. */
import { EVIDENCE_MAX } from '../../core/limits.ts';

/** Runs of rows with one key, each with its first row, in the order of the rows. */
export function groupBy<Row>(
  rows: readonly Row[],
  keyOf: (row: Row) => string,
): (readonly [Row, readonly Row[]])[] {
  const groups: (readonly [Row, Row[]])[] = [];
  let key: string | undefined;
  for (const row of rows) {
    const group = groups.at(-1)?.[1];
    if (group !== undefined && keyOf(row) === key) group.push(row);
    else groups.push([row, [row]]);
    key = keyOf(row);
  }
  return groups;
}

/** Event numbers of the first rows, at most {@link EVIDENCE_MAX}, ascending and each once. */
export function evidenceOf(
  rows: readonly { readonly evidence: readonly (number | null)[] }[],
): readonly number[] {
  const numbers = new Set<number>();
  for (const row of rows) {
    for (const number of row.evidence) {
      if (numbers.size >= EVIDENCE_MAX) break;
      if (number !== null) numbers.add(number);
    }
  }
  return [...numbers].sort((a, b) => a - b);
}

interface InferredRow {
  readonly certificate_joined: boolean;
  readonly takeover_inferred?: boolean;
  /** Field names that the source marked as inferred, separated by commas. */
  readonly inferred: string | null;
}

/** Fields on which every finding about sessions rests. */
const FOUNDATION = ['at', 'sessionId', 'clientId', 'certificateId', 'principal'];

/** Names of the fields that matter and were filled by correlation, in alphabetical order. */
export function inferredFields(
  rows: readonly InferredRow[],
  alsoMatters: readonly string[],
): readonly string[] {
  const matters = new Set([...FOUNDATION, ...alsoMatters]);
  const names = new Set<string>();
  for (const row of rows) {
    if (row.certificate_joined) names.add('certificateId');
    if (row.takeover_inferred) names.add('reason');
    for (const name of row.inferred?.split(',') ?? []) if (matters.has(name)) names.add(name);
  }
  return [...names].sort();
}
