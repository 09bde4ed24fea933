/**
 * Reads the report of an earlier run from its folder, wherever that lies now: paths in it are those
 * of the machine and the folder of the run, and are led back to where the report was found, never out
 * of there. Nothing is written.
 */
import { stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { EXIT, fileError, UserError } from '../core/errors.ts';
import { readBounded } from '../core/files.ts';
import { REPORT_BYTES_MAX } from '../core/limits.ts';
import { printable } from '../core/text.ts';
import { parseReport } from '../report/read-report.ts';
import type { Report } from '../report/report.ts';
import type { ScriptReport } from '../report/script-report.ts';

export interface StoredReport {
  readonly report: Report | ScriptReport;
  /** Sentences on files of the folder that are missing, and what can't be shown without them. */
  readonly missing: readonly string[];
}

/** What each file of a run adds, beyond the report itself. */
const FILES = {
  'history.ndjson': 'sessions and rates over time',
  'truth.ndjson': 'which device was behind a connection',
  'plan.json': 'what was planned for each device',
} as const satisfies Record<string, string>;
/** A script leaves neither truth nor a plan. */
const SCRIPT_FILES = ['history.ndjson'] as const;

/** Reads a run's folder, or a report file. Throws a `UserError` (65) for what is no report of ours. */
export async function readStoredReport(path: string): Promise<StoredReport> {
  const file = await reportFile(path);
  const hint = 'a report holds findings, not sessions; is it another file?';
  const report = parseReport(await readBounded(file, REPORT_BYTES_MAX, hint), file);
  const here = dirname(file);
  if ('kind' in report) {
    const history = rebase(report.history, report.folder, here, file);
    const moved: ScriptReport = { ...report, folder: here, history };
    return { report: moved, missing: await missingFiles([here], SCRIPT_FILES) };
  }
  const runs = report.runs.map((run) => ({
    ...run,
    folder: rebase(run.folder, report.folder, here, file),
    history: rebase(run.history, report.folder, here, file),
  }));
  const folders = runs.map((run) => run.folder);
  const names = Object.keys(FILES) as (keyof typeof FILES)[];
  return { report: { ...report, folder: here, runs }, missing: await missingFiles(folders, names) };
}

async function reportFile(path: string): Promise<string> {
  try {
    return (await stat(path)).isDirectory() ? join(path, 'report.json') : path;
  } catch (error) {
    throw fileError(error, 'read', path);
  }
}

/** `there/fix-a` under `there` is `here/fix-a`. */
function rebase(path: string, there: string, here: string, file: string): string {
  const inside = relative(there, path);
  if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
    throw new UserError(EXIT.invalidInput, {
      file,
      message: `the report is damaged: ${printable(path, 200)} is not in the run's folder`,
      hint: 'copy it again, or repeat the run',
    });
  }
  return join(here, inside);
}

async function missingFiles(
  folders: readonly string[],
  names: readonly (keyof typeof FILES)[],
): Promise<readonly string[]> {
  const checks = folders.flatMap((folder) =>
    names.map(async (name) => {
      const file = join(folder, name);
      const there = await stat(file).catch(() => undefined);
      return there?.isFile()
        ? []
        : [`${file} is missing: without it ${FILES[name]} can't be shown`];
    }),
  );
  return (await Promise.all(checks)).flat();
}
