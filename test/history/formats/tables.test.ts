import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../../src/core/errors.ts';
import { CLOSE_REASONS } from '../../../src/history/event.ts';
import { parseColumns } from '../../../src/history/formats/columns.ts';
import { splitRow } from '../../../src/history/formats/csv-rows.ts';
import { readFormat, sessionsOf } from '../../support/read-format.ts';

const AT = Date.UTC(2026, 0, 1);

/** Whole sessions of distinct clients, each with an address, so that rows can be told apart. */
const sessions = fc.uniqueArray(
  fc.record({
    clientId: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }),
    port: fc.integer({ min: 1, max: 65_535 }),
    from: fc.integer({ min: 0, max: 1e9 }),
    lasting: fc.option(fc.integer({ min: 0, max: 1e9 }), { nil: undefined }),
    reason: fc.constantFrom(...CLOSE_REASONS),
  }),
  { selector: ({ clientId }) => clientId, maxLength: 12 },
);

const quoted = (value: string | number) => `"${String(value).replaceAll('"', '""')}"`;

describe('a table of whole sessions', () => {
  const told = (
    all: readonly (typeof sessions extends fc.Arbitrary<(infer One)[]> ? One : never)[],
  ) =>
    all
      .map(({ clientId, port, from, lasting, reason }) => ({
        clientId,
        ip: '10.0.0.1',
        port,
        connectedAt: AT + from,
        closedAt: lasting === undefined ? undefined : AT + from + lasting,
        reason: lasting === undefined ? undefined : reason,
      }))
      .sort((a, b) => a.connectedAt - b.connectedAt || (a.clientId < b.clientId ? -1 : 1));

  test('comes back from CSV as it was written, whatever the client IDs are', () => {
    fc.assert(
      fc.property(sessions, fc.constantFrom(',', ';', '\t'), (all, separator) => {
        const rows = all.map(({ clientId, port, from, lasting, reason }) =>
          [
            clientId,
            '10.0.0.1',
            port,
            AT + from,
            lasting === undefined ? '' : new Date(AT + from + lasting).toISOString(),
            reason,
          ]
            .map(quoted)
            .join(separator),
        );
        const header = ['device', 'ip', 'port', 'connected_at', 'closed_at', 'reason'].join(
          separator,
        );
        const columns = parseColumns('clientId=device');
        const { events, unread } = readFormat('csv', [header, ...rows].join('\n'), { columns });
        expect(unread).toEqual([]);
        expect(sessionsOf(events)).toEqual(told(all));
      }),
    );
  });

  test('comes back from JSON lines, with keys inside of objects', () => {
    fc.assert(
      fc.property(sessions, (all) => {
        const rows = all.map(({ clientId, port, from, lasting, reason }) =>
          JSON.stringify({
            payload: { client: { id: clientId } },
            peer: { ip: '10.0.0.1', port },
            begin: (AT + from) / 1000,
            finish: lasting === undefined ? null : AT + from + lasting,
            why: reason,
          }),
        );
        const columns = parseColumns(
          'clientId=payload.client.id,ip=peer.ip,port=peer.port,connectedAt=begin,closedAt=finish,reason=why',
        );
        const { events, unread } = readFormat('ndjson', rows.join('\n'), { columns });
        expect(unread).toEqual([]);
        expect(sessionsOf(events)).toEqual(told(all));
      }),
    );
  });
});

test('a kind column has the words that the mapping gives it', () => {
  const columns = parseColumns('clientId=who,at=ts,kind=what,connected=hello|hi,closed=bye');
  const text =
    'ts,who,what\n1767225600,a,hi\n1767225601,b,HELLO\n1767225602,a,bye\n1767225603,a,online\n';
  const { events, unread } = readFormat('csv', text, { columns });
  expect(events.map(({ kind, clientId, at }) => [kind, clientId, at])).toEqual([
    ['connected', 'a', AT],
    ['connected', 'b', AT + 1000],
    ['closed', 'a', AT + 2000],
  ]);
  expect(unread).toEqual(['what happened (kind) is none of the words that are known']);
});

test('times are seconds, milliseconds or ISO 8601, and without a zone in the zone that is named', () => {
  const times = [
    '1767225600',
    '1767225600000',
    '2026-01-01T00:00:00Z',
    '2026-01-01 02:00:00',
    '2026-01-01T01:00:00+01:00',
  ];
  const text = ['ts,client,event', ...times.map((time, i) => `${time},c${i},connect`)].join('\n');
  const { events } = readFormat('csv', text, { zoneMinutes: 120 });
  expect(events.map(({ at }) => at)).toEqual(times.map(() => AT));
});

test.each(['-1', '99999999999999999999999', '2026-02-31T00:00:00Z', 'soon', '', '1e999'])(
  'the time %j is counted as unread',
  (time) => {
    const { events, unread } = readFormat('csv', `ts,client,event\n${time},a,connect`);
    expect(events).toEqual([]);
    expect(unread).toHaveLength(1);
  },
);

test('a quote that never closes hides no later row', () => {
  const rows = Array.from({ length: 300 }, (_, i) => `176722560${i % 10},c${i},connect`);
  const text = ['ts,client,event', '1767225600,"broken,connect', ...rows].join('\n');
  const { events, unread } = readFormat('csv', text);
  expect(events).toHaveLength(300);
  expect(unread).toEqual(['a quote is opened and never closed']);
});

test('a row of another length, a second header and an empty line are told apart', () => {
  const text = 'ts,client,event\n1767225600,a\nts,client,event\n\n1767225600,a,connect\n';
  const { events, unread } = readFormat('csv', text);
  expect(events).toHaveLength(1);
  expect(unread).toEqual(['2 cells where the header has 3']);
});

test('all faults of a mapping are told at once', () => {
  try {
    parseColumns('clientid=a,at,foo=b');
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).problems.map(({ message }) => message)).toEqual([
      'there is no field "clientid" to map a column to',
      '"at" in the column mapping is no field=column',
      'there is no field "foo" to map a column to',
    ]);
  }
});

test.each([
  ['a,b', ['a', 'b']],
  ['"a,b",c', ['a,b', 'c']],
  ['"a ""q""",', ['a "q"', '']],
  ['', ['']],
  ['a,"b', undefined],
  ['"a"b,c', 'there is text behind a closing quote'],
])('the row %j is %j', (row, cells) => {
  expect(splitRow(row, ',')).toEqual(cells);
});
