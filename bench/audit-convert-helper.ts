/** Converts one history, audits both what was made and the history, and lets DuckDB parse it. */
import { DuckDBInstance } from '@duckdb/node-api';
import { convertHistories } from '../src/audit/convert-histories.ts';
import { auditHistory } from '../src/audit/engine.ts';
import { answerParent } from './child.ts';
import { PLANTED_CHECKS, type PlantedCheck } from './history-generator.ts';

export interface ConvertQuestion {
  readonly task: 'convert' | 'audit' | 'reference';
  readonly file: string;
  /** Of the dataset: to be made, or to be audited. */
  readonly folder: string;
}

export interface ConvertAnswer {
  readonly seconds: number;
  readonly peakResidentMiB: number;
  readonly found?: Readonly<Record<PlantedCheck, readonly string[]>>;
}

answerParent(async ({ task, file, folder }: ConvertQuestion): Promise<ConvertAnswer> => {
  const startedAt = performance.now();
  const found = task === 'audit' ? await audit(file) : undefined;
  if (task === 'convert') await convertHistories([file], { to: folder, toolVersion: 'bench' });
  if (task === 'reference') await parse(file);
  return {
    seconds: (performance.now() - startedAt) / 1000,
    peakResidentMiB: process.resourceUsage().maxRSS / 1024,
    ...(found === undefined ? {} : { found }),
  };
});

async function audit(input: string): Promise<ConvertAnswer['found']> {
  const { findings } = await auditHistory([input], { checks: PLANTED_CHECKS });
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

/** Values are looked at: counting lines alone needs no parsing. */
async function parse(file: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  // Types are named, as otherwise a guess from the first lines would be part of the time.
  await connection.run(
    `SELECT count("event"), count("kind"), count("at"), count(DISTINCT "clientId")
     FROM read_json($file, format = 'newline_delimited',
       columns = {'event': 'BIGINT', 'kind': 'VARCHAR', 'at': 'BIGINT', 'clientId': 'VARCHAR'})`,
    { file },
  );
  connection.closeSync();
  instance.closeSync();
}
