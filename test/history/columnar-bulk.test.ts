import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { isForBulk, readInBulk } from '../../src/history/columnar/read-in-bulk.ts';
import { encodeEvent, encodeHeader } from '../../src/history/encode.ts';
import { CLOSE_REASONS, type ObservedEvent } from '../../src/history/event.ts';
import { type HistoryReading, readHistory } from '../../src/history/reader.ts';
import { openHistoryStore } from '../../src/history/store.ts';
import {
  certificate,
  EPOCH,
  header,
  historyText,
  session,
  temporaryFile,
} from '../support/history-events.ts';

interface Read {
  readonly reading: HistoryReading | undefined;
  readonly rows: readonly unknown[];
}

const ROWS = 'SELECT * FROM events ORDER BY ALL';

async function bulk(file: string): Promise<Read> {
  const store = await openHistoryStore({ files: [file] });
  try {
    const reading = await readInBulk(store, file, () => 3);
    return { reading, rows: await store.query(ROWS) };
  } finally {
    await store.close();
  }
}

async function careful(file: string): Promise<Read> {
  const store = await openHistoryStore();
  try {
    const reading = await readHistory(file, {
      header: () => {},
      events: (events) => store.append(3, events),
    });
    return { reading, rows: await store.query(ROWS) };
  } finally {
    await store.close();
  }
}

const ordinary = session('1', 'dev', 'a', [0, 100]);
const lines = (text: string): string[] => text.split('\n').slice(0, -1);

/** Damage that a crash, an editor or an attacker leaves. */
const damages: Record<string, (text: string) => string | Buffer> = {
  none: (text) => text,
  'the last line cut off': (text) => text.slice(0, -5),
  'no trailer': (text) => `${lines(text).slice(0, -1).join('\n')}\n`,
  'lines that are no JSON': (text) => text.replace('\n', '\nbroken\n{"event":\n\u0001\n'),
  'blank lines': (text) => text.replaceAll('\n', '\n\n'),
  'a line of spaces': (text) => text.replace('\n', '\n   \n'),
  'DOS line ends': (text) => text.replaceAll('\n', '\r\n'),
  'bytes that are no text': (text) => {
    const [first = '', ...rest] = lines(text);
    return Buffer.concat([
      Buffer.from(`${first}\n`),
      Buffer.from([0xff, 0xfe, 0x0a]),
      Buffer.from(`${rest.join('\n')}\n`),
    ]);
  },
  'a byte that is no text in a client ID': (text) => {
    const bytes = Buffer.from(text);
    bytes[bytes.indexOf('"clientId":"') + 12] = 0xff;
    return bytes;
  },
  'NUL in a line': (text) => text.replace('"kind"', '"ki\u0000nd"'),
  'a doubled key': (text) =>
    text.replace('"kind":"connected"', '"kind":"closed","kind":"connected"'),
  'spaces in a line': (text) => text.replace('"kind":', '"kind": '),
  'a number as text': (text) => text.replace(/"at":(\d+)/, '"at":"$1"'),
  'text as a number': (text) => text.replace(/"clientId":"[^"]*"/, '"clientId":5'),
  'an exponent': (text) => text.replace(/"at":\d+/, '"at":1e12'),
  'an unknown key': (text) => text.replace('"kind":', '"later":{"a":[1]},"kind":'),
  'an unknown kind': (text) => text.replace('"kind":"connected"', '"kind":"exploded"'),
  'a port out of range': (text) => text.replace('"clientId"', '"port":65536,"clientId"'),
  'a lone surrogate': (text) => text.replace(/"clientId":"/, '"clientId":"\\ud800'),
  'two events on a line': (text) => text.replace('}\n{"event":1,', '}{"event":1,'),
  'a list': (text) => text.replace('\n', '\n[{"event":7}]\n'),
  'an event in pieces': (text) => text.replace('"vantage"', '\n"vantage"'),
};

describe('a history that DuckDB reads is what the careful reader reads', () => {
  test.each(Object.entries(damages))('with %s', async (_, damage) => {
    const file = await temporaryFile(damage(historyText([...ordinary, ...ordinary])));
    const [fast, slow] = [await bulk(file), await careful(file)];
    if (fast.reading === undefined) expect(fast.rows).toEqual([]);
    else expect(fast).toEqual(slow);
  });

  test('and damage that makes no other event keeps it fast', async () => {
    for (const name of ['none', 'the last line cut off', 'no trailer', 'lines that are no JSON']) {
      const damage = damages[name] ?? ((text: string) => text);
      const file = await temporaryFile(damage(historyText([...ordinary, ...ordinary])));
      expect((await bulk(file)).reading, name).toBeDefined();
    }
  });

  /** Text as brokers and devices have it, and text that only our writer's escapes can carry. */
  const plainText = fc.oneof(
    fc.string({ unit: fc.constantFrom(...'aZ0-_ é漢💥\u2028"\\\n\r\t\b\f\'*{}[]'), maxLength: 20 }),
    fc.constantFrom('', 'plain', "o'dev", 'x'.repeat(2_000), 'é'.repeat(3_000)),
  );
  const anyText = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom('\u0000', '\u001b[2J', '\u007f', 'é'.repeat(40_000)),
  );

  function randomEvent(text: fc.Arbitrary<string>, times: readonly number[]) {
    const whole = fc.nat({ max: 65_535 });
    const addresses = ['127.0.0.1', '::ffff:10.0.0.1', '::FFFF:10.0.0.1', 'FE80::1', '::ffff:x'];
    const principal = fc.oneof(
      fc.record({ kind: fc.constantFrom('username', 'common-name'), value: text }),
      fc.constant({ kind: 'certificate-id', value: certificate('b') } as const),
    );
    return fc.record(
      {
        kind: fc.constantFrom('connected', 'connect-failed', 'closed'),
        vantage: fc.constantFrom('broker', 'device'),
        at: fc.nat({ max: 1_000 }).map((ms) => EPOCH + ms),
        sessionId: text.filter((id) => id !== '' && id.length <= 1_024),
        clientId: text,
        sourceAt: fc.constantFrom(...times),
        principal,
        certificateId: fc.constantFrom(certificate('a'), certificate('0')),
        ip: fc.oneof(
          text.filter((ip) => ip.length < 256),
          fc.constantFrom(...addresses),
        ),
        port: whole,
        protocolVersion: fc.constantFrom(3, 4, 5),
        keepAliveSeconds: whole,
        cleanStart: fc.boolean(),
        reason: fc.constantFrom(...CLOSE_REASONS),
        abandonedAt: fc.constantFrom(...times),
        inferred: fc.constantFrom(['at'], ['at', 'clientId']),
        raw: text,
      },
      { requiredKeys: ['kind', 'vantage', 'at', 'sessionId', 'clientId'] },
    ) as fc.Arbitrary<ObservedEvent>;
  }

  test.each([
    { name: 'that is ordinary, and it stays fast', text: plainText, times: [0, EPOCH], fast: true },
    { name: 'at all', text: anyText, times: [EPOCH, 253_402_300_799_999], fast: false },
  ])('with any event $name', async ({ text, times, fast: staysFast }) => {
    const events = fc.array(randomEvent(text, times), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(events, async (written) => {
        const file = await temporaryFile(
          encodeHeader(header()) + written.map(encodeEvent).join(''),
        );
        const [fast, slow] = [await bulk(file), await careful(file)];
        expect(slow.reading?.unreadableLines).toBe(0);
        if (staysFast) expect(fast.reading).toBeDefined();
        if (fast.reading === undefined) expect(fast.rows).toEqual([]);
        else expect(fast).toEqual(slow);
      }),
      { numRuns: 40 },
    );
  });
});

test('a second history in the file is refused, as the careful reader does', async () => {
  const text = historyText(ordinary);
  const file = await temporaryFile(text + text);
  await expect(bulk(file)).rejects.toThrow(UserError);
  await expect(bulk(file)).rejects.toThrow('another history starts here');
});

test('only files that the store may read, with names that are no patterns, are read in bulk', async () => {
  const file = await temporaryFile(historyText(ordinary));
  const store = await openHistoryStore({ files: [file] });
  expect(await isForBulk(store, file, 0)).toBe(true);
  expect(await isForBulk(store, file)).toBe(false);
  expect(await isForBulk(store, `${file}.other`, 0)).toBe(false);
  await expect(store.query("SELECT * FROM read_text('/etc/hostname')")).rejects.toThrow(
    'Permission',
  );
  await store.close();
  const odd = await temporaryFile(historyText(ordinary), 'history[1]*.ndjson');
  const other = await openHistoryStore({ files: [odd] });
  expect(await isForBulk(other, odd, 0)).toBe(false);
  await other.close();
});

test('a file that is rewritten while it is read is left to the careful reader', async () => {
  const file = await temporaryFile(historyText(ordinary));
  const store = await openHistoryStore({ files: [file] });
  const grown = historyText([...ordinary, ...ordinary]);
  const reading = await readInBulk(store, file, () => {
    writeFileSync(file, grown);
    return 0;
  });
  const rows = await store.query<{ n: number }>('SELECT count(*) AS n FROM events');
  await store.close();
  expect({ reading, rows }).toEqual({ reading: undefined, rows: [{ n: 0 }] });
});
