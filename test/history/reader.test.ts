import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { EXIT, UserError } from '../../src/core/errors.ts';
import { HISTORY_LINE_BYTES_MAX } from '../../src/core/limits.ts';
import type { ConnectionEvent } from '../../src/history/event.ts';
import { readHistory } from '../../src/history/reader.ts';
import {
  certificate,
  header,
  historyText,
  numbered,
  session,
  temporaryFile,
  temporaryFolder,
  trailer,
} from '../support/history-events.ts';

const events = session('1', 'dev', 'a', [0, 100]);
const head = `${JSON.stringify(header())}\n`;
const lineOf = (fields: object) => `${JSON.stringify({ ...numbered(events)[0], ...fields })}\n`;

async function read(content: string | Uint8Array) {
  const got: ConnectionEvent[] = [];
  const reading = await readHistory(await temporaryFile(content), {
    header: () => {},
    events: (some) => got.push(...some),
  });
  return { ...reading, got };
}

async function refusal(content: string | Uint8Array): Promise<UserError> {
  const refused = await read(content).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(refused instanceof UserError)) throw new Error(`no UserError but ${refused}`);
  expect(refused.exitCode).toBe(EXIT.invalidInput);
  for (const { hint, file } of refused.problems) {
    expect(hint).toBeTruthy();
    expect(file).toMatch(/history\.ndjson$/);
  }
  return refused;
}

describe('a history is read', () => {
  test('whole: header, events, trailer', async () => {
    const reading = await read(historyText(events));
    expect(reading).toMatchObject({
      header: header(),
      trailer: trailer(2),
      events: 2,
      unreadableLines: 0,
      examples: [],
    });
    expect(reading.got).toEqual(numbered(events));
  });

  test('with a byte order mark, CRLF and blank lines', async () => {
    const text = `\ufeff${historyText(events).replaceAll('\n', '\r\n\r\n')}`;
    const reading = await read(text);
    expect(reading).toMatchObject({ events: 2, unreadableLines: 0, trailer: trailer(2) });
    expect(reading.got).toEqual(numbered(events));
  });

  test('without a trailer, and up to a last line that was cut off', async () => {
    const text = historyText(events, header(), 'truncated');
    const reading = await read(text.slice(0, -10));
    expect(reading).toMatchObject({
      trailer: undefined,
      events: 1,
      unreadableLines: 1,
      examples: [{ line: 3, message: 'cut off in the middle' }],
    });
  });

  test('cut at any byte: never a crash, never an event that was not written', async () => {
    const text = historyText(events);
    for (let length = 0; length <= text.length; length += 7) {
      const got = await read(text.slice(0, length)).catch((error: unknown) => error);
      if (got instanceof Error) expect(got).toBeInstanceOf(UserError);
      else expect(numbered(events)).toEqual(expect.arrayContaining((got as { got: [] }).got));
    }
  });

  test('with unreadable lines counted and the first five shown', async () => {
    const broken = Array.from({ length: 8 }, (_, i) => `broken ${i}\n`).join('');
    const reading = await read(historyText(events).replace('\n', `\n${broken}`));
    expect(reading.events).toBe(2);
    expect(reading.unreadableLines).toBe(8);
    expect(reading.examples.map((example) => example.line)).toEqual([2, 3, 4, 5, 6]);
  });

  test('past a line longer than the limit, which is never held whole', async () => {
    const long = `{"x":"${'y'.repeat(2.5 * HISTORY_LINE_BYTES_MAX)}"}\n`;
    const reading = await read(historyText(events).replace('\n', `\n${long}`));
    expect(reading).toMatchObject({
      events: 2,
      unreadableLines: 1,
      examples: [{ line: 2, message: `longer than ${HISTORY_LINE_BYTES_MAX} bytes` }],
    });
  });

  test('with fields that it does not know', async () => {
    expect((await read(head + lineOf({ later: { version: 2 } }))).events).toBe(1);
  });
});

describe('a line is unreadable when', () => {
  test.each([
    ['[1]', 'not a JSON object'],
    ['null', 'not a JSON object'],
    ['"text"', 'not a JSON object'],
    ['{"doppelfleet":"middle"}', 'neither an event nor a trailer'],
    ['{"doppelfleet":"end","events":1}', 'neither an event nor a trailer'],
  ])('it is %s', async (line, message) => {
    const { examples, unreadableLines } = await read(`${head}${line}\n`);
    expect(unreadableLines).toBe(1);
    expect(examples[0]?.message).toContain(message);
  });

  test.each([
    ['kind', 'exploded'],
    ['vantage', 'god'],
    ['event', -1],
    ['event', undefined],
    ['at', -1],
    ['at', 1e18],
    ['at', 0.5],
    ['at', '2026'],
    ['sessionId', ''],
    ['sessionId', 7],
    ['clientId', 'x'.repeat(65_536)],
    ['clientId', '\ud800'],
    ['principal', { kind: 'certificate-id', value: 'abc' }],
    ['principal', { kind: 'soul', value: 'abc' }],
    ['certificateId', certificate('A')],
    ['certificateId', 'a'.repeat(63)],
    ['ip', 7],
    ['port', 65_536],
    ['protocolVersion', 6],
    ['keepAliveSeconds', -1],
    ['cleanStart', 1],
    ['reason', 'bored'],
    ['inferred', ['DROP TABLE']],
    ['inferred', 'reason'],
    ['raw', 1],
    ['abandonedAt', -1],
  ])('%s is %j', async (name, value) => {
    const {
      examples,
      unreadableLines,
      events: count,
    } = await read(head + lineOf({ [name]: value }));
    expect({ unreadableLines, count }).toEqual({ unreadableLines: 1, count: 0 });
    expect(examples[0]?.message).toContain(name);
  });

  test('it is not UTF-8', async () => {
    const { examples } = await read(Buffer.concat([Buffer.from(head), Buffer.from([0xff, 0x0a])]));
    expect(examples).toEqual([{ line: 2, message: 'not UTF-8 text' }]);
  });
});

describe('a file is refused with what to do when', () => {
  test.each([
    ['it is empty', '', 'the file is empty'],
    ['it is text', 'hello\nworld\n', 'not a JSON object'],
    ['it is binary', new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 0xff]), 'a binary file'],
    ['it is compressed', gzipSync(historyText(events)), 'the file is compressed'],
    ['it is one endless line', 'x'.repeat(HISTORY_LINE_BYTES_MAX + 1), 'first line is too long'],
    ['its header is missing', historyText(events).slice(head.length), 'the header line is missing'],
    ['it begins with a trailer', JSON.stringify(trailer(0)), 'the header line is missing'],
    [
      'its schema version is unknown',
      head.replace('"schemaVersion":1', '"schemaVersion":99'),
      'history schema version 99 is not known here, only 1',
    ],
    [
      'another history follows',
      historyText(events) + historyText(events),
      'another history starts',
    ],
  ])('%s', async (_, content, message) => {
    expect((await refusal(content)).message).toContain(message);
  });

  test('its header lacks several fields: all are named at once', async () => {
    const content = JSON.stringify({ doppelfleet: 'history', schemaVersion: 1, runId: 7 });
    const { problems } = await refusal(content);
    expect(problems.map((problem) => problem.message)).toEqual([
      'header: toolVersion must be text',
      'header: runId must be text',
      'header: scenario must be text',
      'header: scenarioDigest must be text',
      'header: seed must be a number',
      'header: startedAt must be whole epoch milliseconds',
      'header: source is missing',
    ]);
  });

  test('it does not exist or is a folder', async () => {
    const sink = { header: () => {}, events: () => {} };
    const folder = await temporaryFolder();
    await expect(readHistory(`${folder}/none`, sink)).rejects.toThrow('no such file or folder');
    await expect(readHistory(folder, sink)).rejects.toThrow('it is a folder');
  });
});
