import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { likelyFormats } from '../../../src/history/formats/detect.ts';
import { FORMAT_IDS } from '../../../src/history/formats/format.ts';
import {
  FORMAT_SAMPLES,
  type FormatSample,
  ownSample,
  type SampleSession,
} from '../../support/format-samples.ts';
import { type ReadSession, readFormat, sessionsOf } from '../../support/read-format.ts';

const AT = Date.UTC(2026, 10, 20, 21, 0, 0);

function session(clientId: string, from: number, rest: Partial<SampleSession> = {}): SampleSession {
  return {
    clientId,
    ip: '10.1.2.3',
    port: 20_000 + from,
    user: 'ann',
    connectedAt: AT + from * 1000,
    ...rest,
  };
}

/** One of each: evicted, clean, lost, timed out, still open. */
const STORY: readonly SampleSession[] = [
  session('dup', 1, { closedAt: AT + 5_000, reason: 'session-taken-over' }),
  session('dup', 5, { closedAt: AT + 40_000, reason: 'client-initiated' }),
  session('lost', 2, { closedAt: AT + 30_000, reason: 'connection-lost' }),
  session('silent', 3, { closedAt: AT + 93_000, reason: 'keep-alive-timeout' }),
  session('open', 4),
];

/** Client IDs that look like the rest of a line, a quote, a separator, a command. */
const HOSTILE = [
  "evil (p2, c1, k60, u'dev9').",
  'dup disconnected.',
  'dup, IP: 10.1.2.3 disconnected gracefully.',
  'x, IP: 9.9.9.9, Clean Start: true, Session Expiry: 0 connected.',
  'dup" - Client connection closed: Duplicate Client ID',
  "a' with duplicate id 'dup",
  'b (1.2.3.4:5 -> 1.2.3.4:6, client id: dup)',
  '"quoted",comma;semi\ttab',
  '=HYPERLINK("http://x")',
  '{"clientId":"dup"}',
  "'; DROP TABLE events; --",
  '<script>alert(1)</script>',
  'é☃😀',
  'line\nbreak',
  'carriage\rreturn',
  '#',
  '+/dup/#',
  'n'.repeat(400),
  '\\x41\\',
];

function expected(
  sample: FormatSample,
  sessions: readonly SampleSession[],
): readonly ReadSession[] {
  const round = (at: number | undefined) =>
    at === undefined ? undefined : Math.floor(at / sample.precisionMs) * sample.precisionMs;
  return sessions
    .map(({ clientId, ip, port, connectedAt, closedAt, reason }) => ({
      clientId,
      ip: sample.hasIp === false ? undefined : ip,
      port: sample.hasPort ? port : undefined,
      connectedAt: round(connectedAt),
      closedAt: round(closedAt),
      reason:
        reason === undefined || closedAt === undefined
          ? undefined
          : (sample.reads?.[reason] ?? reason),
    }))
    .sort(
      (a, b) =>
        (a.connectedAt ?? 0) - (b.connectedAt ?? 0) ||
        (a.clientId < b.clientId ? -1 : 1) ||
        (a.closedAt ?? 0) - (b.closedAt ?? 0),
    );
}

test('every format has a sample', () => {
  const sampled = new Set<string>([ownSample.id, ...FORMAT_SAMPLES.map(({ id }) => id)]);
  expect([...sampled].sort()).toEqual([...FORMAT_IDS].sort());
});

test('our own history is recognised among all others', () => {
  expect(likelyFormats(ownSample.write(STORY), {})[0]?.[0]).toBe('doppelfleet');
});

describe.each(FORMAT_SAMPLES)('$name ($origin)', (sample) => {
  const read = (sessions: readonly SampleSession[]) =>
    readFormat(sample.id, sample.write(sessions));

  test('is recognised among all others, without doubt', () => {
    const [first, second] = likelyFormats(sample.write(STORY), {});
    expect(first?.[0]).toBe(sample.id);
    expect((first?.[1] ?? 0) - (second?.[1] ?? 0)).toBeGreaterThanOrEqual(0.1);
  });

  test('gives a takeover, a clean close, a loss, a timeout and an open session', () => {
    const { events, unread } = read(STORY);
    expect(unread).toEqual([]);
    expect(sessionsOf(events)).toEqual(expected(sample, STORY));
  });

  test('gives hostile client IDs as they are and no session that was not there', () => {
    const sessions = HOSTILE.filter((id) => sample.refuses?.(id) !== true).flatMap((id, i) => [
      session(id, 10 + 10 * i, {
        closedAt: AT + 13_000 + 10_000 * i,
        reason: 'session-taken-over',
      }),
      session(id, 13 + 10 * i, { closedAt: AT + 18_000 + 10_000 * i, reason: 'client-initiated' }),
    ]);
    const { events } = read([...STORY, ...sessions]);
    expect(sessionsOf(events)).toEqual(expected(sample, [...STORY, ...sessions]));
  });

  test('a file cut off anywhere gives a part of the truth and nothing else', () => {
    const text = sample.write(STORY);
    const whole = expected(sample, STORY);
    const starts = new Set(whole.map(({ clientId, connectedAt }) => `${clientId} ${connectedAt}`));
    for (let end = 0; end < text.length; end += 7) {
      for (const { clientId, connectedAt } of sessionsOf(
        readFormat(sample.id, text.slice(0, end)).events,
      )) {
        expect(starts).toContain(`${clientId} ${connectedAt}`);
      }
    }
  });

  if (!sample.lines) return;

  test('garbage between the lines is counted and changes nothing', () => {
    const lines = sample.write(STORY).trimEnd().split('\n');
    const garbage = ['garbage', '\u0000\u0001', '}{', '1'];
    const [first = '', ...rest] = lines;
    const mixed = [first, ...rest.flatMap((line, i) => [garbage[i % 4] ?? '', line])].join('\n');
    const { events, unread } = readFormat(sample.id, mixed);
    expect(sessionsOf(events)).toEqual(expected(sample, STORY));
    expect(unread).toHaveLength(rest.length);
  });

  if (sample.unordered !== true) return;

  test('order and repetition of lines mean nothing', () => {
    const text = sample.write(STORY).trimEnd().split('\n');
    const head = sample.id === 'csv' ? text.splice(0, 1) : [];
    fc.assert(
      fc.property(
        fc.shuffledSubarray(
          [...text.keys(), ...text.keys()].map((line, i) => ({ line, i })),
          {
            minLength: 2 * text.length,
          },
        ),
        (order) => {
          const lines = [...head, ...order.map(({ line }) => text[line] ?? '')];
          const { events, unread } = readFormat(sample.id, lines.join('\n'));
          expect(unread).toEqual([]);
          const once = new Map(events.map((event) => [`${event.kind} ${event.sessionId}`, event]));
          expect(sessionsOf([...once.values()])).toEqual(expected(sample, STORY));
        },
      ),
      { numRuns: 50 },
    );
  });
});
