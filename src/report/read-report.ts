/**
 * Reads a stored report: the version first, since a newer one may mean something else, then every
 * member that a renderer uses. What is no report is told apart from one that is damaged. Pure.
 */
import { EXIT, type Problem, UserError } from '../core/errors.ts';
import { plural, printable } from '../core/text.ts';
import { REPORT_VERSION, type Report, type RunReport } from './report.ts';
import { FLEET_REPORT, SCRIPT_REPORT } from './report-shape.ts';
import type { ScriptReport } from './script-report.ts';
import { isObject, shapeProblems } from './shape.ts';

/** Of a file that is wrong throughout, so many problems tell as much as all. */
const PROBLEMS_SHOWN_MAX = 10;

/** Throws a {@link UserError} (65) that names `file` and what is wrong with it. */
export function parseReport(text: string, file: string): Report | ScriptReport {
  const value = parsed(text, file);
  if (!isObject(value) || !Object.hasOwn(value, 'reportVersion')) throw noReport(value, file);
  checkVersion(value, file);
  const shape = value.kind === 'script' ? SCRIPT_REPORT : FLEET_REPORT;
  const problems = shapeProblems(value, shape);
  if (problems.length > 0) throw damaged(problems, file);
  return completed(value as unknown as Report | ScriptReport);
}

/** Fixes had no parts in the first reports of this version: they were of one strategy each. */
function completed(report: Report | ScriptReport): Report | ScriptReport {
  if ('kind' in report) return report;
  const runs = report.runs.map((run) => {
    const fix = run.fix as (Omit<Fix, 'parts'> & Partial<Fix>) | undefined;
    return fix === undefined ? run : { ...run, fix: { ...fix, parts: fix.parts ?? [] } };
  });
  return { ...report, runs };
}

type Fix = NonNullable<RunReport['fix']>;

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const empty = text.trim() === '';
    throw invalid({
      file,
      message: empty
        ? 'the file is empty'
        : `the report is damaged: it is no whole JSON (${printable((error as Error).message, 120)})`,
      hint: 'copy it again, or repeat the run',
    });
  }
}

/** Files that lie beside reports, or look like them. */
function noReport(value: unknown, file: string): UserError {
  const has = (key: string): boolean => isObject(value) && Object.hasOwn(value, key);
  if (has('matrixVersion')) {
    const hint = 'each of its cells has a report in a folder of its own';
    return invalid({
      file,
      message: 'this is the result of a matrix, not the report of a run',
      hint,
    });
  }
  if (has('auditDetails') && has('findings')) {
    const hint =
      'the report is the report.json beside it; audits are shown by `doppelfleet audits`';
    return invalid({ file, message: 'this is an audit, not the report of a run', hint });
  }
  if (Array.isArray(value) && value.some((one) => isObject(one) && 'reportVersion' in one)) {
    const hint = 'name the folders of the runs instead';
    return invalid({ file, message: 'these are several reports in one file', hint });
  }
  const hint = 'name a run’s folder, or its report.json';
  return invalid({ file, message: 'this is not the report of a run', hint });
}

function checkVersion(
  { reportVersion, toolVersion }: Readonly<Record<string, unknown>>,
  file: string,
): void {
  if (reportVersion === REPORT_VERSION) return;
  const made =
    typeof toolVersion === 'string' ? ` by doppelfleet ${printable(toolVersion, 40)}` : '';
  const version = printable(JSON.stringify(reportVersion) ?? '', 40);
  if (typeof reportVersion !== 'number' || !Number.isInteger(reportVersion)) {
    throw invalid({
      file,
      path: 'reportVersion',
      message: `the report is damaged: its version is ${version}`,
      hint: `a whole number is expected, and ${REPORT_VERSION} is what this doppelfleet reads`,
    });
  }
  const newer = reportVersion > REPORT_VERSION;
  throw invalid({
    file,
    message: `the report was written${made} in version ${version}, which is ${newer ? 'newer' : 'older'} than version ${REPORT_VERSION} that this doppelfleet reads`,
    hint: newer
      ? 'update doppelfleet, or render it with the one that wrote it'
      : 'render it with the one that wrote it, or repeat the run',
  });
}

function damaged(problems: ReturnType<typeof shapeProblems>, file: string): UserError {
  const shown = problems.slice(0, PROBLEMS_SHOWN_MAX);
  const rest = problems.length - shown.length;
  const all: Problem[] = shown.map(({ path, message }) => ({
    file,
    path,
    message: `the report is damaged: this ${message}`,
    hint: 'copy it again, or repeat the run',
  }));
  if (rest > 0) all.push({ file, message: `and ${plural(rest, 'more problem')} of the same kind` });
  return new UserError(EXIT.invalidInput, all);
}

function invalid(problem: Problem): UserError {
  return new UserError(EXIT.invalidInput, problem);
}
