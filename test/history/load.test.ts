/** Sources as they are named: files, folders, patterns, packed, rotated, broken; and what is told. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { type LoadedHistory, type LoadOptions, loadHistories } from '../../src/history/load.ts';
import { openHistoryStore } from '../../src/history/store.ts';
import { FORMAT_SAMPLES, ownSample, type SampleSession } from '../support/format-samples.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const AT = Date.UTC(2026, 10, 20, 21, 0, 0);

interface Row {
  readonly run: number;
  readonly client: string;
  readonly kinds: string;
  readonly certificate: string | null;
}

interface Loaded {
  readonly histories: readonly LoadedHistory[];
  /** One row a session. */
  readonly rows: readonly Row[];
}

async function load(inputs: readonly string[], options: LoadOptions = {}): Promise<Loaded> {
  const store = await openHistoryStore();
  try {
    const histories = await loadHistories(store, inputs, options);
    const rows = await store.query<Row>(
      `SELECT run, client_id AS client,
         string_agg(DISTINCT kind, ' ' ORDER BY kind DESC) AS kinds,
         any_value(certificate_id) AS certificate
       FROM events GROUP BY run, session_id, client_id ORDER BY run, min(at_ms), client_id`,
    );
    return { histories, rows };
  } finally {
    await store.close();
  }
}

async function refusal(inputs: readonly string[], options: LoadOptions = {}): Promise<string> {
  try {
    await load(inputs, options);
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  return 'no refusal';
}

async function files(contents: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, content] of Object.entries(contents)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), content);
  }
  return folder;
}

function session(clientId: string, from: number, lasting?: number): SampleSession {
  const connectedAt = AT + from * 1000;
  return {
    clientId,
    ip: '10.1.2.3',
    port: 20_000 + from,
    user: clientId,
    connectedAt,
    ...(lasting === undefined
      ? {}
      : { closedAt: connectedAt + lasting * 1000, reason: 'client-initiated' }),
  };
}

function write(name: string, sessions: readonly SampleSession[]): string {
  const sample = FORMAT_SAMPLES.find((one) => one.name === name);
  if (sample === undefined) throw new Error(`no sample ${name}`);
  return sample.write(sessions);
}

const MOSQUITTO = 'mosquitto, default stamps';
const clients = ({ rows }: Loaded) => rows.map(({ client }) => client);

describe('what is named', () => {
  test('rotated logs of one broker are one source in the order of time', async () => {
    const [a, b, c] = [session('a', 0, 100), session('b', 200, 10), session('c', 400)];
    const whole = write(MOSQUITTO, [a, b, c]).trimEnd().split('\n');
    const folder = await files({
      'mosquitto.log': whole.slice(6).join('\n'),
      'mosquitto.log.1': whole.slice(2, 6).join('\n'),
      'mosquitto.log.2.gz': gzipSync(whole.slice(0, 2).join('\n')),
    });
    const loaded = await load([folder]);
    expect(loaded.histories).toHaveLength(1);
    const [history] = loaded.histories;
    expect(history?.files?.map((file) => path.basename(file))).toEqual([
      'mosquitto.log.2.gz',
      'mosquitto.log.1',
      'mosquitto.log',
    ]);
    expect(history).toMatchObject({ format: 'mosquitto', unreadableLines: 0 });
    expect(loaded.rows.map(({ client, kinds }) => [client, kinds])).toEqual([
      ['a', 'connected closed'],
      ['b', 'connected closed'],
      ['c', 'connected'],
    ]);
  });

  test('dated parts are in the order of their first events, whatever their names say', async () => {
    const folder = await files({
      'hive.log-20261120': write(MOSQUITTO, [session('late', 900)]),
      'hive.log-20261121.gz': gzipSync(write(MOSQUITTO, [session('early', 0)])),
    });
    const loaded = await load([path.join(folder, '*')]);
    expect(loaded.histories).toHaveLength(1);
    expect(clients(loaded)).toEqual(['early', 'late']);
    expect(loaded.histories[0]?.files?.[0]).toMatch(/20261121/);
  });

  test('logs of two brokers stay two sources, and a copy of one counts once', async () => {
    const one = write(MOSQUITTO, [session('a', 0, 5)]);
    const folder = await files({
      'one.log': one,
      'two.log': write(MOSQUITTO, [session('a', 1, 5)]),
      'copy of one': one,
    });
    const loaded = await load(
      ['one.log', 'two.log', 'copy of one'].map((n) => path.join(folder, n)),
    );
    expect(loaded.histories.map(({ run }) => run)).toEqual([0, 1, 0]);
    expect(loaded.rows.map(({ run }) => run)).toEqual([0, 1]);
  });

  test('overlapping files of lifecycle events are one recording, in whatever order', async () => {
    const all = Array.from({ length: 6 }, (_, i) => session(`c${i}`, i * 10, 100));
    const lines = write('aws-lifecycle, bare', all).trimEnd().split('\n');
    const folder = await files({
      'x/1.json': lines.slice(5).join('\n'),
      'y/0.json': lines.slice(0, 8).join('\n'),
    });
    const loaded = await load([folder]);
    expect(loaded.histories).toHaveLength(1);
    expect(loaded.rows.map(({ client, kinds }) => `${client} ${kinds}`)).toEqual(
      all.map(({ clientId }) => `${clientId} connected closed`),
    );
  });

  test('of the folder of a run only the history is evidence', async () => {
    const folder = await files({
      'run/history.ndjson': ownSample.write([session('a', 0)]),
      'run/broker.log': write(MOSQUITTO, [session('b', 0)]),
      'run/truth.ndjson': '{}\n',
    });
    expect(clients(await load([folder]))).toEqual(['a']);
  });

  test('what is no evidence in a folder is left out, and said', async () => {
    const folder = await files({
      'a.log': write(MOSQUITTO, [session('a', 0)]),
      'README.md': '# Logs\n',
      'empty.log': '',
      'core.bin': Buffer.from([0, 1, 2, 3]),
    });
    const { histories } = await load([folder]);
    expect(histories).toHaveLength(1);
    expect(histories[0]?.remarks?.join()).toMatch(/3 files left out as no evidence: .*README\.md/);
  });

  test('standard input is read once, packed or not, in pieces of any size', async () => {
    const text = write(MOSQUITTO, [session('é', 0, 5)]);
    for (const bytes of [Buffer.from(text), gzipSync(text)]) {
      const pieces = Array.from(bytes, (byte) => Buffer.from([byte]));
      const stdin = (async function* () {
        yield* pieces;
      })();
      expect(clients(await load(['-'], { stdin }))).toEqual(['é']);
    }
  });

  test('everything that can’t be found is told at once', async () => {
    const folder = await files({});
    const message = await refusal([
      path.join(folder, 'no.log'),
      path.join(folder, '*.log'),
      folder,
    ]);
    expect(message).toMatch(/no\.log: no such file/);
    expect(message).toMatch(/no file matches the pattern/);
    expect(message).toMatch(/the folder has no readable files/);
  });
});

describe('what is told of a source', () => {
  test('a header is made up: lacking fields, start, end, the same ID for the same content', async () => {
    const text = write(MOSQUITTO, [session('a', 0, 5)]);
    const folder = await files({ 'a.log': text, 'b/c.log': text });
    const [{ histories }, again] = [
      await load([path.join(folder, 'a.log')]),
      await load([path.join(folder, 'b/c.log')]),
    ];
    expect(histories[0]?.header).toMatchObject({
      startedAt: AT,
      source: { broker: 'mosquitto', vantages: ['broker'], lacks: ['certificateId'] },
    });
    expect(histories[0]?.trailer).toMatchObject({ events: 2, endedAt: AT + 5000 });
    expect(again.histories[0]?.header.runId).toBe(histories[0]?.header.runId);
    expect(histories[0]?.remarks?.join()).toMatch(/no certificate IDs/);
  });

  test('an identity map fills in certificate IDs, marked as inferred', async () => {
    const folder = await files({
      'a.log': write(MOSQUITTO, [session('a', 0, 5), session('b', 1), session('c', 2)]),
    });
    const identityMap = {
      byClientId: new Map([['a', 'a'.repeat(64)]]),
      byPrincipal: new Map([['b', 'b'.repeat(64)]]),
    };
    const { histories, rows } = await load([path.join(folder, 'a.log')], { identityMap });
    expect(rows.map(({ certificate }) => certificate?.[0] ?? null)).toEqual(['a', 'b', null]);
    expect(histories[0]?.header.source.lacks).toBeUndefined();
    expect(histories[0]?.remarks?.join()).toMatch(/3 events got the certificate ID/);
  });

  test('how a source is read is part of what its ID stands for', async () => {
    const folder = await files({ 'event.log': write('hivemq', [session('a', 0)]) });
    const ids = await Promise.all(
      [{}, { zoneMinutes: 60 }, { zoneMinutes: 60 }].map(async (options) => {
        const { histories } = await load([path.join(folder, 'event.log')], options);
        return histories[0]?.header.runId;
      }),
    );
    expect(ids[1]).toBe(ids[2]);
    expect(ids[0]).not.toBe(ids[1]);
  });

  test('unreadable lines are counted and shown with file and line', async () => {
    const lines = write(MOSQUITTO, [session('a', 0, 5)])
      .trimEnd()
      .split('\n');
    const folder = await files({
      'm.log.1': [lines[0], 'garbage', lines[1], lines[2]].join('\n'),
      'm.log': `${lines[3]}\n\xff\xfe`,
    });
    await writeFile(
      path.join(folder, 'm.log'),
      Buffer.concat([Buffer.from(`${lines[3]}\n`), Buffer.from([0xff, 0xfe, 0x0a])]),
    );
    const { histories } = await load([folder]);
    expect(histories[0]).toMatchObject({
      unreadableLines: 2,
      examples: [
        { line: 2, message: 'not understood without doubt' },
        { line: 2, message: 'not UTF-8 text' },
      ],
    });
    expect(histories[0]?.examples.map(({ file }) => path.basename(file ?? ''))).toEqual([
      'm.log.1',
      'm.log',
    ]);
  });

  test('a line of ten megabytes is rejected and counted; the lines around it are read', async () => {
    const lines = write(MOSQUITTO, [session('a', 0, 5)])
      .trimEnd()
      .split('\n');
    const folder = await files({
      'a.log': [lines[0], lines[1], 'x'.repeat(10_000_000), ...lines.slice(2), ''].join('\n'),
    });
    const { histories, rows } = await load([path.join(folder, 'a.log')]);
    expect(histories[0]).toMatchObject({ unreadableLines: 1 });
    expect(histories[0]?.examples[0]).toMatchObject({ line: 3, message: /longer than/ });
    expect(rows).toMatchObject([{ client: 'a', kinds: 'connected closed' }]);
  });

  test('packed data that is cut off gives what it has, and says so', async () => {
    const all = Array.from({ length: 2_000 }, (_, i) => session(`client-${i}`, i, 5));
    const packed = gzipSync(write(MOSQUITTO, all));
    const folder = await files({ 'a.log.gz': packed.subarray(0, packed.length / 2) });
    const { histories, rows } = await load([path.join(folder, 'a.log.gz')]);
    expect(rows.length).toBeGreaterThan(500);
    expect(rows.length).toBeLessThan(2_000);
    expect(histories[0]?.trailer).toBeUndefined();
    expect(histories[0]?.remarks?.join()).toMatch(/is cut off/);
  });

  test('times without a zone are read in the zone that is named', async () => {
    const folder = await files({ 'event.log': write('hivemq', [session('a', 0)]) });
    const file = path.join(folder, 'event.log');
    const plain = await load([file]);
    expect(plain.histories[0]?.header.startedAt).toBe(AT);
    expect(plain.histories[0]?.remarks?.join()).toMatch(/read as UTC/);
    const named = await load([file], { zoneMinutes: 120 });
    expect(named.histories[0]?.header.startedAt).toBe(AT - 7_200_000);
    expect(named.histories[0]?.remarks?.join()).not.toMatch(/UTC/);
  });

  test('a document of any length is read record by record, also when it is cut off', async () => {
    const all = Array.from({ length: 3_000 }, (_, i) => session(`client-${i}`, i, 5));
    const document = write('aws-cloudwatch, document of the CLI', all);
    const folder = await files({
      'whole.json': document,
      'part.json': document.slice(0, document.length / 2),
    });
    const whole = await load([path.join(folder, 'whole.json')]);
    expect(whole.rows).toHaveLength(3_000);
    const part = await load([path.join(folder, 'part.json')]);
    expect(part.rows.length).toBeGreaterThan(1_400);
    expect(part.histories[0]?.examples[0]?.message).toMatch(/cut off in the middle/);
  });
});

describe('what is refused', () => {
  test.each([
    ['', /the file is empty/],
    [Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 1]), /a binary file/],
    [Buffer.from('\ufeffa,b\n', 'utf16le'), /UTF-16/],
    [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0, 0]), /compressed with zstd/],
    [Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), /gzip|empty/],
    ['hello world\n', /none that is known here.*--format/],
    ['a,b,c\n1,2,3\n', /none that is known here.*--map/],
    ['{"event":0,"kind":"connected","vantage":"broker"}\n', /the header line is missing/],
  ])('%#: clearly', async (content, message) => {
    const folder = await files({ x: content });
    expect(await refusal([path.join(folder, 'x')])).toMatch(message);
  });

  test('a log in another format than the one that was named', async () => {
    const folder = await files({ x: write('rabbitmq, log', [session('a', 0, 5)]) });
    const message = await refusal([path.join(folder, 'x')], { format: 'mosquitto' });
    expect(message).toMatch(/none of \d lines can be read as mosquitto/);
  });

  test('a table whose columns are not said, with the columns that it has', async () => {
    const folder = await files({ x: 'when,who\n1,2\n' });
    const message = await refusal([path.join(folder, 'x')], { format: 'csv' });
    expect(message).toMatch(/no column is the client ID; it has when, who — say with --map/);
  });
});
