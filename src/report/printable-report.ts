/** A stored report with every text in it fit for a terminal: it may come from anyone. Pure. */
import { printable } from '../core/text.ts';
import type { Report } from './report.ts';
import type { ScriptReport } from './script-report.ts';

/** Longer than any path, sentence or client ID that is shown whole. */
const TEXT_LENGTH_MAX = 100_000;

/** The same report, texts and keys of maps alike with visible escapes. */
export function printableReport<T extends Report | ScriptReport>(report: T): T {
  return safe(report) as T;
}

function safe(value: unknown): unknown {
  if (typeof value === 'string') return printable(value, TEXT_LENGTH_MAX);
  if (Array.isArray(value)) return value.map(safe);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [printable(key), safe(inner)]),
  );
}
