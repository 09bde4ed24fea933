/** The report as JSON: the whole of it, versioned by `reportVersion`. */
import type { Report } from './report.ts';
import type { ScriptReport } from './script-report.ts';

type AnyReport = Report | ScriptReport;

export function renderJson(report: AnyReport | readonly AnyReport[]): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
