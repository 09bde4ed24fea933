import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { EXIT, UserError } from '../../src/core/errors.ts';
import type { ConnectionEvent, ObservedEvent } from '../../src/history/event.ts';
import { readHistory } from '../../src/history/reader.ts';
import { openHistoryWriter } from '../../src/history/writer.ts';
import {
  certificate,
  closed,
  connected,
  EPOCH,
  header,
  numbered,
  session,
  temporaryFile,
  temporaryFolder,
} from '../support/history-events.ts';

const events = session('1', 'dev', 'a', [0, 100]);
const newFile = async () => path.join(await temporaryFolder(), 'history.ndjson');

async function readBack(file: string) {
  const got: ConnectionEvent[] = [];
  const reading = await readHistory(file, {
    header: () => {},
    events: (some) => got.push(...some),
  });
  return { ...reading, got };
}

describe('a history that was written', () => {
  test('is read back as it was, whatever the clients are called', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 });
    const event = fc
      .record(
        {
          kind: fc.constantFrom('connected', 'connect-failed', 'closed'),
          vantage: fc.constantFrom('broker', 'device'),
          at: fc.integer({ min: 0, max: EPOCH * 2 }),
          sessionId: fc.uuid(),
          clientId: text,
          sourceAt: fc.nat(),
          principal: fc.record({ kind: fc.constantFrom('common-name', 'username'), value: text }),
          certificateId: fc.constantFrom(certificate('a'), certificate('0')),
          ip: fc.ipV6(),
          port: fc.integer({ min: 0, max: 65_535 }),
          protocolVersion: fc.constantFrom(3, 4, 5),
          keepAliveSeconds: fc.integer({ min: 0, max: 65_535 }),
          cleanStart: fc.boolean(),
          reason: fc.constantFrom('unknown', 'session-taken-over'),
          abandonedAt: fc.nat(),
          inferred: fc.constantFrom(['reason'], ['at', 'certificateId']),
          raw: text,
        },
        { requiredKeys: ['kind', 'vantage', 'at', 'sessionId', 'clientId'] },
      )
      .map((fields) => fields as ObservedEvent);
    await fc.assert(
      fc.asyncProperty(fc.array(event), async (given) => {
        const file = path.join(await temporaryFolder(), 'history.ndjson');
        const writer = openHistoryWriter(file, header());
        expect(given.map((one) => writer.append(one))).toEqual(given.map((_, i) => i));
        await writer.close('interrupted', EPOCH + 5);
        const { got, trailer, unreadableLines } = await readBack(file);
        expect(got).toEqual(numbered(given));
        expect(unreadableLines).toBe(0);
        expect(trailer).toEqual({
          doppelfleet: 'end',
          events: given.length,
          endedAt: EPOCH + 5,
          outcome: 'interrupted',
        });
      }),
      { numRuns: 50 },
    );
  });

  test('has its keys in one order, whatever the order they came in', async () => {
    const [one, two] = [await newFile(), await newFile()];
    const [event] = events;
    for (const [file, given] of [
      [one, event],
      [two, Object.fromEntries(Object.entries(event ?? {}).reverse())],
    ] as const) {
      const writer = openHistoryWriter(file, header());
      writer.append(given as ObservedEvent);
      await writer.close('completed', EPOCH);
    }
    expect(await readFile(two, 'utf8')).toBe(await readFile(one, 'utf8'));
  });

  test('holds every event in order, also of a burst beyond every buffer', async () => {
    const file = await newFile();
    const writer = openHistoryWriter(file, header());
    const count = 40_000;
    const raw = 'x'.repeat(400);
    for (let i = 0; i < count; i++) {
      writer.append(connected(`s${i}`, 'dev', i, { raw }));
      if (i % 10_000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await writer.close('completed', EPOCH);
    const { got, trailer } = await readBack(file);
    expect(got.map((event) => event.event)).toEqual(Array.from({ length: count }, (_, i) => i));
    expect(trailer?.events).toBe(count);
  });
});

describe('a history being written', () => {
  test('has its header at once, so that a crash leaves a history', async () => {
    const file = await newFile();
    const writer = openHistoryWriter(file, header());
    expect((await readBack(file)).header).toEqual(header());
    await writer.close('completed', EPOCH);
  });

  test('is complete in the file up to a flush, without a trailer', async () => {
    const file = await newFile();
    const writer = openHistoryWriter(file, header());
    for (const event of events) writer.append(event);
    await writer.flush();
    expect(await readBack(file)).toMatchObject({ events: 2, trailer: undefined });
    await writer.close('completed', EPOCH);
  });

  test('reaches the file by itself after a moment', async () => {
    const file = await newFile();
    const writer = openHistoryWriter(file, header());
    writer.append(connected('1', 'dev', 0));
    await vi.waitUntil(async () => (await readBack(file)).events === 1, { timeout: 10_000 });
    await writer.close('completed', EPOCH);
  });

  test('is closed at once on a second interrupt, with all that was appended', async () => {
    const file = await newFile();
    const writer = openHistoryWriter(file, header());
    const count = 3_000;
    // Enough for a write to be under way in the background.
    for (let i = 0; i < count; i++) writer.append(connected(`s${i}`, 'dev', i));
    writer.closeNow('interrupted', EPOCH + 9);
    const { got, trailer } = await readBack(file);
    expect(got).toHaveLength(count);
    expect(trailer).toMatchObject({ events: count, outcome: 'interrupted' });
    await writer.close('completed', EPOCH);
    expect((await readBack(file)).got).toEqual(got);
  });

  test('is whole although the process ends while a write waits in the background', async () => {
    const file = await newFile();
    // One thread for everything in the background, and that one is busy.
    const program = `
      import { pbkdf2 } from 'node:crypto';
      import { openHistoryWriter } from ${source('history/writer.ts')};
      const writer = openHistoryWriter(${JSON.stringify(file)}, ${JSON.stringify(header())});
      pbkdf2('a', 'b', 1e9, 64, 'sha512', () => {});
      for (let i = 0; i < 2000; i++) {
        writer.append({ kind: 'connected', vantage: 'broker', at: i, sessionId: 's' + i,
          clientId: 'dev' });
      }
      writer.closeNow('interrupted', 1);
      process.kill(process.pid, 'SIGKILL');`;
    runProgram(program, 'export UV_THREADPOOL_SIZE=1');
    const { got, trailer, unreadableLines } = await readBack(file);
    expect(got).toHaveLength(2_000);
    expect(unreadableLines).toBe(0);
    expect(trailer?.events).toBe(2_000);
  });

  test('takes no event that a reader would refuse, and none after its end', async () => {
    const writer = openHistoryWriter(await newFile(), header());
    expect(() => writer.append(connected('1', 'dev', 0.5))).toThrow('at must be whole');
    await writer.close('completed', EPOCH);
    expect(() => writer.append(connected('1', 'dev', 0))).toThrow('closed');
  });

  test('clips what a source said when it has no end', async () => {
    const file = await newFile();
    const writer = openHistoryWriter(file, header());
    writer.append(closed('1', 'dev', 0, 'unknown', { raw: 'x'.repeat(10_000_000) }));
    await writer.close('completed', EPOCH);
    expect((await readBack(file)).got[0]?.raw).toHaveLength(131_072);
  });
});

describe('a history that cannot be written', () => {
  test('is refused where one is already', async () => {
    const file = await temporaryFile('precious');
    expect(() => openHistoryWriter(file, header())).toThrow(UserError);
    expect(() => openHistoryWriter(file, header())).toThrow('there already');
    expect(await readFile(file, 'utf8')).toBe('precious');
  });

  test('is refused where the folder is missing', async () => {
    const file = path.join(await temporaryFolder(), 'none', 'history.ndjson');
    expect(() => openHistoryWriter(file, header())).toThrow('no such file or folder');
  });

  test.skipIf(!existsSync('/dev/full'))('is refused at once when the disk is full', () => {
    const open = () => openHistoryWriter('/dev/full', header());
    expect(open).toThrow(UserError);
    expect(open).toThrow('the disk is full');
  });

  test('says so once when the disk fills in mid-run, and keeps what was written', async () => {
    const file = await newFile();
    const outcome = writeUnderLimit(file, 64);
    expect(outcome).toMatchObject({ status: 0, errors: 1, exitCode: EXIT.io, rejected: true });
    expect(outcome.message).toContain('size limit');
    expect(outcome.last).toBe(19_999);
    const { got, unreadableLines, trailer } = await readBack(file);
    expect(got.map((event) => event.event)).toEqual(got.map((_, i) => i));
    expect(got.length).toBeGreaterThan(200);
    expect(unreadableLines).toBeLessThanOrEqual(1);
    expect(trailer).toBeUndefined();
  });
});

/** Runs a program that may import from `src`, in a process and shell of its own. */
function runProgram(program: string, before = ':'): Record<string, unknown> {
  // process.execPath, and not a shell's node: the one that runs this test can strip types.
  const { status, stdout, stderr } = spawnSync(
    'sh',
    ['-c', `${before} && exec "$0" --input-type=module -e "$1"`, process.execPath, program],
    { encoding: 'utf8' },
  );
  expect(stderr.replaceAll(/^.*(ExperimentalWarning|--trace-warnings).*$/gm, '').trim()).toBe('');
  return { status, ...(JSON.parse(stdout || '{}') as Record<string, unknown>) };
}

const source = (name: string): string =>
  JSON.stringify(path.resolve(import.meta.dirname, '../../src', name));

/** Writes in a process that may make no file longer than `kibibytes` (RLIMIT_FSIZE). */
function writeUnderLimit(file: string, kibibytes: number) {
  const program = `
    import { openHistoryWriter } from ${source('history/writer.ts')};
    const errors = [];
    const writer = openHistoryWriter(${JSON.stringify(file)}, ${JSON.stringify(header())}, {
      onError: (error) => errors.push(error),
    });
    let last;
    for (let i = 0; i < 20000; i++) {
      last = writer.append({ kind: 'connected', vantage: 'broker', at: i, sessionId: 's' + i,
        clientId: 'dev' });
      if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const rejected = await writer.close('completed', 1).then(() => false, () => true);
    writer.closeNow('failed', 1);
    console.log(JSON.stringify({ errors: errors.length, exitCode: errors[0]?.exitCode,
      message: errors[0]?.message, rejected, last }));`;
  // The shell counts in blocks of 512 bytes.
  return runProgram(program, `ulimit -f ${kibibytes * 2}`);
}
