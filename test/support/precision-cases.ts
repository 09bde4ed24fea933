/**
 * The situations P1 to P19 in which a naive check is wrong or in doubt, as literal histories, each
 * with what AWS's checks say (lists as in AWS's sample) and what the precise diagnosis must be.
 * Times are in milliseconds from the start of the tests' year.
 */
import type { AuditOptions } from '../../src/audit/options.ts';
import type { Diagnosis } from '../../src/core/ids.ts';
import type { CloseReason, ObservedEvent, Vantage } from '../../src/history/event.ts';
import { certificate, closed, connected, EPOCH, session } from './history-events.ts';

/** `CONFLICT` is AWS's check of client IDs, `SHARED` that of certificates. */
export type Verdict = 'compliant' | 'CONFLICT' | 'SHARED' | 'CONFLICT + SHARED' | 'inconclusive';

export interface PrecisionCase {
  readonly id: string;
  readonly situation: string;
  readonly events: readonly ObservedEvent[];
  readonly vantages?: readonly Vantage[];
  readonly endsAt?: number;
  readonly options?: AuditOptions;
  /** With `awsCompat`. */
  readonly aws: Verdict;
  /** In the default, strict mode. */
  readonly precise: Verdict;
  /** Diagnosis and confidence of each strict finding, in order. */
  readonly diagnoses: readonly (readonly [Diagnosis, 'certain' | 'likely' | 'ambiguous'])[];
  /** A part of the sentence that says which discriminators decided. */
  readonly because?: string;
  /** Scenario files that show it on real brokers. */
  readonly scenarios?: readonly string[];
}

const MINUTE = 60_000;
const DAY = 86_400_000;
const at = (ip: string, more: object = {}) => ({ ip, ...more });
const HOME = '203.0.113.7';

type Extra = Parameters<typeof session>[5];

/** Sessions of one client ID, each evicted by the next, the last closed cleanly. */
function evictions(
  clientId: string,
  digits: string,
  starts: readonly number[],
  extra: (i: number) => NonNullable<Extra> = () => ({}),
): ObservedEvent[] {
  return starts.slice(0, -1).flatMap((from, i) => {
    const to = starts[i + 1] ?? from;
    const last = i === starts.length - 2;
    const reason: CloseReason = last ? 'client-initiated' : 'session-taken-over';
    const digit = digits[i % digits.length] ?? 'a';
    return session(`${clientId} ${i}`, clientId, digit, [from, to], reason, extra(i));
  });
}

/** A device's own record of a connection that the broker recorded with the same port. */
function own(
  port: number,
  [from, to]: readonly [number, number],
  reason: CloseReason,
  more: NonNullable<Extra> = {},
): ObservedEvent[] {
  const extra = { vantage: 'device', port, ip: HOME, ...more } as const;
  return session(`d${port}`, 'dev', 'a', [from, to], reason, extra);
}

const seen = (i: number) => at(HOME, { port: i + 1 });
const user = (value: string) => ({ principal: { kind: 'username', value } }) as const;
const byCertificate = (digit: string) =>
  ({
    principal: { kind: 'certificate-id', value: certificate(digit) },
    certificateId: certificate(digit),
  }) as const;

/** Twenty-five clients whose connections end at one instant and come back. */
function restart(vantage: Vantage, reason: CloseReason): ObservedEvent[] {
  return Array.from({ length: 25 }, (_, i) => `dev-${i}`).flatMap((id, i) => {
    const digit = i.toString(16).padStart(2, '0').slice(-1);
    const own = { vantage, certificateId: `${i.toString(16).padStart(2, '0')}${digit.repeat(62)}` };
    return [
      ...session(`${id} 1`, id, digit, [i, MINUTE + i], reason, own),
      ...session(`${id} 2`, id, digit, [MINUTE + 200 + i, 2 * MINUTE], 'client-initiated', own),
    ];
  });
}

export const PRECISION_CASES: readonly PrecisionCase[] = [
  {
    id: 'P1',
    situation: 'bad link, half-open connection; the device’s own record is there',
    events: [
      ...evictions('dev', 'a', [0, 9_000, 60_000], seen),
      ...own(1, [1, 9_001], 'connection-lost', { abandonedAt: EPOCH + 5_000 }),
      ...own(2, [9_000, 60_000], 'client-initiated'),
    ],
    aws: 'CONFLICT',
    precise: 'CONFLICT',
    diagnoses: [['half-open-reconnect', 'certain']],
    because: 'the device had let go of the old connection before',
    scenarios: ['flapping-connections'],
  },
  {
    id: 'P1',
    situation: 'bad link, half-open connections; the broker alone',
    events: evictions('dev', 'a', [0, 10 * MINUTE, 25 * MINUTE, 40 * MINUTE], () => at(HOME)),
    aws: 'CONFLICT',
    precise: 'CONFLICT',
    diagnoses: [['half-open-reconnect', 'likely']],
    because: 'left alone for 5 minutes, while a rival would have come back',
  },
  {
    id: 'P1',
    situation: 'a storm of reconnects; the broker alone can’t tell it from P3',
    events: evictions('dev', 'a', [0, 900, 2_100, 2_900, 4_100], () => at(HOME)),
    aws: 'CONFLICT',
    precise: 'CONFLICT',
    diagnoses: [['ambiguous', 'ambiguous']],
    because: 'nothing tells two devices with one identity from one device',
  },
  {
    id: 'P2',
    situation: 'a DISCONNECT that never reached the broker, then a reconnect',
    events: [
      ...evictions('dev', 'a', [0, 9_000, 60_000], seen),
      ...own(1, [1, 2_000], 'client-initiated'),
    ],
    aws: 'CONFLICT',
    precise: 'CONFLICT',
    diagnoses: [['half-open-reconnect', 'certain']],
    because: 'the device had let go of the old connection before',
  },
  {
    id: 'P3',
    situation: 'one process with two clients of one ID, which evict one another',
    events: [
      ...evictions('dev', 'a', [0, 2_000, 4_000, 6_000, 8_000], seen),
      ...[0, 1, 2].flatMap((i) =>
        own(i + 1, [i * 2_000 + 1, i * 2_000 + 2_001], 'connection-lost'),
      ),
    ],
    aws: 'CONFLICT',
    precise: 'CONFLICT',
    diagnoses: [['duplicate-client', 'likely']],
    because: 'still alive, and takeovers went on, all from one address',
  },
  {
    id: 'P4',
    situation: 'an agent and an application of one device use the thing’s name',
    events: evictions('thing', 'a', [0, 1_500, 3_000, 4_500, 6_000], (i) =>
      at(HOME, { keepAliveSeconds: i % 2 === 0 ? 30 : 60 }),
    ),
    aws: 'CONFLICT',
    precise: 'CONFLICT',
    diagnoses: [['duplicate-client', 'likely']],
    because: 'the keep-alive changed at 3 takeovers: two programs',
    scenarios: ['two-clients-one-device'],
  },
  {
    id: 'P5',
    situation: 'firmware clones with a hard-coded client ID',
    events: evictions('pump', 'abc', [0, 500, 1_000, 1_500, 2_000, 2_500, 3_000]),
    aws: 'CONFLICT',
    precise: 'CONFLICT',
    diagnoses: [['rival-devices', 'certain']],
    because: 'different principals evict one another',
    scenarios: ['cloned-client-ids'],
  },
  {
    id: 'P6',
    situation: 'one client ID, two certificates',
    events: evictions('dev', 'ab', [0, 500, 1_000, 1_500]),
    aws: 'CONFLICT',
    precise: 'CONFLICT',
    diagnoses: [['rival-devices', 'certain']],
    because: '1 victim came back',
  },
  {
    id: 'P7',
    situation: 'a claim certificate in every device on purpose',
    events: [0, 1, 2, 3].flatMap((i) => [
      ...session(`claim ${i}`, `dev-${i}`, 'f', [i * 5_000, i * 5_000 + 9_000]),
      ...session(`own ${i}`, `dev-${i}`, `${i}`, [i * 5_000 + 10_000, DAY]),
    ]),
    aws: 'SHARED',
    precise: 'SHARED',
    diagnoses: [['claim-certificate', 'likely']],
    because: 'for at most 9 s each; 4 of them then connected with a certificate of their own',
    scenarios: ['claim-certificate'],
  },
  {
    id: 'P7',
    situation: 'a claim certificate with which one client stays connected',
    events: [0, 1, 2, 3].flatMap((i) => [
      ...session(`claim ${i}`, `dev-${i}`, 'f', [i * 5_000, i === 0 ? DAY : i * 5_000 + 9_000]),
      ...session(`own ${i}`, `dev-${i}`, `${i}`, [DAY + 10_000 * i, 2 * DAY]),
    ]),
    aws: 'SHARED',
    precise: 'SHARED',
    diagnoses: [['shared-certificate', 'likely']],
    because: '4 client IDs held it at the same time',
  },
  {
    id: 'P8',
    situation: 'further connections of one device: thing, thing#2, thing#3',
    events: ['thing', 'thing#2', 'thing#3'].flatMap((id, i) =>
      session(`${i}`, id, 'a', [i * 100, DAY], 'client-initiated', at(HOME)),
    ),
    aws: 'SHARED',
    precise: 'SHARED',
    diagnoses: [['gateway', 'likely']],
    because: 'differ only behind a #, from one address',
    scenarios: ['extra-connections'],
  },
  {
    id: 'P9',
    situation: 'connect, DISCONNECT, connect with one ID at start-up',
    events: [
      ...session('1', 'core', 'a', [0, 50], 'client-initiated', { cleanStart: true }),
      ...session('2', 'core', 'a', [60, DAY], 'client-initiated', { cleanStart: false }),
    ],
    aws: 'compliant',
    precise: 'compliant',
    diagnoses: [],
    scenarios: ['clean-reconnect'],
  },
  {
    id: 'P10',
    situation: 'a gateway with several client IDs on one certificate, from one address',
    events: ['north', 'south', 'west'].flatMap((id, i) =>
      session(`${i}`, id, 'a', [i * 100, DAY], 'client-initiated', at(HOME)),
    ),
    aws: 'SHARED',
    precise: 'SHARED',
    diagnoses: [['gateway', 'ambiguous']],
    because: 'from one address: a gateway, or devices behind one address',
  },
  {
    id: 'P11',
    situation: 'hand-over: a new client ID after the old one has gone; its close seen late',
    events: [
      ...session('1', 'old', 'a', [0, 5_080]),
      ...session('2', 'new', 'a', [5_000, DAY]),
      ...session('3', 'third', 'a', [DAY, 2 * DAY]),
    ],
    aws: 'compliant',
    precise: 'compliant',
    diagnoses: [],
    scenarios: ['certificate-hand-over'],
  },
  {
    id: 'P12',
    situation: 'a new client ID per boot; the old session waits for its keep-alive',
    events: [
      ...session('1', 'x1', 'a', [0, 100_000], 'keep-alive-timeout', { keepAliveSeconds: 60 }),
      ...session('2', 'x2', 'a', [20_000, DAY]),
    ],
    aws: 'SHARED',
    precise: 'SHARED',
    diagnoses: [['half-open-ghost', 'likely']],
    because: 'silent and waited for its keep-alive timeout',
    scenarios: ['new-client-id-per-boot'],
  },
  {
    id: 'P12',
    situation: 'the same without known keep-alive, by two losses in a row',
    events: [
      ...session('1', 'x1', 'a', [0, 10 * MINUTE], 'connection-lost'),
      ...session('2', 'x2', 'a', [5 * MINUTE, 30 * MINUTE], 'keep-alive-timeout'),
      ...session('3', 'x3', 'a', [20 * MINUTE, DAY]),
    ],
    aws: 'SHARED',
    precise: 'SHARED',
    diagnoses: [['half-open-ghost', 'ambiguous']],
    because: 'its client ID never came back',
  },
  {
    id: 'P13',
    situation: 'rotation: the device connects with its new certificate before it closes',
    events: evictions('dev', 'abc', [0, DAY, 2 * DAY, 3 * DAY], () => at(HOME)),
    aws: 'CONFLICT',
    precise: 'CONFLICT',
    diagnoses: [['certificate-rotation', 'likely']],
    because: 'each replaced once and left behind for good',
    scenarios: ['certificate-rotation-connect-first', 'certificate-rotation'],
  },
  {
    id: 'P14',
    situation: 'the broker restarts and every client comes back; the broker’s record',
    events: restart('broker', 'server-initiated'),
    aws: 'compliant',
    precise: 'compliant',
    diagnoses: [],
  },
  {
    id: 'P14',
    situation: 'the same by the devices alone, whose quick reconnects look like takeovers',
    events: restart('device', 'connection-lost'),
    aws: 'inconclusive',
    precise: 'inconclusive',
    diagnoses: [],
  },
  {
    id: 'P15',
    situation: 'records late, twice and out of order, one close missing',
    events: [
      closed('1', 'dev', 99, 'session-taken-over', { certificateId: certificate('a') }),
      ...session('2', 'dev', 'b', [101, 5_000], 'session-taken-over'),
      closed('1', 'dev', 99, 'session-taken-over', { certificateId: certificate('a') }),
      connected('1', 'dev', 0, { certificateId: certificate('a') }),
      connected('3', 'dev', 5_000, { certificateId: certificate('a') }),
    ],
    aws: 'CONFLICT',
    precise: 'CONFLICT',
    diagnoses: [['rival-devices', 'certain']],
  },
  {
    id: 'P16',
    situation: 'client IDs with # and +, of which AWS’s lifecycle events never tell',
    events: evictions('+/#', 'ab', [0, 500, 1_000, 1_500]),
    aws: 'CONFLICT',
    precise: 'CONFLICT',
    diagnoses: [['rival-devices', 'certain']],
  },
  {
    id: 'P17',
    situation: 'known-bad but quiet: no connect or close in the window',
    events: [...session('1', 'one', 'a', [0, 9 * DAY]), ...session('2', 'two', 'a', [0, 9 * DAY])],
    options: { window: '2026-01-03..2026-01-05' },
    aws: 'compliant',
    precise: 'SHARED',
    diagnoses: [['shared-certificate', 'likely']],
  },
  {
    id: 'P18',
    situation: 'mended inside the window',
    events: [
      ...evictions('dev', 'ab', [0, 500, 1_000, 1_500]),
      ...session('3', 'dev-a', 'a', [DAY, 9 * DAY]),
      ...session('4', 'dev-b', 'b', [DAY, 9 * DAY]),
    ],
    aws: 'CONFLICT',
    precise: 'CONFLICT',
    diagnoses: [['rival-devices', 'certain']],
  },
  {
    id: 'P19',
    situation: 'the console’s test client, an IAM principal, uses a device’s ID',
    events: [byCertificate('a'), user('AROAEXAMPLE:me'), byCertificate('a')].flatMap((who, i) => [
      connected(`${i}`, 'dev', i * 1_000, who),
      closed(`${i}`, 'dev', i * 1_000 + 1_000, i < 2 ? 'session-taken-over' : undefined, who),
    ]),
    aws: 'CONFLICT',
    precise: 'CONFLICT',
    diagnoses: [['foreign-principal', 'certain']],
    because: 'a principal that is no certificate took turns with one that is; 1 victim came back',
  },
];
