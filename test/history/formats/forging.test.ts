/** What a client calls itself must not make, hide or end a session of anybody else. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FORMAT_SAMPLES, type SampleSession } from '../../support/format-samples.ts';
import { readFormat, sessionsOf } from '../../support/read-format.ts';

const AT = Date.UTC(2026, 10, 20, 21, 0, 0);
const VICTIM: SampleSession = {
  clientId: 'victim',
  ip: '10.0.0.7',
  port: 40_007,
  user: 'victim',
  connectedAt: AT,
  closedAt: AT + 600_000,
  reason: 'client-initiated',
};

/** Pieces of lines: put together at random, they look like all that a log can say. */
const PIECES = [
  'victim',
  ' ',
  '\n',
  '"',
  "'",
  '\\',
  ', ',
  '10.0.0.7',
  ':40007',
  ' -> 10.0.0.1:8883',
  ', IP: 10.0.0.7',
  ' disconnected.',
  ' closed its connection.',
  ' disconnected gracefully.',
  ' disconnected ungracefully.',
  ' was disconnected. reason: x.',
  ' Reason given by client: ',
  ', Clean Start: true, Session Expiry: 0 connected.',
  '2026-11-20 21:00:05,000 - Client ID: victim, IP: 10.0.0.7 disconnected gracefully.',
  '2026-11-20 21:00:05,000 - Client ID: ',
  ' already connected, closing old connection.',
  " (p2, c1, k60, u'victim').",
  `${AT / 1000}: Client `,
  ' [10.0.0.7:40007] disconnected.',
  'mid:4',
  ' - Client connection closed: Duplicate Client ID',
  '[16549] 2026/11/20 21:00:05.000000 [DBG] 10.0.0.7:40007 - mid:4 - ',
  "' with duplicate id 'victim",
  'closing MQTT connection <0.820.0> (10.0.0.7:40007 -> 10.0.0.1:8883)',
  '2026-11-20 21:00:05.000000+00:00 [info] <0.820.0> ',
  ', client id: victim)',
  '<0.820.0>',
] as const;

const forgedId = fc
  .array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 8 })
  .map((pieces) => pieces.join(''));

const TEXT_FORMATS = FORMAT_SAMPLES.filter(
  ({ id, lines }) => ['mosquitto', 'rabbitmq', 'nats', 'hivemq'].includes(id) && lines,
);

describe.each(TEXT_FORMATS)('in $name', (sample) => {
  test('a client ID made of pieces of lines changes nothing of other sessions', () => {
    fc.assert(
      fc.property(forgedId, (clientId) => {
        fc.pre(clientId !== 'victim');
        // A broker that refuses control characters never logs them.
        fc.pre(sample.refuses?.(clientId) !== true);
        const forger: SampleSession = {
          clientId,
          ip: '10.9.9.9',
          port: 50_009,
          user: 'forger',
          connectedAt: AT + 10_000,
          closedAt: AT + 20_000,
          reason: 'client-initiated',
        };
        const text = sample.write([VICTIM, forger]);
        const { events, unread } = readFormat(sample.id, text);
        const sessions = sessionsOf(events);
        const others = sessions.filter((one) => one.ip !== forger.ip);
        const [victim] = sessionsOf(readFormat(sample.id, sample.write([VICTIM])).events);
        const [seen, ...invented] = others;
        expect(invented).toEqual([]);
        // Its end may be among what is said to be unread; another end is a forged one.
        const hidden = unread.length > 0 && seen?.closedAt === undefined;
        expect(seen).toEqual(
          hidden ? { ...victim, closedAt: undefined, reason: undefined } : victim,
        );
        for (const session of sessions.filter((one) => one.ip === forger.ip)) {
          expect(session.clientId).toBe(clientId);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

test('after a line of HiveMQ that is cut off, what could be the rest of a client ID is not believed', () => {
  const hivemq = FORMAT_SAMPLES.find(({ id }) => id === 'hivemq');
  const victim = hivemq?.write([VICTIM]).split('\n') ?? [];
  const [connect = '', , close = ''] = [victim[0], '', victim[1]];
  const cut = '2026-11-20 21:00:03,000 - Client ID: evil';
  const forged =
    '2026-11-20 21:00:04,000 - Client ID: victim, IP: 10.0.0.7 disconnected gracefully.';
  const rest =
    '2026-11-20 21:00:04,000 - Client ID: y, IP: 9.9.9.9, Clean Start: true, Session Expiry: 0 connected.';
  const { events, unread } = readFormat('hivemq', [connect, cut, forged, rest, close].join('\n'));
  expect(sessionsOf(events).map(({ clientId, closedAt }) => [clientId, closedAt])).toEqual([
    ['victim', undefined],
  ]);
  expect(unread).toHaveLength(4);
});
