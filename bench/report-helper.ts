/** Writes a report's page, or the same events as plain JSON: each in a process of its own. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ConnectionEvent } from '../src/history/event.ts';
import { readHistory } from '../src/history/reader.ts';
import type { Report } from '../src/report/report.ts';
import { writeReportPage } from '../src/run/report-page.ts';
import { answerParent } from './child.ts';

export interface ReportQuestion {
  readonly task: 'page' | 'reference';
  /** The report's file. */
  readonly file: string;
}

export interface ReportAnswer {
  readonly file: string;
  readonly seconds: number;
  readonly megabytes: number;
  readonly peakResidentMiB: number;
}

answerParent(async ({ task, file }: ReportQuestion): Promise<ReportAnswer> => {
  const report: Report = JSON.parse(await readFile(file, 'utf8'));
  const startedAt = performance.now();
  const written = task === 'page' ? await writeReportPage(report) : await plainJson(report);
  const seconds = (performance.now() - startedAt) / 1000;
  const megabytes = (await stat(written)).size / 1e6;
  const peakResidentMiB = process.resourceUsage().maxRSS / 1024;
  return { file: written, seconds, megabytes, peakResidentMiB };
});

/** The least that a page with all events in it could do: read them, and write them as one array. */
async function plainJson({ folder, runs }: Report): Promise<string> {
  const all: ConnectionEvent[] = [];
  const events = (some: readonly ConnectionEvent[]): void => void all.push(...some);
  await readHistory(runs[0]?.history ?? '', { header: () => {}, events });
  const file = path.join(folder, 'events.json');
  await writeFile(file, JSON.stringify(all));
  return file;
}
