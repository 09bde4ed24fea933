/** Makes a dataset, audits it, and lets DuckDB sort the same Parquet files: each by itself. */
import { DuckDBInstance } from '@duckdb/node-api';
import { auditHistory } from '../src/audit/engine.ts';
import { DAY_MS } from '../src/core/time.ts';
import type { DatasetFacts } from '../src/history/columnar/manifest.ts';
import { BENCH_STARTED_AT, generateDataset } from './audit-generator.ts';
import { answerParent } from './child.ts';
import { PLANTED_CHECKS, type PlantedCheck } from './history-generator.ts';

export type AuditQuestion =
  | { readonly task: 'generate'; readonly folder: string; readonly sessions: number }
  | { readonly task: 'audit'; readonly folder: string; readonly window: 'run' | 'one day' }
  | { readonly task: 'reference'; readonly folder: string };

export interface AuditHelperAnswer {
  readonly seconds: number;
  /** Of all threads: what is left when others use the machine too. */
  readonly cpuSeconds: number;
  readonly peakResidentMiB: number;
  readonly facts?: DatasetFacts;
  /** Non-compliant resources by check. */
  readonly found?: Readonly<Record<PlantedCheck, readonly string[]>>;
}

/** Of DuckDB; the rest of the process comes on top. */
const MEMORY_MB = 4_096;
const THREADS = 2;

answerParent(async (question: AuditQuestion): Promise<AuditHelperAnswer> => {
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  const answer = await answerTo(question);
  const cpu = process.cpuUsage(cpuBefore);
  return {
    seconds: (performance.now() - startedAt) / 1000,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    peakResidentMiB: process.resourceUsage().maxRSS / 1024,
    ...answer,
  };
});

async function answerTo(question: AuditQuestion): Promise<Partial<AuditHelperAnswer>> {
  switch (question.task) {
    case 'generate':
      return { facts: await generateDataset(question.folder, question.sessions) };
    case 'audit':
      return { found: await found(question.folder, question.window) };
    case 'reference':
      await sort(question.folder);
      return {};
  }
}

async function found(folder: string, window: 'run' | 'one day') {
  const from = BENCH_STARTED_AT + 15 * DAY_MS;
  const { findings } = await auditHistory([folder], {
    checks: PLANTED_CHECKS,
    memoryMb: MEMORY_MB,
    threads: THREADS,
    window: window === 'run' ? 'run' : { kind: 'explicit', from, to: from + DAY_MS },
  });
  const resources = (check: PlantedCheck): string[] =>
    findings
      .filter(({ checkName }) => checkName === check)
      .map(({ nonCompliantResource: { resourceIdentifier: named } }) => {
        return named.clientId ?? named.deviceCertificateId ?? '';
      });
  return {
    CONFLICTING_CLIENT_IDS_CHECK: resources('CONFLICTING_CLIENT_IDS_CHECK'),
    DEVICE_CERTIFICATE_SHARED_CHECK: resources('DEVICE_CERTIFICATE_SHARED_CHECK'),
  };
}

/** What nobody who compares sessions by time can do without: all of them in order. */
async function sort(folder: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: `${MEMORY_MB}MB`,
    threads: String(THREADS),
    temp_directory: `${folder}.sort`,
  });
  const connection = await instance.connect();
  await connection.run(
    `SELECT count(*), max(place) FROM (
       SELECT row_number() OVER (ORDER BY connected_at) AS place
       FROM read_parquet($files, hive_partitioning = false))`,
    { files: `${folder}/sessions/**/*.parquet` },
  );
  connection.closeSync();
  instance.closeSync();
}
