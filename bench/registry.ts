/** All benches, in the order in which they run. */
import { auditBench } from './audit.ts';
import { convertBench } from './audit-convert.ts';
import type { Bench } from './bench.ts';
import { brokerBench } from './broker.ts';
import { connectBench } from './connect.ts';
import { importBench } from './import.ts';
import { issueBench } from './issue.ts';
import { matrixBench } from './matrix.ts';
import { memoryBench } from './memory.ts';
import { startBench } from './start.ts';

export const BENCHES = {
  issue: issueBench,
  connect: connectBench,
  memory: memoryBench,
  start: startBench,
  broker: brokerBench,
  matrix: matrixBench,
  convert: convertBench,
  audit: auditBench,
  import: importBench,
} as const satisfies Record<string, Bench>;

export type BenchName = keyof typeof BENCHES;

export function isBenchName(text: string): text is BenchName {
  return Object.hasOwn(BENCHES, text);
}
