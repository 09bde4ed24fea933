/** The report as JSON: the whole of it, versioned by `reportVersion`. */
import type { Report } from './report.ts';

export function renderJson(report: Report | readonly Report[]): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
