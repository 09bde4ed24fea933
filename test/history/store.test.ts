import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import type { ConnectionEvent } from '../../src/history/event.ts';
import { openHistoryStore } from '../../src/history/store.ts';
import { certificate, closed, connected, numbered } from '../support/history-events.ts';

test('events are stored field by field, and what is absent is null', async () => {
  const store = await openHistoryStore();
  const principal = { kind: 'certificate-id', value: certificate('b') } as const;
  store.append(
    3,
    numbered([
      connected('1', "o'dev", 0, { principal, ip: '::FFFF:127.0.0.1', port: 9, inferred: ['at'] }),
      closed('1', "o'dev", 5, 'unknown', { abandonedAt: 4, keepAliveSeconds: 60 }),
    ]),
  );
  const rows = await store.query(
    `SELECT * EXCLUDE (at_ms) FROM events WHERE client_id = $id ORDER BY event`,
    { id: "o'dev" },
  );
  await store.close();
  const common = { run: 3, vantage: 'broker', session_id: '1', client_id: "o'dev" };
  expect(rows).toEqual([
    {
      ...common,
      event: 0,
      kind: 'connected',
      principal: certificate('b'),
      principal_kind: 'certificate-id',
      certificate_id: certificate('b'),
      ip: '127.0.0.1',
      port: 9,
      keep_alive_seconds: null,
      reason: null,
      abandoned_at: null,
      inferred: 'at',
    },
    {
      ...common,
      event: 1,
      kind: 'closed',
      principal: null,
      principal_kind: null,
      certificate_id: null,
      ip: null,
      port: null,
      keep_alive_seconds: 60,
      reason: 'unknown',
      abandoned_at: 4,
      inferred: null,
    },
  ]);
});

test('a store cannot be made to read or write files', async () => {
  const store = await openHistoryStore();
  await expect(store.query(`SELECT * FROM read_csv('/etc/passwd')`)).rejects.toThrow();
  await expect(store.query(`COPY events TO '/tmp/doppelfleet-escape.csv'`)).rejects.toThrow();
  await expect(store.query('SET enable_external_access = true')).rejects.toThrow();
  await store.close();
});

test('a store that outgrows its memory spills to disk and leaves nothing behind', async () => {
  const ours = async () =>
    (await readdir(tmpdir())).filter((name) => /^doppelfleet-[0-9a-f]{16}$/.test(name));
  const before = await ours();
  const store = await openHistoryStore({ memoryMb: 96 });
  const count = 400_000;
  for (let start = 0; start < count; start += 20_000) {
    const events = Array.from(
      { length: 20_000 },
      (_, i): ConnectionEvent => ({
        event: start + i,
        ...connected(`session-${start + i}-${'x'.repeat(200)}`, 'dev', i),
      }),
    );
    store.append(0, events);
    await store.query('SELECT 1');
  }
  const [row] = await store.query<{ n: number }>(
    'SELECT count(*) AS n FROM (SELECT row_number() OVER (ORDER BY session_id) AS r FROM events)',
  );
  expect(row?.n).toBe(count);
  expect((await ours()).length).toBeGreaterThan(before.length);
  await store.close();
  await store.close();
  expect(await ours()).toEqual(before);
});
