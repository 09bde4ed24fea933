/** Imports a log into a store, and lets DuckDB split the same log into lines: each by itself. */
import { DuckDBInstance } from '@duckdb/node-api';
import { loadHistories } from '../src/history/load.ts';
import { openHistoryStore } from '../src/history/store.ts';
import { answerParent } from './child.ts';

export interface ImportQuestion {
  readonly task: 'import' | 'reference';
  readonly file: string;
}

export interface ImportHelperAnswer {
  readonly seconds: number;
  readonly peakResidentMiB: number;
  /** Events that came of it, and lines that could not be read. */
  readonly events: number;
  readonly unreadableLines: number;
}

answerParent(async ({ task, file }: ImportQuestion): Promise<ImportHelperAnswer> => {
  const startedAt = performance.now();
  const counts = task === 'import' ? await importLog(file) : await countLines(file);
  return {
    seconds: (performance.now() - startedAt) / 1000,
    peakResidentMiB: process.resourceUsage().maxRSS / 1024,
    ...counts,
  };
});

async function importLog(file: string) {
  const store = await openHistoryStore();
  try {
    const [history] = await loadHistories(store, [file]);
    // Only what a query sees has been stored.
    await store.query('SELECT count(*) FROM events');
    return { events: history?.events ?? 0, unreadableLines: history?.unreadableLines ?? 0 };
  } finally {
    await store.close();
  }
}

/** What nobody who reads a log line by line can do without. */
async function countLines(file: string) {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(
    `SELECT count(*), max(length(line)) FROM read_csv($file, columns = {'line': 'VARCHAR'},
       delim = '\\x01', header = false, quote = '', escape = '')`,
    { file },
  );
  connection.closeSync();
  instance.closeSync();
  return { events: 0, unreadableLines: 0 };
}
