import { checkTester } from '../support/check-tester.ts';
import { certificate, closed, connected, session } from '../support/history-events.ts';

const device = { vantage: 'device' } as const;
const onCertificate = (digit: string) => ({ certificateId: certificate(digit) });

/** Broker and device records of one connection, joined by port. */
const bothSides = (
  n: number,
  [from, to]: readonly [number, number],
  deviceEnd: { readonly at: number; readonly abandonedAt?: number; readonly clean?: boolean },
) => {
  const common = { port: 40_000 + n, ip: '127.0.0.1', ...onCertificate('a') };
  const left = deviceEnd.abandonedAt === undefined ? {} : { abandonedAt: deviceEnd.abandonedAt };
  return [
    ...session(`b${n}`, 'dev', 'a', [from, to], 'session-taken-over', common),
    connected(`d${n}`, 'dev', from + 1, { ...device, ...common }),
    closed(`d${n}`, 'dev', deviceEnd.at, deviceEnd.clean ? 'client-initiated' : 'connection-lost', {
      ...device,
      ...common,
      ...left,
    }),
  ];
};
const EPOCH = Date.UTC(2026, 0, 1);

checkTester('CONFLICTING_CLIENT_IDS_CHECK', {
  compliant: [
    {
      name: 'one client connects and disconnects',
      events: session('1', 'dev', 'a', [0, 100]),
    },
    {
      name: 'a client disconnects cleanly and connects again at once (P9)',
      events: [...session('1', 'dev', 'a', [0, 100]), ...session('2', 'dev', 'a', [100, 200])],
    },
    {
      name: 'the broker restarts and every client connects again (P14)',
      events: [
        ...session('1', 'one', 'a', [0, 100], 'server-initiated'),
        ...session('2', 'two', 'b', [0, 100], 'server-initiated'),
        ...session('3', 'one', 'a', [150, 900]),
        ...session('4', 'two', 'b', [151, 900]),
      ],
    },
    {
      name: 'the broker says that the connection was lost, however soon the next one comes',
      events: [
        ...session('1', 'dev', 'a', [0, 100], 'connection-lost'),
        ...session('2', 'dev', 'a', [101, 200]),
      ],
    },
    {
      name: 'a certificate is rotated by a device that closes before it connects (P13)',
      events: [...session('1', 'dev', 'a', [0, 100]), ...session('2', 'dev', 'b', [110, 200])],
    },
    {
      name: 'different client IDs share a certificate',
      events: [...session('1', 'one', 'a', [0, 900]), ...session('2', 'two', 'a', [10, 900])],
    },
    {
      name: 'a takeover lies outside the window',
      events: [
        ...session('1', 'dev', 'a', [0, 100], 'session-taken-over'),
        ...session('2', 'dev', 'b', [100, 9_000]),
      ],
      options: { window: '2026-01-01T00:00:05Z..2026-01-01T00:00:08Z' },
    },
    {
      name: 'connects were refused, which are no sessions',
      events: [
        ...session('1', 'dev', 'a', [0, 100]),
        { ...connected('2', 'dev', 50), kind: 'connect-failed', reason: 'auth-error' },
        closed('2', 'dev', 51, 'session-taken-over'),
      ],
    },
    {
      name: 'devices alone testify and a client waits over a second before it connects again',
      events: [
        ...session('1', 'dev', 'a', [0, 100], 'connection-lost', device),
        ...session('2', 'dev', 'a', [1_101, 2_000], 'client-initiated', device),
      ],
    },
    {
      name: 'the broker knows nothing of a session that a device recorded',
      events: [
        ...session('1', 'dev', 'a', [0, 100]),
        ...session('d', 'dev', 'a', [0, 100], 'session-taken-over', { ...device, port: 7 }),
      ],
    },
  ],
  nonCompliant: [
    {
      name: 'two certificates that take turns on one client ID (P6): rival devices, certain',
      events: [
        ...session('1', 'dev', 'a', [0, 100], 'session-taken-over'),
        ...session('2', 'dev', 'b', [100, 200], 'session-taken-over'),
        ...session('3', 'dev', 'a', [200, 300]),
      ],
      resources: ['dev'],
      finding: {
        diagnosis: 'rival-devices',
        confidence: 'certain',
        occurrences: 2,
        lastOccurrence: EPOCH + 200,
        evidence: [0, 1, 2, 3, 4],
        evidenceTotal: 5,
      },
    },
    {
      name: 'clones with a hard-coded client ID and certificates of their own (P5)',
      events: ['a', 'b', 'c', 'a', 'b', 'c'].flatMap((digit, i) =>
        session(`${i}`, 'pump', digit, [i * 50, i * 50 + 50], 'session-taken-over'),
      ),
      resources: ['pump'],
      finding: { diagnosis: 'rival-devices', confidence: 'certain', occurrences: 6 },
    },
    {
      name: 'a certificate rotated without closing first (P13): one way, the first never returns',
      events: [
        ...session('1', 'dev', 'a', [0, 100], 'session-taken-over'),
        ...session('2', 'dev', 'b', [100, 900]),
      ],
      resources: ['dev'],
      finding: { diagnosis: 'certificate-rotation', confidence: 'likely', occurrences: 1 },
    },
    {
      name: 'a half-open connection by its device’s own word (P1): abandoned before the taker came',
      events: [
        ...bothSides(1, [0, 500], { at: 501, abandonedAt: EPOCH + 498 }),
        ...bothSides(2, [500, 900], { at: 901, abandonedAt: EPOCH + 898 }),
        ...session('b3', 'dev', 'a', [900, 950], 'client-initiated', { port: 40_003 }),
      ],
      resources: ['dev'],
      finding: { diagnosis: 'half-open-reconnect', confidence: 'certain', occurrences: 2 },
    },
    {
      name: 'a half-open connection by time: the device’s end was gone long before the taker came',
      events: [
        ...bothSides(1, [0, 500], { at: 300 }),
        ...session('b2', 'dev', 'a', [500, 900], 'client-initiated', { port: 40_002 }),
      ],
      resources: ['dev'],
      finding: { diagnosis: 'half-open-reconnect', confidence: 'certain' },
    },
    {
      name: 'full clones whose victims were alive and went on (P3): rival devices, likely',
      events: [
        ...bothSides(1, [0, 500], { at: 502 }),
        ...bothSides(2, [500, 900], { at: 901 }),
        ...session('b3', 'dev', 'a', [900, 950], 'client-initiated', { port: 40_003 }),
      ],
      resources: ['dev'],
      finding: { diagnosis: 'rival-devices', confidence: 'likely' },
    },
    {
      name: 'victims whose ends closed just before the takers were seen: no reconnect is so quick',
      events: [
        ...bothSides(1, [0, 500], { at: 495 }),
        ...bothSides(2, [500, 900], { at: 899 }),
        ...session('b3', 'dev', 'a', [900, 950], 'client-initiated', { port: 40_003 }),
      ],
      resources: ['dev'],
      finding: { diagnosis: 'rival-devices', confidence: 'likely' },
    },
    {
      name: 'a victim that was alive but evicted only once: ambiguous',
      events: [
        ...bothSides(1, [0, 500], { at: 501 }),
        ...session('b2', 'dev', 'a', [500, 900], 'client-initiated', { port: 40_002 }),
      ],
      resources: ['dev'],
      finding: { diagnosis: 'ambiguous', confidence: 'ambiguous' },
    },
    {
      name: 'a victim that closed of its own accord just before the taker came: half-open',
      events: [
        ...bothSides(1, [0, 500], { at: 495, clean: true }),
        ...session('b2', 'dev', 'a', [500, 900], 'client-initiated', { port: 40_002 }),
      ],
      resources: ['dev'],
      finding: { diagnosis: 'half-open-reconnect', confidence: 'certain' },
    },
    {
      name: 'one certificate and one address as the broker alone sees it: ambiguous',
      events: [
        ...session('1', 'dev', 'a', [0, 100], 'session-taken-over', { ip: '::ffff:10.0.0.1' }),
        ...session('2', 'dev', 'a', [100, 200], 'session-taken-over', { ip: '10.0.0.1' }),
        ...session('3', 'dev', 'a', [200, 300], 'client-initiated', { ip: '10.0.0.1' }),
      ],
      resources: ['dev'],
      finding: { diagnosis: 'ambiguous', confidence: 'ambiguous', occurrences: 2 },
    },
    {
      name: 'one certificate from several addresses: rival devices, likely',
      events: [
        ...session('1', 'dev', 'a', [0, 100], 'session-taken-over', { ip: '10.0.0.1' }),
        ...session('2', 'dev', 'a', [100, 300], 'client-initiated', { ip: '10.0.0.2' }),
      ],
      resources: ['dev'],
      finding: { diagnosis: 'rival-devices', confidence: 'likely' },
    },
    {
      name: 'principals that are no certificates, told apart by name (P19)',
      events: ['ann', 'bob', 'ann'].flatMap((value, i) => {
        const principal = { principal: { kind: 'username', value } } as const;
        return [
          connected(`${i}`, 'dev', i * 10, principal),
          closed(`${i}`, 'dev', i * 10 + 10, 'session-taken-over', principal),
        ];
      }),
      resources: ['dev'],
      finding: { diagnosis: 'rival-devices', confidence: 'certain', occurrences: 3 },
    },
    {
      name: 'a close recorded before the taker’s connect, duplicated and out of order (P15)',
      events: [
        closed('1', 'dev', 99, 'session-taken-over', onCertificate('a')),
        connected('2', 'dev', 101, onCertificate('b')),
        connected('1', 'dev', 0, onCertificate('a')),
        closed('1', 'dev', 99, 'session-taken-over', onCertificate('a')),
        connected('2', 'dev', 101, onCertificate('b')),
        closed('2', 'dev', 500, 'client-initiated', onCertificate('b')),
      ],
      resources: ['dev'],
      finding: { occurrences: 1 },
    },
    {
      name: 'a takeover whose victim’s connect was lost (P15)',
      events: [
        closed('1', 'dev', 100, 'session-taken-over', onCertificate('a')),
        ...session('2', 'dev', 'b', [100, 300]),
      ],
      resources: ['dev'],
      finding: { occurrences: 1 },
    },
    {
      name: 'a problem that was mended inside the window (P18), with the time it was last seen',
      events: [
        ...session('1', 'dev', 'a', [0, 100], 'session-taken-over'),
        ...session('2', 'dev', 'b', [100, 200]),
        ...session('3', 'dev-a', 'a', [5_000, 50_000]),
        ...session('4', 'dev-b', 'b', [5_000, 50_000]),
      ],
      resources: ['dev'],
      finding: { lastOccurrence: EPOCH + 100 },
    },
    {
      name: 'DISCONNECT 0x8E as a device received it, where only devices testify',
      events: [
        ...session('1', 'dev', 'a', [0, 100], 'session-taken-over', device),
        ...session('2', 'dev', 'b', [100, 200], 'session-taken-over', device),
        ...session('3', 'dev', 'a', [200, 300], 'client-initiated', device),
      ],
      resources: ['dev'],
      finding: { diagnosis: 'rival-devices', confidence: 'certain', inferred: [] },
    },
    {
      name: 'takeovers inferred from the times that devices saw, marked as inferred',
      events: [
        ...session('1', 'dev', 'a', [0, 99], 'connection-lost', device),
        ...session('2', 'dev', 'b', [100, 201], 'connection-lost', device),
        ...session('3', 'dev', 'a', [200, 300], 'client-initiated', device),
      ],
      resources: ['dev'],
      finding: { diagnosis: 'rival-devices', occurrences: 2, inferred: ['reason'] },
    },
    {
      name: 'rivals that fight many times a second, seen by devices alone: no restart of a broker',
      events: Array.from({ length: 60 }, (_, n) =>
        session(`${n}`, 'dev', n % 2 ? 'a' : 'b', [n * 50, n * 50 + 51], 'connection-lost', device),
      ).flat(),
      resources: ['dev'],
      finding: { diagnosis: 'rival-devices', occurrences: 59 },
    },
    {
      name: 'a proven takeover even though other closes are missing',
      events: [
        ...session('1', 'dev', 'a', [0, 100], 'session-taken-over'),
        ...session('2', 'dev', 'b', [100, 200]),
        connected('3', 'other', 0),
        connected('4', 'other', 50),
      ],
      resources: ['dev'],
    },
    {
      name: 'two conflicts, in order of client ID',
      events: [
        ...session('1', 'z', 'a', [0, 100], 'session-taken-over'),
        ...session('2', 'Z', 'a', [0, 100], 'session-taken-over'),
      ],
      resources: ['Z', 'z'],
    },
  ],
  inconclusive: [
    { name: 'there are no events', events: [], missing: ['no connection evidence'] },
    {
      name: 'no session lies in the window',
      events: session('1', 'dev', 'a', [0, 100]),
      options: { window: '2027-01-01..2027-01-02' },
      missing: ['no connection evidence'],
    },
    {
      name: 'the source records no closes',
      events: [connected('1', 'dev', 0), connected('2', 'other', 50)],
      missing: ['closed: no session of 2'],
    },
    {
      name: 'a session has no close though another followed it',
      events: [connected('1', 'dev', 0), ...session('2', 'dev', 'a', [50, 100])],
      missing: ['closed: missing on 1 of 2 sessions'],
    },
    {
      name: 'the broker does not say why a session ended just when another came',
      events: [
        connected('1', 'dev', 0),
        closed('1', 'dev', 50, undefined),
        ...session('2', 'dev', 'a', [50, 100]),
      ],
      missing: ['reason: unknown on 1 of 2 sessions'],
    },
    {
      name: 'the broker was listened to but only devices testify',
      events: [
        ...session('1', 'dev', 'a', [0, 100], 'session-taken-over', device),
        ...session('2', 'dev', 'b', [100, 200], 'client-initiated', device),
      ],
      vantages: ['broker', 'device'],
      missing: ['no connection evidence'],
    },
  ],
});
