/** All benches, in the order in which they run. */
import { auditBench } from './audit.ts';
import { convertBench } from './audit-convert.ts';
import type { Bench } from './bench.ts';
import { brokerBench } from './broker.ts';
import { connectBench } from './connect.ts';
import { flappingBench } from './flapping.ts';
import { importBench } from './import.ts';
import { issueBench } from './issue.ts';
import { latenessBench } from './lateness.ts';
import { liveBench } from './live.ts';
import { matrixBench } from './matrix.ts';
import { memoryBench } from './memory.ts';
import { publishBench } from './publish.ts';
import { reportBench } from './report.ts';
import { openBench } from './report-open.ts';
import { scaleBench } from './scale.ts';
import { startBench } from './start.ts';

export const BENCHES = {
  issue: issueBench,
  connect: connectBench,
  memory: memoryBench,
  lateness: latenessBench,
  scale: scaleBench,
  flapping: flappingBench,
  publish: publishBench,
  start: startBench,
  broker: brokerBench,
  matrix: matrixBench,
  live: liveBench,
  convert: convertBench,
  audit: auditBench,
  import: importBench,
  report: reportBench,
  open: openBench,
} as const satisfies Record<string, Bench>;

export type BenchName = keyof typeof BENCHES;

export function isBenchName(text: string): text is BenchName {
  return Object.hasOwn(BENCHES, text);
}
