import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ObservedEvent } from '../../../src/history/event.ts';
import { SessionPairing, type UnpairedEvent } from '../../../src/history/formats/pairing.ts';
import { sessionsOf } from '../../support/read-format.ts';

const AT = 1_767_225_600_001;

type Step = Partial<UnpairedEvent> & { readonly kind: ObservedEvent['kind']; readonly at: number };

function pair(steps: readonly Step[], skewMs = 0): readonly ObservedEvent[] {
  const events: ObservedEvent[] = [];
  const pairing = new SessionPairing({ prefix: 's', skewMs }, (event) => events.push(event));
  for (const step of steps) {
    const event: UnpairedEvent = { vantage: 'broker', clientId: 'a', ...step, at: AT + step.at };
    if (event.kind === 'connected') pairing.connected(event);
    else if (event.kind === 'closed') pairing.closed(event);
    else pairing.failed(event);
  }
  pairing.end();
  return events;
}

const told = (events: readonly ObservedEvent[]) =>
  sessionsOf(events).map(({ connectedAt, closedAt, reason }) => [
    connectedAt === undefined ? undefined : connectedAt - AT,
    closedAt === undefined ? undefined : closedAt - AT,
    reason,
  ]);

const connect = (at: number, rest: Partial<UnpairedEvent> = {}): Step => ({
  kind: 'connected',
  at,
  ...rest,
});
const close = (at: number, rest: Partial<UnpairedEvent> = {}): Step => ({
  kind: 'closed',
  at,
  reason: 'connection-lost',
  ...rest,
});

test('a missing close is inferred from the next connect, and says that it is', () => {
  const events = pair([connect(0), connect(50_000), close(60_000)]);
  expect(told(events)).toEqual([
    [0, 50_000, 'unknown'],
    [50_000, 60_000, 'connection-lost'],
  ]);
  expect(events.filter(({ inferred }) => inferred !== undefined)).toMatchObject([
    { kind: 'closed', reason: 'unknown', inferred: ['at', 'reason'] },
  ]);
});

test('the close of an evicted session that comes after the next connect is its own', () => {
  const steps = [
    connect(0),
    connect(50_000),
    close(50_003, { reason: 'session-taken-over' }),
    close(90_000),
  ];
  expect(told(pair(steps))).toEqual([
    [0, 50_003, 'session-taken-over'],
    [50_000, 90_000, 'connection-lost'],
  ]);
});

test('an address tells whose close it is, whenever it comes', () => {
  const steps = [
    connect(0, { ip: '1.1.1.1', port: 1 }),
    connect(50_000, { ip: '1.1.1.1', port: 2 }),
    close(50_001, { ip: '1.1.1.1', port: 2 }),
    close(90_000, { ip: '1.1.1.1', port: 1 }),
  ];
  expect(told(pair(steps))).toEqual([
    [0, 90_000, 'connection-lost'],
    [50_000, 50_001, 'connection-lost'],
  ]);
});

test('a close without a connect is a session that began before the records did', () => {
  expect(told(pair([close(5), connect(10), close(20)]))).toEqual([
    [undefined, 5, 'connection-lost'],
    [10, 20, 'connection-lost'],
  ]);
});

test('records that come newest first give the same sessions', () => {
  const steps = [connect(0), close(10), connect(20), close(30), connect(40)];
  expect(told(pair([...steps].reverse()))).toEqual(told(pair(steps)));
});

test('a close may come before its connect by what the stamps are worth, and no more', () => {
  expect(told(pair([connect(100), close(95)], 10))).toEqual([[100, 95, 'connection-lost']]);
  expect(told(pair([connect(100), close(80)], 10))).toHaveLength(2);
});

test('sessions with addresses of their own are the same in any order and however often', () => {
  const session = fc.record({ from: fc.nat(1_000_000), lasting: fc.nat(100_000) });
  fc.assert(
    fc.property(
      fc.array(session, { minLength: 1, maxLength: 6 }).chain((sessions) => {
        const steps = sessions.flatMap(({ from, lasting }, port) => [
          connect(from, { ip: '1.1.1.1', port }),
          close(from + lasting, { ip: '1.1.1.1', port }),
        ]);
        return fc.tuple(
          fc.constant(steps),
          fc.shuffledSubarray([...steps.keys()], { minLength: steps.length }),
          fc.array(fc.nat(steps.length - 1), { maxLength: 6 }),
        );
      }),
      ([steps, order, again]) => {
        const all = [...order, ...again].map((i) => steps[i] ?? connect(0));
        expect(told(pair(all)).sort()).toEqual(told(pair(steps)).sort());
      },
    ),
  );
});

test('memory for one client ID is bounded', () => {
  const storm = Array.from({ length: 10_000 }, (_, i) => connect(i * 10, { port: i % 65_000 }));
  const events = pair(storm);
  expect(told(events)).toHaveLength(10_000);
  expect(events.filter(({ kind }) => kind === 'closed')).toHaveLength(9_999);
});
