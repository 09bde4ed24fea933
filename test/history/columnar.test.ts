import {
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { convertHistories } from '../../src/audit/convert-histories.ts';
import { auditHistory } from '../../src/audit/engine.ts';
import { UserError } from '../../src/core/errors.ts';
import { DAY_MS } from '../../src/core/time.ts';
import { attachDataset, STORED_SESSIONS } from '../../src/history/columnar/attach.ts';
import { historyInfo } from '../../src/history/columnar/info.ts';
import { filesFor } from '../../src/history/columnar/layout.ts';
import { type Dataset, readDataset } from '../../src/history/columnar/manifest.ts';
import type { ObservedEvent } from '../../src/history/event.ts';
import { openHistoryStore } from '../../src/history/store.ts';
import {
  EPOCH,
  header,
  historyText,
  numbered,
  session,
  temporaryFile,
  temporaryFolder,
  trailer,
} from '../support/history-events.ts';
import { randomHistory } from '../support/history-random.ts';

const day = (number: number): number => number * DAY_MS;

/** A clone and a shared certificate on one day, counted from {@link EPOCH}. */
function trouble(number: number): ObservedEvent[] {
  const start = day(number) + 3_600_000;
  const id = `clone-${number}`;
  return [
    ...session(`a${number}`, id, 'a', [start, start + 5_000], 'session-taken-over'),
    ...session(`b${number}`, id, 'b', [start + 5_000, start + 9_000], 'session-taken-over'),
    ...session(`c${number}`, id, 'a', [start + 9_000, start + 20_000]),
    ...session(`d${number}`, `one-${number}`, 'c', [start, start + 60_000]),
    ...session(`e${number}`, `two-${number}`, 'c', [start + 1_000, start + 70_000]),
  ];
}

const month = (days: number): ObservedEvent[] =>
  Array.from({ length: days }, (_, number) => trouble(number)).flat();

async function converted(
  content: string,
  name = 'dataset',
): Promise<{ readonly file: string; readonly dataset: Dataset }> {
  const file = await temporaryFile(content);
  const to = path.join(await temporaryFolder(), name);
  const { dataset } = await convertHistories([file], { to, toolVersion: 'test' });
  return { file, dataset };
}

const ended = (events: readonly ObservedEvent[], endedAt: number): string =>
  historyText(events, header(), trailer(events.length, endedAt));

const between = (from: number, to: number) => ({ kind: 'explicit', from, to }) as const;

describe('an audit of a dataset', () => {
  test('equals that of the histories, byte for byte, over any window', async () => {
    const moment = fc
      .integer({ min: -2, max: 14 })
      .map((step) => EPOCH + step * (DAY_MS / 4) + 700);
    let found = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ history: randomHistory, days: fc.nat({ max: 12 }) }), {
          minLength: 20,
          maxLength: 30,
        }),
        fc.uniqueArray(moment, { minLength: 2, maxLength: 2 }),
        fc.integer({ min: 1, max: 90_000 }),
        async (histories, ends, stretch) => {
          const events = histories.flatMap(({ history, days }, number) =>
            history.events.map((event) => ({
              ...event,
              clientId: `${number} ${event.clientId}`,
              sessionId: `${number} ${event.sessionId}`,
              at: EPOCH + (event.at - EPOCH) * stretch + days * (DAY_MS / 4),
            })),
          );
          const { file, dataset } = await converted(ended(events, EPOCH + day(4)));
          const [from = 0, to = 0] = ends.sort((a, b) => a - b);
          const windows = ['run', between(from, to), 'on-demand'] as const;
          for (const window of windows) {
            const options = { window, now: to };
            const audit = await auditHistory([dataset.folder], options);
            expect(audit).toEqual(await auditHistory([file], options));
            found += audit.findings.length;
          }
        },
      ),
      { numRuns: 12 },
    );
    expect(found).toBeGreaterThan(50);
  });

  test('names the sources, what of them could not be read, and where the numbers begin', async () => {
    const one = await temporaryFile(historyText(month(2), header(), 'truncated'), 'one.ndjson');
    const head = header(['broker'], { runId: 'run-2' });
    const two = await temporaryFile(`${historyText(month(3), head)}broken\n`, 'two.ndjson');
    const to = path.join(await temporaryFolder(), 'both');
    await convertHistories([one], { to, toolVersion: 'test' });
    const { added, known } = await convertHistories([one, two], { to, toolVersion: 'test' });
    expect({ added, known }).toEqual({ added: 1, known: 1 });
    const audit = await auditHistory([to]);
    expect(audit).toEqual(await auditHistory([one, two]));
    expect(audit.sources.map((source) => [source.evidenceOffset, source.unreadableLines])).toEqual([
      [0, 0],
      [20, 1],
    ]);
    expect(audit.notes.some((note) => note.includes('truncated'))).toBe(true);
  });

  test('survives client IDs and a folder name that are not nice', async () => {
    const names = [
      "o'dev",
      '"; DROP TABLE events; --',
      'a\nb',
      '💥'.repeat(300),
      '*',
      '\u0000',
      '',
    ];
    const events = names.flatMap((name, i) => [
      ...session(`x${i}`, name, 'a', [i, day(1)], 'session-taken-over'),
      ...session(`y${i}`, name, 'b', [day(1), day(2)]),
    ]);
    const { file, dataset } = await converted(
      ended(events, EPOCH + day(3)),
      'it\'s [a] *{b}? da"ta',
    );
    const audit = await auditHistory([dataset.folder]);
    expect(audit).toEqual(await auditHistory([file]));
    expect(audit.findings.length).toBeGreaterThanOrEqual(names.length);
  });

  test('keeps to its memory and leaves nothing behind', async () => {
    const { dataset } = await converted(historyText(month(3)));
    const audit = await auditHistory([dataset.folder], { memoryMb: 64, threads: 1 });
    expect(audit.findings.length).toBe(4);
  });

  test('is by itself', async () => {
    const { file, dataset } = await converted(historyText(month(1)));
    await expect(auditHistory([dataset.folder, file])).rejects.toThrow('audited by itself');
  });

  test('with another tolerance of takeovers counts anew, and refuses one of joining', async () => {
    const device = { vantage: 'device' } as const;
    const events = [
      ...session('1', 'dev', 'a', [0, 1_000], 'connection-lost', device),
      ...session('2', 'dev', 'a', [1_500, 9_000], 'client-initiated', device),
    ];
    const file = await temporaryFile(historyText(events, header(['device'])));
    const to = path.join(await temporaryFolder(), 'dataset');
    await convertHistories([file], { to, toolVersion: 'test' });
    for (const takeoverToleranceMs of [100, 600, 5_000]) {
      const audit = await auditHistory([to], { takeoverToleranceMs });
      expect(audit).toEqual(await auditHistory([file], { takeoverToleranceMs }));
      expect(audit.statistics.takeovers).toBe(takeoverToleranceMs === 100 ? 0 : 1);
    }
    await expect(auditHistory([to], { joinToleranceMs: 1 })).rejects.toThrow('joined within');
  });
});

describe('a window reads', () => {
  /** Ten days of trouble, a session from the second to the eighth, one that never ends. */
  const events = [
    ...month(10),
    ...session('long', 'steady', 'd', [day(1) + 5, day(7) + 5]),
    ...session('night', 'owl', 'e', [day(3) + 80_000_000, day(4) + 500]),
    ...session('open', 'forever', 'f', [day(5), day(6)]).slice(0, 1),
  ];

  async function filesRead(dataset: Dataset, from: number, to: number) {
    const store = await openHistoryStore({ folders: [dataset.folder] });
    const files = await attachDataset(store, dataset, { from, to });
    const plan = await store.query<{ explain_value: string }>(
      `EXPLAIN ANALYZE SELECT client_id FROM ${STORED_SESSIONS}`,
    );
    const seen = await store.query<{ client_id: string }>(
      `SELECT client_id FROM ${STORED_SESSIONS}
       WHERE starts_at < $to::BIGINT AND ended_at >= $from::BIGINT ORDER BY ALL`,
      { from, to },
    );
    await store.close();
    return { files: files.map((file) => file.path), plan: plan[0]?.explain_value ?? '', seen };
  }

  test('its own days and of earlier ones only files with sessions that last so long', async () => {
    const { dataset } = await converted(ended(events, EPOCH + day(10)));
    expect(dataset.manifest.files.length).toBe(13);
    const from = EPOCH + day(4) + 1_000;
    const { files, plan, seen } = await filesRead(dataset, from, from + DAY_MS / 2);
    expect(files).toEqual([
      'sessions/day=2026-01-02/nights=4/run-0-0.parquet',
      'sessions/day=2026-01-05/nights=0/run-0-0.parquet',
    ]);
    expect(seen.map((row) => row.client_id)).toContain('steady');
    // What DuckDB itself says.
    expect(plan).toMatch(/Total Files Read:\s*2\b/);
    const late = await filesRead(dataset, EPOCH + day(9), EPOCH + day(10));
    expect(late.files).toEqual([
      'sessions/day=2026-01-06/nights=4/run-0-0.parquet',
      'sessions/day=2026-01-10/nights=0/run-0-0.parquet',
    ]);
    const before = await filesRead(dataset, EPOCH - day(9), EPOCH);
    expect(before).toMatchObject({ files: [], seen: [] });
  });

  test('every session that touches it, whatever the window', async () => {
    const { dataset } = await converted(ended(events, EPOCH + day(10)));
    const { folder, manifest } = dataset;
    const store = await openHistoryStore({ folders: [folder] });
    const all = await store.query<{ file: string; starts_at: number; ended_at: number }>(
      `SELECT filename AS file, starts_at, ended_at
       FROM read_parquet('${folder}/sessions/**/*.parquet', filename = true)`,
    );
    await store.close();
    expect(all.length).toBe(53);
    for (const moment of all.flatMap((one) => [one.starts_at, one.ended_at])) {
      for (const [from, to] of [
        [moment, moment + 1],
        [moment - 1, moment],
        [moment, moment + 3 * DAY_MS],
      ] as const) {
        const read = filesFor(manifest.files, { from, to });
        const names = read.map((file) => path.join(folder, file.path));
        const missed = all.filter(
          (one) => one.starts_at < to && one.ended_at >= from && !names.includes(one.file),
        );
        expect(missed).toEqual([]);
        // At most a day of sessions that are over, and of longer ones those half as long as needed.
        for (const { path: name, startsFrom } of read) {
          const nights = Number(/nights=(\d+)/.exec(name)?.[1]);
          expect(startsFrom + (2 * nights + 1) * DAY_MS).toBeGreaterThan(from);
        }
      }
    }
  });

  test('absurd times, which make no million folders', async () => {
    const wild = Array.from({ length: 2_000 }, (_, i) =>
      session(`w${i}`, `wild-${i}`, 'a', [day(i * 37), day(i * 37) + 1_000]),
    ).flat();
    const { file, dataset } = await converted(ended(wild, EPOCH + day(80_000)));
    expect(dataset.manifest.files.length).toBeLessThan(1_700);
    const window = between(EPOCH + day(37 * 1_990), EPOCH + day(37 * 1_995));
    expect(await auditHistory([dataset.folder], { window })).toEqual(
      await auditHistory([file], { window }),
    );
  });
});

describe('converting', () => {
  test('again changes nothing', async () => {
    const { file, dataset } = await converted(historyText(month(2)));
    const again = await convertHistories([file], { to: dataset.folder, toolVersion: 'later' });
    expect(again).toMatchObject({ added: 0, known: 1, dataset: { manifest: dataset.manifest } });
    expect(await readDataset(dataset.folder)).toEqual(dataset);
    expect((await readdir(dataset.folder)).sort()).toEqual([
      'empty.parquet',
      'manifest.json',
      'sessions',
    ]);
  });

  test('refuses more of a recording that is there, and changes nothing', async () => {
    const { dataset } = await converted(historyText(month(2), header(), 'truncated'));
    const grown = await temporaryFile(historyText(month(3)));
    const to = dataset.folder;
    const converting = convertHistories([grown], { to, toolVersion: 'test' });
    await expect(converting).rejects.toThrow('has this recording already, with other events');
    expect(await readDataset(to)).toEqual(dataset);
  });

  test('refuses a folder that holds something else, and leaves nothing when it fails', async () => {
    const folder = await temporaryFolder();
    await writeFile(path.join(folder, 'diary.txt'), 'mine');
    const file = await temporaryFile(historyText(month(1)));
    await expect(convertHistories([file], { to: folder, toolVersion: 'test' })).rejects.toThrow(
      'something else than a dataset',
    );
    const none = path.join(folder, 'none.ndjson');
    const to = path.join(folder, 'dataset');
    await expect(convertHistories([none], { to, toolVersion: 'test' })).rejects.toThrow(UserError);
    await writeFile(none, 'not a history');
    await expect(convertHistories([none], { to, toolVersion: 'test' })).rejects.toThrow(UserError);
    expect((await readdir(folder)).sort()).toEqual(['diary.txt', 'none.ndjson']);
  });

  test('takes an empty folder, and a history without events', async () => {
    const to = await temporaryFolder();
    const file = await temporaryFile(historyText([]));
    await convertHistories([file], { to, toolVersion: 'test' });
    expect(await auditHistory([to])).toEqual(await auditHistory([file]));
    expect((await historyInfo(to)).days).toEqual([]);
  });

  test('does not mix tolerances', async () => {
    const { file, dataset } = await converted(historyText(month(1)));
    const options = { to: dataset.folder, toolVersion: 'test', joinToleranceMs: 7 };
    await expect(convertHistories([file], options)).rejects.toThrow('not 7 ms');
  });
});

describe('a damaged dataset is refused with what to do when', () => {
  const damages: Record<string, (folder: string, file: string) => Promise<void>> = {
    'a file is missing': (_, file) => rm(file),
    'a file is shorter': (_, file) => truncate(file, 100),
    'a file is a link to elsewhere': async (_, file) => {
      await rename(file, `${file}.moved`);
      await symlink(`${file}.moved`, file);
    },
    'a folder is a link to elsewhere': async (folder) => {
      const elsewhere = path.join(await temporaryFolder(), 'elsewhere');
      await rename(path.join(folder, 'sessions'), elsewhere);
      await symlink(elsewhere, path.join(folder, 'sessions'));
    },
    'the manifest is changed': async (folder) => {
      const manifest = path.join(folder, 'manifest.json');
      const text = await readFile(manifest, 'utf8');
      await writeFile(manifest, text.replace('"rows": 5', '"rows": 6'));
    },
    'the manifest points outside': async (folder) => {
      const manifest = path.join(folder, 'manifest.json');
      const text = await readFile(manifest, 'utf8');
      await writeFile(manifest, text.replace('sessions/day=', 'sessions/../../day='));
    },
    'the manifest is of another version': async (folder) => {
      const manifest = path.join(folder, 'manifest.json');
      const text = await readFile(manifest, 'utf8');
      await writeFile(manifest, text.replace('"schemaVersion": 1', '"schemaVersion": 9'));
    },
  };

  test.each(Object.entries(damages))('%s', async (_, damage) => {
    const { dataset } = await converted(historyText(month(1)));
    const [first] = dataset.manifest.files;
    await damage(dataset.folder, path.join(dataset.folder, first?.path ?? ''));
    const refused = await auditHistory([dataset.folder]).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(UserError);
    for (const { hint } of (refused as UserError).problems) expect(hint).toBeTruthy();
  });

  test('a byte of a file is another one, if asked to verify', async () => {
    const { dataset } = await converted(historyText(month(1)));
    const file = path.join(dataset.folder, dataset.manifest.files[0]?.path ?? '');
    expect((await historyInfo(dataset.folder, { verify: true })).dataset?.verified).toBe(true);
    const bytes = await readFile(file);
    bytes[50] = (bytes[50] ?? 0) ^ 1;
    await writeFile(file, bytes);
    await expect(historyInfo(dataset.folder, { verify: true })).rejects.toThrow(
      'not what was written',
    );
  });
});

test('a store opened for a dataset can read nothing else', async () => {
  const { dataset } = await converted(historyText(month(1)));
  const outside = await temporaryFile('secret');
  const store = await openHistoryStore({ folders: [dataset.folder] });
  await attachDataset(store, dataset, undefined);
  for (const sql of [
    `SELECT * FROM read_text('${outside}')`,
    `SELECT * FROM read_text('${dataset.folder}/../${path.basename(path.dirname(outside))}/history.ndjson')`,
    `COPY (SELECT 1) TO '${outside}.csv'`,
    `SET allowed_directories = ['/']`,
  ]) {
    await expect(store.query(sql), sql).rejects.toThrow();
  }
  await store.close();
});

describe('info', () => {
  test('counts days, sources and the span of a dataset and of a history', async () => {
    const { file, dataset } = await converted(ended(month(3), EPOCH + day(3)));
    const info = await historyInfo(dataset.folder);
    expect(info).toMatchObject({ kind: 'dataset', from: EPOCH, to: EPOCH + day(3) });
    expect(info.days).toEqual([
      { day: '2026-01-01', rows: 5 },
      { day: '2026-01-02', rows: 5 },
      { day: '2026-01-03', rows: 5 },
    ]);
    expect(info.dataset).toMatchObject({ recordings: 1, files: 3, facts: { sessions: 15 } });
    expect(info.sources).toMatchObject([{ file, events: 30, complete: true, unreadableLines: 0 }]);
    const plain = await historyInfo(file);
    expect(plain.kind).toBe('histories');
    expect(plain.days.map(({ rows }) => rows)).toEqual([10, 10, 10]);
    expect(plain.from).toBe(EPOCH + 3_600_000);
  });
});

test('numbered events of several histories stay apart in one dataset', async () => {
  const folder = await temporaryFolder();
  await mkdir(path.join(folder, 'in'));
  const files: string[] = [];
  for (const run of ['1', '2', '3']) {
    const file = path.join(folder, 'in', `${run}.ndjson`);
    await writeFile(file, historyText(month(2), header(['broker'], { runId: run })));
    files.push(file);
  }
  const to = path.join(folder, 'dataset');
  for (const file of files) await convertHistories([file], { to, toolVersion: 'test' });
  expect(await auditHistory([to])).toEqual(await auditHistory(files));
  expect(numbered(month(2)).length).toBe(20);
});
