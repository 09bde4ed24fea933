/**
 * The one public sample of a shared certificate (AWS CLI examples, list-audit-findings, June 2019):
 * three daily audits of one certificate, and none on the day without an event.
 */
import { describe, expect, test } from 'vitest';
import { auditStore } from '../../src/audit/engine.ts';
import type { AuditOptions } from '../../src/audit/options.ts';
import type { ObservedEvent } from '../../src/history/event.ts';
import { openHistoryStore } from '../../src/history/store.ts';
import { numbered } from '../support/history-events.ts';

const CERTIFICATE = 'b193ab7162c0fadca83246d24fa090300a1236fe58137e121b011804d8ac1d6b';
const SESSIONS: readonly (readonly [client: string, from: number, to?: number])[] = [
  ['TvnQoEoU', 1559345920964, 1559826728402],
  ['TvnQoEoU', 1559826729768],
  ['xShGENLW', 1559255062002, 1559972350616],
  ['xShGENLW', 1559972350825],
  ['ZipxgAIl', 1559289863631, 1560081532716],
  ['ZipxgAIl', 1560081552187, 1560086371552],
  ['ZipxgAIl', 1560086374068],
];
/** Starts of the daily audits, 10:03:37 UTC. */
const STARTS = [1559815417310, 1559901817310, 1559988217270, 1560074617200, 1560161017172] as const;

const events: readonly ObservedEvent[] = SESSIONS.flatMap(([clientId, from, to], n) => {
  const session = { vantage: 'broker', sessionId: `s${n}`, clientId } as const;
  const all = { ...session, certificateId: CERTIFICATE };
  return [
    { ...all, kind: 'connected', at: from } as const,
    ...(to === undefined
      ? []
      : [{ ...all, kind: 'closed', at: to, reason: 'connection-lost' } as const]),
  ];
});

async function audit(previousRun: number, now: number, options: AuditOptions) {
  const store = await openHistoryStore();
  try {
    store.append(0, numbered(events));
    const recording = { run: 0, hasBroker: true, startedAt: 1559255062002, endedAt: 1560161017172 };
    return await auditStore(store, [recording], {
      ...options,
      checks: ['DEVICE_CERTIFICATE_SHARED_CHECK'],
      now,
      window: {
        kind: 'scheduled',
        scheduledAuditName: 'daily',
        previousRun,
        firstWindowMs: 31 * 86_400_000,
      },
    });
  } finally {
    await store.close();
  }
}

const days = async (options: AuditOptions) =>
  Promise.all(STARTS.slice(1).map((now, i) => audit(STARTS[i] ?? 0, now, options)));

describe('the public sample', () => {
  test('is listed as AWS lists it by awsCompat: the finding of the third day is missing', async () => {
    const audits = await days({ awsCompat: true });
    expect(audits.map(({ findings }) => findings.map((one) => one.relatedResources))).toEqual([
      [related('TvnQoEoU', [1559826729768], [1559345920964, 1559826728402])],
      [related('xShGENLW', [1559972350825], [1559255062002, 1559972350616])],
      [],
      [
        related(
          'ZipxgAIl',
          [1560086374068],
          [1560081552187, 1560086371552],
          [1559289863631, 1560081532716],
        ),
      ],
    ]);
  });

  test('is found on all four days by default, with all sessions that overlap', async () => {
    const audits = await days({});
    expect(audits.map(({ findings }) => findings.length)).toEqual([1, 1, 1, 1]);
    const [, , quiet] = audits;
    expect(quiet?.findings[0]?.relatedResources).toHaveLength(3);
    expect(quiet?.findings[0]?.doppelfleet.diagnosis).toBe('shared-certificate');
  });

  test('is the same without long-lived sessions, but lists their partners', async () => {
    const audits = await days({ semantics: { includeLongLived: false } });
    expect(audits.map(({ findings }) => findings.length)).toEqual([1, 1, 0, 1]);
    expect(audits[0]?.findings[0]?.relatedResources).toHaveLength(4);
  });

  test('can be explained by connections alone, too', async () => {
    const audits = await days({ semantics: { sharedBy: 'connections' } });
    const compat = await days({ awsCompat: true });
    const listed = (all: typeof audits) =>
      all.map(({ findings }) => findings.map((one) => one.relatedResources));
    expect(listed(audits)).toEqual(listed(compat));
    expect(audits[0]?.findings[0]?.doppelfleet.diagnosis).toBe('ambiguous');
  });
});

function related(clientId: string, ...sessions: readonly (readonly number[])[]) {
  return sessions.map(([from, to]) => ({
    resourceType: 'CLIENT_ID',
    resourceIdentifier: { clientId },
    additionalInfo: {
      CONNECTION_TIME: String(from),
      ...(to === undefined ? {} : { DISCONNECTION_TIME: String(to) }),
    },
  }));
}
