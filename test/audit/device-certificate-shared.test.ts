import { checkTester } from '../support/check-tester.ts';
import { certificate, closed, connected, EPOCH, session } from '../support/history-events.ts';

const device = { vantage: 'device' } as const;
const A = certificate('a');
const B = certificate('b');

checkTester('DEVICE_CERTIFICATE_SHARED_CHECK', {
  compliant: [
    {
      name: 'every client has a certificate of its own',
      events: [...session('1', 'one', 'a', [0, 900]), ...session('2', 'two', 'b', [0, 900])],
    },
    {
      name: 'a certificate is handed over in sequence (P11)',
      events: [...session('1', 'one', 'a', [0, 500]), ...session('2', 'two', 'a', [500, 900])],
    },
    {
      name: 'a disconnect is seen late, within the tolerance (P11)',
      events: [...session('1', 'one', 'a', [0, 600]), ...session('2', 'two', 'a', [500, 900])],
    },
    {
      name: 'full clones of one client ID evict one another and are never connected together',
      events: [
        ...session('1', 'dev', 'a', [0, 500], 'session-taken-over'),
        ...session('2', 'dev', 'a', [500, 900]),
      ],
    },
    {
      name: 'sessions of one client ID overlap, as late closes make them',
      events: [...session('1', 'dev', 'a', [0, 700]), ...session('2', 'dev', 'a', [200, 900])],
    },
    {
      name: 'a session seems to end before it began, which is disorder and not time',
      events: [...session('1', 'one', 'a', [900, 100]), ...session('2', 'two', 'a', [0, 2_000])],
    },
    {
      name: 'sessions overlap only outside the window',
      events: [
        ...session('1', 'one', 'a', [0, 2_000]),
        ...session('2', 'two', 'a', [1_000, 9_000]),
      ],
      options: { window: '2026-01-01T00:00:02Z..2026-01-01T00:00:08Z' },
    },
    {
      name: 'an on-demand audit ends two hours before its start',
      events: [
        ...session('1', 'one', 'a', [0, 1_000]),
        ...session('2', 'two', 'a', [2_000, 9_000_000]),
        ...session('3', 'one', 'a', [3_600_000, 9_000_000]),
      ],
      options: { window: 'on-demand', now: EPOCH + 3_000_000 + 7_200_000 - 2_400_000 },
    },
  ],
  nonCompliant: [
    {
      name: 'two client IDs that hold one certificate at the same time',
      events: [...session('1', 'one', 'a', [0, 500]), ...session('2', 'two', 'a', [100, 900])],
      resources: [A],
      finding: {
        diagnosis: 'shared-certificate',
        confidence: 'likely',
        occurrences: 1,
        lastOccurrence: EPOCH + 500,
        relatedTotal: 2,
        evidence: [0, 1, 2, 3],
        evidenceTotal: 4,
      },
    },
    {
      name: 'sessions that are still open when the evidence ends, whose closes were lost (P15)',
      events: [
        connected('1', 'one', 0, { certificateId: A }),
        connected('2', 'two', 100, { certificateId: A }),
      ],
      endsAt: 900,
      resources: [A],
      finding: { occurrences: 1, lastOccurrence: EPOCH + 900 },
    },
    {
      name: 'three clients in pairs: each overlapping pair counts',
      events: [
        ...session('1', 'one', 'a', [0, 1_000]),
        ...session('2', 'two', 'a', [500, 2_000]),
        ...session('3', 'three', 'a', [1_500, 3_000]),
        ...session('4', 'three', 'a', [4_000, 5_000]),
      ],
      resources: [A],
      finding: { occurrences: 2, relatedTotal: 3, lastOccurrence: EPOCH + 2_000 },
    },
    {
      name: 'several addresses: certainly shared',
      events: [
        ...session('1', 'one', 'a', [0, 500], 'client-initiated', { ip: '10.0.0.1' }),
        ...session('2', 'two', 'a', [100, 900], 'client-initiated', { ip: '10.0.0.2' }),
      ],
      resources: [A],
      finding: { diagnosis: 'shared-certificate', confidence: 'certain' },
    },
    {
      name: 'certificates that only the devices’ records name, joined by port',
      events: ['one', 'two'].flatMap((id, i) => {
        const at = { ip: '127.0.0.1', port: 50_000 + i };
        return [
          connected(`b${i}`, id, i * 10, at),
          closed(`b${i}`, id, 900, 'client-initiated'),
          ...session(`d${i}`, id, 'a', [i * 10 + 1, 899], 'client-initiated', { ...device, ...at }),
        ];
      }),
      resources: [A],
      finding: {
        diagnosis: 'shared-certificate',
        confidence: 'certain',
        inferred: ['certificateId'],
      },
    },
    {
      name: 'a session that its device had left before the other came: a half-open ghost (P12)',
      events: [
        ...session('1', 'one', 'a', [0, 5_000], 'keep-alive-timeout', { port: 1 }),
        ...session('d', 'one', 'a', [1, 1_000], 'connection-lost', { ...device, port: 1 }),
        ...session('2', 'two', 'a', [2_000, 9_000]),
      ],
      resources: [A],
      finding: { diagnosis: 'half-open-ghost', confidence: 'certain', occurrences: 1 },
    },
    {
      name: 'a session silent until its keep-alive ran out: a half-open ghost, likely (P12)',
      events: [
        ...session('1', 'one', 'a', [0, 5_000], 'keep-alive-timeout', { keepAliveSeconds: 3 }),
        ...session('2', 'two', 'a', [1_000, 9_000]),
      ],
      resources: [A],
      finding: { diagnosis: 'half-open-ghost', confidence: 'likely' },
    },
    {
      name: 'a session whose keep-alive ran out long after the other came: shared all the same',
      events: [
        ...session('1', 'one', 'a', [0, 50_000], 'keep-alive-timeout', { keepAliveSeconds: 3 }),
        ...session('2', 'two', 'a', [1_000, 60_000]),
      ],
      resources: [A],
      finding: { diagnosis: 'shared-certificate' },
    },
    {
      name: 'further connections of one device (P8): shared by the words of the check, one device by its IDs',
      events: [
        ...session('1', 'core', 'a', [0, 900], 'client-initiated', { ip: '10.0.0.1' }),
        ...session('2', 'core#2', 'a', [10, 900], 'client-initiated', { ip: '10.0.0.1' }),
      ],
      resources: [A],
      finding: { diagnosis: 'gateway', confidence: 'likely' },
    },
    {
      name: 'sessions that stay open across the whole window (P17): they overlap inside it',
      events: [...session('1', 'one', 'a', [0, 90_000]), ...session('2', 'two', 'a', [0, 90_000])],
      options: { window: '2026-01-01T00:00:10Z..2026-01-01T00:00:20Z' },
      resources: [A],
      finding: { lastOccurrence: EPOCH + 20_000 },
    },
    {
      name: 'a proven sharing even though other sessions lack a certificate ID',
      events: [
        ...session('1', 'one', 'b', [0, 500]),
        ...session('2', 'two', 'b', [100, 900]),
        connected('3', 'three', 0),
      ],
      resources: [B],
    },
  ],
  inconclusive: [
    { name: 'there are no events', events: [], missing: ['no connection evidence'] },
    {
      name: 'some sessions lack a certificate ID',
      events: [
        ...session('1', 'one', 'a', [0, 500]),
        connected('2', 'two', 0),
        closed('2', 'two', 400, 'client-initiated'),
      ],
      missing: ['certificateId: missing on 1 of 2 sessions'],
    },
    {
      name: 'the connect of a session on a certificate was lost',
      events: [
        ...session('1', 'one', 'a', [0, 500]),
        closed('2', 'two', 400, 'client-initiated', { certificateId: A }),
      ],
      missing: ['connected: missing on 1 of 2 sessions'],
    },
    {
      name: 'the port of a device’s record was reused much later: no join, no certificate',
      events: [
        connected('b', 'one', 0, { port: 1 }),
        closed('b', 'one', 100, 'client-initiated'),
        ...session('d', 'one', 'a', [60_000, 61_000], 'client-initiated', { ...device, port: 1 }),
      ],
      missing: ['certificateId: missing on 1 of 1 sessions'],
    },
  ],
});
