import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { auditStore, type StoreAudit } from '../../src/audit/engine.ts';
import type { AuditFinding } from '../../src/audit/finding.ts';
import type { ConnectionEvent } from '../../src/history/event.ts';
import { openHistoryStore } from '../../src/history/store.ts';
import { EPOCH } from '../support/history-events.ts';
import { type RandomHistory, randomHistory } from '../support/history-random.ts';
import { type OracleAnswer, oracle } from '../support/oracle.ts';

const tolerances = { toleranceMs: 100, takeoverToleranceMs: 100, joinToleranceMs: 200 };
/** Wider than any random history, so that the window of one is the window of all. */
const wide = { from: EPOCH - 1, to: EPOCH + 1_000_000 };
const narrow = { from: EPOCH + 600, to: EPOCH + 1_900 };

interface Batch {
  readonly histories: readonly RandomHistory[];
  readonly window: typeof wide;
}

/** Audits many histories at once, each with client IDs and certificates of its own. */
async function audit({ histories, window }: Batch): Promise<StoreAudit> {
  const store = await openHistoryStore();
  try {
    histories.forEach(({ events }, run) => {
      store.append(
        run,
        events.map((event) => ownIdentities(event, run)),
      );
    });
    const recordings = histories.map(({ hasBroker, endedAt }, run) => ({
      run,
      hasBroker,
      startedAt: EPOCH,
      endedAt,
    }));
    return await auditStore(store, recordings, {
      ...tolerances,
      window: { kind: 'explicit', ...window },
    });
  } finally {
    await store.close();
  }
}

const own = (run: number, id: string): string => `${run} ${id}`;
const ownCertificate = (run: number, id: string): string =>
  run.toString(16).padStart(8, '0') + id.slice(8);

function ownIdentities(event: ConnectionEvent, run: number): ConnectionEvent {
  const { certificateId } = event;
  return {
    ...event,
    clientId: own(run, event.clientId),
    ...(certificateId !== undefined && { certificateId: ownCertificate(run, certificateId) }),
  };
}

function expected(history: RandomHistory, window: typeof wide): OracleAnswer {
  const last = Math.max(EPOCH, ...history.events.map((event) => event.at));
  const seesBroker = history.events.some((event) => event.vantage === 'broker');
  return oracle(history.events, {
    ...tolerances,
    ...window,
    hasBroker: history.hasBroker || seesBroker,
    endsAt: Math.max(last, history.endedAt ?? EPOCH),
  });
}

/** Findings in the oracle's words, by resource. */
function found({ findings }: StoreAudit) {
  const conflicts: Record<string, unknown> = {};
  const sharings: Record<string, unknown> = {};
  for (const { nonCompliantResource, relatedResources, doppelfleet } of findings) {
    const { clientId, deviceCertificateId } = nonCompliantResource.resourceIdentifier;
    const { occurrences, lastOccurrence } = doppelfleet;
    const times = (key: string) =>
      relatedResources?.map(({ additionalInfo }) => Number(additionalInfo?.[key])) ?? [];
    if (clientId !== undefined) {
      const disconnects = times('DISCONNECTION_TIME');
      conflicts[clientId] = { occurrences, lastOccurrence, disconnects };
    } else {
      const sessions = sharers(relatedResources);
      sharings[deviceCertificateId ?? ''] = { occurrences, lastOccurrence, sessions };
    }
  }
  return { conflicts, sharings };
}

function sharers(related: AuditFinding['relatedResources']): string[] {
  const names = related?.map(
    ({ resourceIdentifier, additionalInfo }) =>
      `${resourceIdentifier.clientId} ${additionalInfo?.CONNECTION_TIME}`,
  );
  return names?.sort() ?? [];
}

function expectedOf(answers: readonly OracleAnswer[]) {
  const conflicts: Record<string, unknown> = {};
  const sharings: Record<string, unknown> = {};
  answers.forEach((answer, run) => {
    for (const [id, conflict] of Object.entries(answer.conflicts)) {
      conflicts[own(run, id)] = conflict;
    }
    for (const [id, sharing] of Object.entries(answer.sharings)) {
      const sessions = sharing.sessions.map((name) => own(run, name)).sort();
      sharings[ownCertificate(run, id)] = { ...sharing, sessions };
    }
  });
  return { conflicts, sharings };
}

const total = (answers: readonly OracleAnswer[], pick: (answer: OracleAnswer) => number) =>
  answers.reduce((sum, answer) => sum + pick(answer), 0);

describe('the audit agrees with a brute-force oracle', () => {
  test('on the findings of thousands of random histories', { timeout: 60_000 }, async () => {
    let conflicts = 0;
    let sharings = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(randomHistory, { minLength: 100, maxLength: 100 }),
        fc.constantFrom(wide, narrow),
        async (histories, window) => {
          const answers = histories.map((history) => expected(history, window));
          const audited = await audit({ histories, window });
          const { statistics } = audited;
          expect(found(audited)).toEqual(expectedOf(answers));
          expect(statistics.sessions).toBe(total(answers, (answer) => answer.sessions));
          expect(statistics.certificatesJoined).toBe(total(answers, (answer) => answer.joined));
          conflicts += total(answers, (answer) => Object.keys(answer.conflicts).length);
          sharings += total(answers, (answer) => Object.keys(answer.sharings).length);
        },
      ),
      { numRuns: 30, endOnFailure: true },
    );
    // The histories must be of a kind that can go wrong.
    expect(conflicts).toBeGreaterThan(300);
    expect(sharings).toBeGreaterThan(300);
  });

  test('on compliant, non-compliant and inconclusive', { timeout: 60_000 }, async () => {
    const statuses = new Set<string>();
    await fc.assert(
      fc.asyncProperty(randomHistory, fc.constantFrom(wide, narrow), async (history, window) => {
        const answer = expected(history, window);
        const { auditDetails } = await audit({ histories: [history], window });
        const conflict = auditDetails.CONFLICTING_CLIENT_IDS_CHECK?.doppelfleet.status;
        const sharing = auditDetails.DEVICE_CERTIFICATE_SHARED_CHECK?.doppelfleet.status;
        expect({ conflict, sharing }).toEqual({
          conflict: answer.conflictStatus,
          sharing: answer.sharingStatus,
        });
        statuses.add(`conflict ${conflict}`).add(`sharing ${sharing}`);
      }),
      { numRuns: 60 },
    );
    expect(statuses.size).toBeGreaterThan(3);
  });
});
