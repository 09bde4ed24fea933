/** Random small histories for fast-check: few identities and times, so that everything collides. */
import fc from 'fast-check';
import {
  CLOSE_REASONS,
  type CloseReason,
  type ConnectionEvent,
  type Vantage,
} from '../../src/history/event.ts';
import { certificate, EPOCH } from './history-events.ts';

export interface RandomHistory {
  readonly events: readonly ConnectionEvent[];
  readonly hasBroker: boolean;
  readonly endedAt: number | undefined;
}

const at = fc.integer({ min: 0, max: 60 }).map((tick) => EPOCH + tick * 50);
const weightedReason: fc.Arbitrary<CloseReason | undefined> = fc.oneof(
  fc.constantFrom(...CLOSE_REASONS),
  fc.constantFrom('session-taken-over', 'client-initiated', 'connection-lost', undefined),
);

const connection = fc.record({
  vantage: fc.constantFrom<Vantage | 'twins'>('broker', 'device', 'twins', 'twins'),
  /** How much later than the broker the device stamps a connection that both record. */
  lateness: fc.integer({ min: -1, max: 3 }),
  clientId: fc.constantFrom('one', 'two', 'three'),
  certificateId: fc.option(fc.constantFrom(certificate('a'), certificate('b')), {
    nil: undefined,
    freq: 5,
  }),
  ip: fc.option(fc.constantFrom('10.0.0.1', '10.0.0.2'), { nil: undefined }),
  port: fc.option(fc.constantFrom(1, 2, 3), { nil: undefined, freq: 8 }),
  from: at,
  lasts: fc.integer({ min: -2, max: 30 }),
  reason: weightedReason,
  keep: fc.constantFrom('both', 'both', 'both', 'connect', 'close', 'failed', 'doubled'),
});

type Connection = typeof connection extends fc.Arbitrary<infer T> ? T : never;
type Unnumbered = Omit<ConnectionEvent, 'event'>;

/** A connection that both sides record, and whose certificate only the device knows. */
function twins(given: Connection, number: number): Unnumbered[] {
  const from = Math.max(EPOCH, given.from + given.lateness * 50);
  return [
    ...eventsOf({ ...given, vantage: 'broker', certificateId: undefined }, number),
    ...eventsOf({ ...given, vantage: 'device', from }, number),
  ];
}

function eventsOf(given: Connection, number: number): Unnumbered[] {
  if (given.vantage === 'twins') return twins(given, number);
  const { vantage, clientId, certificateId, ip, port, from, lasts, reason, keep } = given;
  const common = {
    vantage,
    sessionId: `s${number}`,
    clientId,
    ...(certificateId !== undefined && { certificateId }),
    ...(ip !== undefined && { ip }),
    ...(port !== undefined && { port }),
  };
  const connect: Unnumbered = { kind: 'connected', at: from, ...common };
  const close: Unnumbered = {
    kind: 'closed',
    at: Math.max(EPOCH, from + lasts * 50),
    ...common,
    ...(reason !== undefined && { reason }),
  };
  switch (keep) {
    case 'connect':
      return [connect];
    case 'close':
      return [close];
    case 'failed':
      return [{ ...connect, kind: 'connect-failed' }, close];
    case 'doubled':
      return [connect, close, { ...close, at: close.at + 50 }, connect];
    default:
      return [connect, close];
  }
}

export const randomHistory: fc.Arbitrary<RandomHistory> = fc
  .record({
    connections: fc.array(connection, { maxLength: 10, size: 'max' }),
    vantage: fc.constantFrom('broker', 'device', 'both'),
    endedAt: fc.option(fc.integer({ min: 20, max: 120 }), { nil: undefined }),
    order: fc.array(fc.nat(), { minLength: 40, maxLength: 40 }),
  })
  .map(({ connections, vantage, endedAt, order }) => {
    const seen = connections.map((one) =>
      vantage === 'both' ? one : { ...one, vantage: vantage as Vantage },
    );
    const events = seen
      .flatMap(eventsOf)
      .map((event, i) => ({ event, place: order[i] ?? 0 }))
      .sort((a, b) => a.place - b.place)
      .map(({ event }, number): ConnectionEvent => ({ event: number, ...event }));
    return {
      events,
      hasBroker: vantage !== 'device',
      endedAt: endedAt === undefined ? undefined : EPOCH + endedAt * 50,
    };
  });
