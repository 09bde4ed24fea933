/** Each disagreement of both sides, from a literal history; and what is none. */
import { describe, expect, it } from 'vitest';
import type { ObservedEvent } from '../../../src/history/event.ts';
import { DISAGREEMENTS, type DisagreementKind } from '../../../src/history/join/disagreement.ts';
import { certificate, closed, connected, EPOCH } from '../../support/history-events.ts';
import { disagreement, joinSources, kindsOf } from './join-literal.ts';

const A = certificate('a');
const SPAN = { from: EPOCH, to: EPOCH + 60_000 };

type Extra = Parameters<typeof connected>[3];

/** One connection of client `one` from port 4001 as both sides record it, from 1 s to 9 s. */
interface Views {
  readonly device?: Extra;
  readonly broker?: Extra;
  readonly deviceEnd?: Partial<ObservedEvent>;
  readonly brokerEnd?: Partial<ObservedEvent> | 'none';
}

const peer = { ip: '127.0.0.1', port: 4001 };
const proof = { certificateId: A, principal: { kind: 'certificate-id', value: A } } as const;

function bothViews({ device, broker, deviceEnd, brokerEnd }: Views = {}): ObservedEvent[] {
  const ours = { vantage: 'device', ...peer, ...proof, ...device } as const;
  const theirs = { ...peer, ...proof, ...broker };
  const end = closed('b', 'one', 9_001, 'client-initiated', { ...theirs });
  return [
    connected('b', 'one', 1_001, theirs),
    connected('d', 'one', 1_003, ours),
    { ...closed('d', 'one', 9_003, 'client-initiated', { ...ours }), ...deviceEnd },
    ...(brokerEnd === 'none' ? [] : [{ ...end, ...brokerEnd }]),
  ];
}

/** The same client ID again, 1 ms after the first connection ends. */
const rival: readonly ObservedEvent[] = [
  connected('b2', 'one', 8_999, { ip: '127.0.0.1', port: 4002, ...proof }),
  connected('d2', 'one', 9_002, { vantage: 'device', ip: '127.0.0.1', port: 4002, ...proof }),
];

function refused(
  side: 'device' | 'broker',
  at: number,
  extra: Partial<ObservedEvent>,
): ObservedEvent {
  const base = closed(`${side}-${at}`, 'one', at, 'auth-error', { vantage: side });
  return { ...base, kind: 'connect-failed', ...extra };
}

const FIN = { reason: 'unknown', raw: 'FIN' } as const;
const TAKEN = { reason: 'session-taken-over', raw: 'already connected' } as const;

/** At least one history for every kind. */
const CASES: Readonly<Record<DisagreementKind, readonly ObservedEvent[]>> = {
  'certificate-differs': bothViews({ broker: { certificateId: certificate('b') } }),
  'connected-for-broker-only': [
    connected('b', 'one', 1_001, { ...peer, ...proof }),
    closed('b', 'one', 31_001, 'connection-lost', { ...peer, ...proof }),
    refused('device', 31_002, { ...peer, reason: 'unknown', raw: 'no CONNACK' }),
  ],
  'connected-for-device-only': [
    refused('broker', 1_001, { ...peer }),
    connected('d', 'one', 1_003, { vantage: 'device', ...peer, ...proof }),
    closed('d', 'one', 1_005, 'unknown', { vantage: 'device', ...peer, ...proof }),
  ],
  'client-id-replaced': bothViews().map((event) =>
    event.vantage === 'broker' ? { ...event, clientId: 'owner' } : event,
  ),
  'disconnect-not-seen': bothViews({ brokerEnd: { reason: 'connection-lost' } }),
  'disconnect-invented': bothViews({ deviceEnd: { reason: 'connection-lost', raw: 'RST sent' } }),
  'close-reason-differs': bothViews({
    deviceEnd: { reason: 'keep-alive-timeout', raw: 'DISCONNECT 0x8d' },
    brokerEnd: { reason: 'auth-error' },
  }),
  'refusal-reason-differs': [
    refused('broker', 1_001, { ...peer, reason: 'protocol-error' }),
    refused('device', 1_003, { ...peer, raw: 'CONNACK 0x05' }),
  ],
  'keep-alive-differs': bothViews({
    device: { keepAliveSeconds: 3600 },
    broker: { keepAliveSeconds: 120 },
  }),
  'protocol-version-differs': bothViews({
    device: { protocolVersion: 5 },
    broker: { protocolVersion: 4 },
  }),
  'clean-start-differs': bothViews({ device: { cleanStart: false }, broker: { cleanStart: true } }),
  'broker-missed-session': bothViews().filter(({ vantage }) => vantage === 'device'),
  'device-missed-session': bothViews().filter(({ vantage }) => vantage === 'broker'),
  'takeover-not-logged': [
    ...bothViews({ deviceEnd: FIN, brokerEnd: { reason: 'connection-lost' } }),
    ...rival,
  ],
  'refusal-not-logged': [refused('device', 1_003, { raw: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA' })],
  'close-not-logged': bothViews({ brokerEnd: 'none' }),
  'close-reason-not-logged': bothViews({ brokerEnd: { reason: 'unknown' } }),
  'certificate-not-logged': bothViews().map((event) =>
    event.vantage === 'broker' ? unproven(event, { kind: 'common-name', value: 'one' }) : event,
  ),
  'principal-not-logged': bothViews().map((event) =>
    event.vantage === 'broker' ? unproven(event) : event,
  ),
  'refusal-nameless': [
    refused('broker', 1_001, { ...peer, clientId: '' }),
    refused('device', 1_003, { ...peer, raw: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA' }),
  ],
  'refusal-without-device': [refused('broker', 1_001, { clientId: '', reason: 'connection-lost' })],
  'device-not-told': [...bothViews({ deviceEnd: FIN, brokerEnd: TAKEN }), ...rival],
  'noticed-late': bothViews({
    deviceEnd: { reason: 'connection-lost', abandonedAt: EPOCH + 2_000 },
    brokerEnd: { reason: 'keep-alive-timeout' },
  }),
};

function unproven(
  { certificateId: _, principal: __, ...event }: ObservedEvent,
  principal?: ObservedEvent['principal'],
): ObservedEvent {
  return principal === undefined ? event : { ...event, principal };
}

/** One event of the other side, so that there are two sides to compare. */
const elsewhere = (vantage: 'device' | 'broker'): ObservedEvent =>
  connected('elsewhere', 'two', 55_000, { vantage, ip: '127.0.0.1', port: 9, ...proof });

describe('disagreements of both sides', () => {
  it.each(Object.keys(DISAGREEMENTS) as DisagreementKind[])('finds %s, with lines', (kind) => {
    const events = CASES[kind];
    const report = joinSources([[...events, elsewhere('device'), elsewhere('broker')]], SPAN);
    const found = disagreement(report, kind);
    expect(found.count).toBe(1);
    expect(found.sentence).toBe(DISAGREEMENTS[kind].sentence);
    const [example] = found.examples;
    const sides = new Set(events.map(({ vantage }) => vantage));
    expect(example?.device === undefined).toBe(!sides.has('device'));
    expect(example?.broker === undefined).toBe(!sides.has('broker'));
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it('finds nothing where both sides say the same', () => {
    expect(kindsOf(joinSources([bothViews()], SPAN))).toEqual({});
  });

  it('takes a takeover that the reader inferred as one that the broker never logged', () => {
    const views = bothViews({ deviceEnd: FIN, brokerEnd: { ...TAKEN, inferred: ['reason'] } });
    const found = disagreement(joinSources([[...views, ...rival]], SPAN), 'takeover-not-logged');
    expect(found.examples[0]?.detail).toBe(
      'device: unknown, broker: session-taken-over (inferred)',
    );
  });

  it('takes 0x8E as proof of a takeover without seeing who took over', () => {
    const told = { reason: 'session-taken-over', raw: 'DISCONNECT 0x8e' } as const;
    const views = bothViews({ deviceEnd: told, brokerEnd: 'none' });
    expect(kindsOf(joinSources([views], SPAN))).toEqual({ 'takeover-not-logged': 1 });
  });

  it('does not call it a takeover when the device comes back after the connection ended', () => {
    const later = rival.map((event) => ({ ...event, at: event.at + 300 }));
    const views = bothViews({ deviceEnd: FIN, brokerEnd: { reason: 'connection-lost' } });
    expect(kindsOf(joinSources([[...views, ...later]], SPAN))).toEqual({});
  });

  it('says of a takeover that was told and logged nothing at all', () => {
    const told = { reason: 'session-taken-over', raw: 'DISCONNECT 0x8e' } as const;
    const views = bothViews({ deviceEnd: told, brokerEnd: TAKEN });
    expect(kindsOf(joinSources([[...views, ...rival]], SPAN))).toEqual({});
  });

  it('expects no record of an attempt that the broker never answered', () => {
    const events = [
      refused('device', 1_000, { reason: 'throttled' }),
      refused('device', 2_000, { reason: 'unknown', raw: 'ECONNREFUSED' }),
      elsewhere('broker'),
      elsewhere('device'),
    ];
    expect(kindsOf(joinSources([events], SPAN))).toEqual({});
  });

  it('ties refusals without a name by time, and counts those that were never logged', () => {
    const alert = { raw: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA' };
    const report = joinSources(
      [
        [
          refused('device', 1_003, { ...alert, clientId: 'one' }),
          refused('device', 2_003, { ...alert, clientId: 'two' }),
          refused('device', 30_003, { ...alert, clientId: 'three' }),
          refused('broker', 1_001, { clientId: '' }),
          refused('broker', 2_001, { clientId: '' }),
        ],
      ],
      SPAN,
    );
    expect(report.counts.joined).toEqual({ port: 0, 'client-id': 0, time: 2 });
    expect(kindsOf(report)).toEqual({ 'refusal-nameless': 2, 'refusal-not-logged': 1 });
  });

  it('does not blame a broker for a time of which it has no records', () => {
    const views = bothViews();
    const late = { from: EPOCH + 40_000, to: EPOCH + 60_000 };
    const device = views.filter(({ vantage }) => vantage === 'device');
    const report = joinSources([[...device, elsewhere('broker'), elsewhere('device')]], late);
    expect(kindsOf(report)).toEqual({});
    expect(report.counts).toMatchObject({ deviceOnly: 1, outside: 1 });
  });

  it('marks the certificate that only the device knew', () => {
    const report = joinSources([CASES['principal-not-logged']], SPAN);
    expect(report.joined[0]).toMatchObject({
      certificateFrom: 'device, joined by port',
      principalFrom: 'device, joined by port',
    });
    expect(report.joined[0]?.broker.certificateId).toBeUndefined();
    expect(report.counts.certificatesFromDevice).toBe(1);
  });

  it('shows hostile client IDs in details as visible escapes', () => {
    const events = bothViews().map((event) =>
      event.vantage === 'broker' ? { ...event, clientId: '\u001b[31m\u202e' } : event,
    );
    const found = disagreement(joinSources([events], SPAN), 'client-id-replaced');
    expect(found.examples[0]?.detail).toBe('"one" → "\\x1b[31m\\u{202e}"');
  });
});

it('clocks that differ by less than half a millisecond differ by 0, as JSON has no other zero', () => {
  const both = [1, 2].flatMap((n) => {
    const place = { ip: '127.0.0.1', port: 4000 + n };
    return [
      connected(`b${n}`, `c${n}`, 1_237 * n + n - 1, place),
      connected(`d${n}`, `c${n}`, 1_237 * n, { vantage: 'device', ...place }),
    ];
  });
  expect(joinSources([both], SPAN).clocks[0]?.ms).toBe(0);
});
