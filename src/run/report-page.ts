/**
 * Writes the page of a report: everything on it comes from the report and from what its runs left in
 * their folders, so that a stored run renders again, also one whose history was cut short.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT, systemCode, UserError } from '../core/errors.ts';
import { writeLinesAtomic } from '../core/files.ts';
import { plural } from '../core/text.ts';
import { type Line, readLines } from '../history/lines.ts';
import { readHistory } from '../history/reader.ts';
import { buildPage, type RunRecord } from '../page/build-page.ts';
import { RunCollector, type TruthLine } from '../page/collect.ts';
import { type PageAssets, renderPage } from '../page/render-page.ts';
import type { Report, RunReport } from '../report/report.ts';

/** Beside `src` and `dist` alike: the package's root. */
const BUILT = new URL('../../dist/web/', import.meta.url);

/**
 * Writes `report.html` into the report's folder, or to `file`; gives the file. Throws a `UserError`
 * when it can't be written, or when the browser code has not been built.
 */
export async function writeReportPage(
  report: Report,
  file = join(report.folder, 'report.html'),
): Promise<string> {
  const assets = await pageAssets();
  const records: RunRecord[] = [];
  for (const run of report.runs) records.push(await readRun(run));
  await writeLinesAtomic(file, renderPage(buildPage(report, records), assets));
  return file;
}

/** The browser code of a page, as the build left it. */
async function pageAssets(): Promise<PageAssets> {
  try {
    const [script, style] = await Promise.all(
      ['report.js', 'report.css'].map((name) => readFile(new URL(name, BUILT), 'utf8')),
    );
    return { script: script ?? '', style: style ?? '' };
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    throw new UserError(EXIT.internal, {
      message: 'the browser code of the report page is missing',
      hint: 'run npm run build',
    });
  }
}

async function readRun(run: RunReport): Promise<RunRecord> {
  const collector = new RunCollector();
  const gaps = [...(await readTruth(run, collector)), ...(await readEvents(run, collector))];
  return { run, collector, gaps };
}

/** Device names; a run without truth is shown without them. */
async function readTruth(run: RunReport, collector: RunCollector): Promise<readonly string[]> {
  try {
    for await (const lines of readLines(join(run.folder, 'truth.ndjson'))) {
      for (const line of lines) {
        const record = truthLine(line);
        if (record !== undefined) collector.truth(record);
      }
    }
    return [];
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    return ['truth.ndjson is missing: devices and latencies over time are not known.'];
  }
}

function truthLine({ bytes }: Line): TruthLine | undefined {
  if (bytes === undefined || bytes.length === 0) return undefined;
  try {
    const value: Partial<TruthLine> = JSON.parse(bytes.toString('utf8'));
    const { at, device, kind, sessionId } = value;
    if (typeof at !== 'number' || typeof device !== 'string') return undefined;
    if (kind !== 'connecting' || typeof sessionId !== 'string') return undefined;
    return { at, device, kind, sessionId };
  } catch {
    // The header has no session; a last line may be cut off.
    return undefined;
  }
}

async function readEvents(run: RunReport, collector: RunCollector): Promise<readonly string[]> {
  try {
    const reading = await readHistory(run.history, {
      header: () => {},
      events: (events) => {
        for (const event of events) collector.event(event);
      },
    });
    return [
      ...(reading.trailer === undefined
        ? ['history.ndjson has no end: it was cut short, and what is there is shown.']
        : []),
      ...(reading.unreadableLines > 0
        ? [`${plural(reading.unreadableLines, 'line')} of history.ndjson could not be read.`]
        : []),
    ];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [`The sessions can’t be shown: ${error.message.split('\n')[0] ?? ''}`];
  }
}
