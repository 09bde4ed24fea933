/**
 * A history of any length with planted truth: a compliant fleet, and in every hundred situations
 * one client-ID conflict, one shared certificate and four that only look like one. Broker and
 * devices both report, as in a real run; the same length gives the same file.
 */
import { statSync } from 'node:fs';
import type { ConnectionCheckId } from '../src/core/ids.ts';
import { OVERLAP_TOLERANCE_MS } from '../src/core/limits.ts';
import { nextRandom, type RandomState } from '../src/core/random.ts';
import type { CloseReason, HistoryHeader, ObservedEvent } from '../src/history/event.ts';
import { openHistoryWriter } from '../src/history/writer.ts';

export const PLANTED_CHECKS = [
  'CONFLICTING_CLIENT_IDS_CHECK',
  'DEVICE_CERTIFICATE_SHARED_CHECK',
] as const;
export type PlantedCheck = (typeof PLANTED_CHECKS)[number];

/** What was written, and what an audit must find in it: client IDs and certificate IDs. */
export interface Planted {
  readonly events: number;
  readonly megabytes: number;
  readonly truth: Readonly<Record<ConnectionCheckId, ReadonlySet<string>>>;
}

interface Stay {
  readonly clientId: string;
  readonly certificate: number;
  readonly from: number;
  readonly to: number;
  readonly reason?: CloseReason;
}

/** One story: who stays from when to when, in ms from its beginning. */
interface Situation {
  readonly stays: readonly Stay[];
  readonly conflict?: string;
  readonly shared?: number;
}

type Story = (n: number, length: number) => Situation;

const STARTED_AT = Date.UTC(2026, 0, 1);
const EVENTS_PER_STAY = 4;
/** Situations begin this far apart. */
const PACE_MS = 20;
const PENDING_MAX = 20_000;

/** Every story gets numbers of certificates that no other one uses. */
const certificatesOf = (n: number): readonly [number, number] => [2 * n, 2 * n + 1];

const steady: Story = (n, length) => ({
  stays: [{ clientId: `device-${n}`, certificate: certificatesOf(n)[0], from: 0, to: length }],
});

const conflict: Story = (n, length) => {
  const clientId = `clone-${n}`;
  const stays = [0, 1, 2, 3].map(
    (turn): Stay => ({
      clientId,
      certificate: certificatesOf(n)[turn % 2] ?? 0,
      from: turn * length,
      to: (turn + 1) * length,
      ...(turn < 3 ? { reason: 'session-taken-over' } : {}),
    }),
  );
  return { stays, conflict: clientId };
};

const shared: Story = (n, length) => {
  const [certificate] = certificatesOf(n);
  const stays = [0, 1, 2].map((copy) => {
    const from = copy * 1_000;
    return { clientId: `batch-${n}-${copy}`, certificate, from, to: from + 3_000 + length };
  });
  return { stays, shared: certificate };
};

/** Two stays in a row: `gap` between them, below zero for a disconnect that is seen late. */
const twice =
  (
    gap: number,
    { sameId, sameCertificate }: { sameId: boolean; sameCertificate: boolean },
  ): Story =>
  (n, length) => {
    const [first, second] = certificatesOf(n);
    const ids = sameId ? [`again-${n}`, `again-${n}`] : [`old-${n}`, `new-${n}`];
    const after = { certificate: sameCertificate ? first : second, from: length + gap };
    return {
      stays: [
        { clientId: ids[0] ?? '', certificate: first, from: 0, to: length },
        { clientId: ids[1] ?? '', ...after, to: 2 * length + gap },
      ],
    };
  };

const STORIES: readonly Story[] = [
  conflict,
  shared,
  twice(5, { sameId: true, sameCertificate: true }),
  twice(500, { sameId: false, sameCertificate: true }),
  twice(-OVERLAP_TOLERANCE_MS / 2, { sameId: false, sameCertificate: true }),
  twice(50, { sameId: true, sameCertificate: false }),
];

/** Writes about `events` events to `file`. */
export async function generateHistory(
  file: string,
  events: number,
  signal: AbortSignal,
): Promise<Planted> {
  const writer = openHistoryWriter(file, header());
  const truth = {
    CONFLICTING_CLIENT_IDS_CHECK: new Set<string>(),
    DEVICE_CERTIFICATE_SHARED_CHECK: new Set<string>(),
  };
  let pending: ObservedEvent[] = [];
  let random: RandomState = 7;
  let [stays, written] = [0, 0];
  /** A broker reports as things happen: in the order of time. */
  const flush = async (before: number): Promise<void> => {
    pending.sort((a, b) => a.at - b.at);
    const ready = pending.filter(({ at }) => at < before);
    for (const event of ready) written = writer.append(event) + 1;
    pending = pending.slice(ready.length);
    signal.throwIfAborted();
    await writer.flush();
  };
  let endedAt = STARTED_AT;
  for (let n = 0; stays * EVENTS_PER_STAY < events; n++) {
    const startedAt = STARTED_AT + n * PACE_MS;
    const [value, next] = nextRandom(random);
    random = next;
    const story = (STORIES[n % 100] ?? steady)(n, 2_000 + Math.floor(value * 20_000));
    for (const stay of story.stays) {
      stays += 1;
      pending.push(...eventsOf(stay, startedAt, stays));
      endedAt = Math.max(endedAt, startedAt + stay.to + 10);
    }
    if (story.conflict) truth.CONFLICTING_CLIENT_IDS_CHECK.add(story.conflict);
    if (story.shared !== undefined) {
      truth.DEVICE_CERTIFICATE_SHARED_CHECK.add(certificateId(story.shared));
    }
    if (pending.length > PENDING_MAX) await flush(startedAt);
  }
  await flush(Number.POSITIVE_INFINITY);
  await writer.close('completed', endedAt);
  return { events: written, megabytes: Math.round(statSync(file).size / 1e6), truth };
}

function eventsOf(stay: Stay, startedAt: number, number: number): ObservedEvent[] {
  const { clientId, certificate, from, to, reason = 'client-initiated' } = stay;
  const common = {
    clientId,
    certificateId: certificateId(certificate),
    ip: '127.0.0.1',
    port: 1024 + (number % 60_000),
    protocolVersion: 5,
    keepAliveSeconds: 60,
  } as const;
  const broker = { vantage: 'broker', sessionId: `broker-${number}`, ...common } as const;
  const device = { vantage: 'device', sessionId: `device-${number}`, ...common } as const;
  const [opened, ended] = [startedAt + from, startedAt + to];
  // Who leaves knows it first; who is thrown out sees a bare FIN.
  const own = reason === 'client-initiated' ? ended - 1 : ended + 2;
  const seen = reason === 'client-initiated' ? reason : 'unknown';
  return [
    { kind: 'connected', at: opened, ...broker },
    { kind: 'connected', at: opened + 1, ...device },
    { kind: 'closed', at: ended, ...broker, reason },
    { kind: 'closed', at: own, ...device, reason: seen },
  ];
}

function certificateId(number: number): string {
  return number.toString(16).padStart(8, '0').repeat(8);
}

function header(): HistoryHeader {
  return {
    doppelfleet: 'history',
    schemaVersion: 1,
    toolVersion: 'bench',
    runId: 'bench',
    scenario: 'generated',
    scenarioDigest: '0'.repeat(64),
    seed: 7,
    startedAt: STARTED_AT,
    source: { broker: 'generated', vantages: ['broker', 'device'] },
  };
}
