/** The check of shared principals against the brute-force oracle of shared certificates. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { auditStore } from '../../../src/audit/audit-store.ts';
import type { ConnectionEvent } from '../../../src/history/event.ts';
import { openHistoryStore } from '../../../src/history/store.ts';
import { EPOCH } from '../../support/history-events.ts';
import { type RandomHistory, randomHistory } from '../../support/history-random.ts';
import { oracle } from '../../support/oracle.ts';

const tolerances = { toleranceMs: 100, takeoverToleranceMs: 100, joinToleranceMs: 200 };
const window = { from: EPOCH + 600, to: EPOCH + 1_900 };

/** The certificate's ID becomes a user name; every history has names of its own. */
function disguised({ certificateId, ...event }: ConnectionEvent, run: number): ConnectionEvent {
  const clientId = `${run} ${event.clientId}`;
  if (certificateId === undefined) return { ...event, clientId };
  const principal = { kind: 'username', value: `${run} ${certificateId}` } as const;
  return { ...event, clientId, principal };
}

async function found(histories: readonly RandomHistory[]): Promise<object> {
  const store = await openHistoryStore();
  try {
    histories.forEach(({ events }, run) => {
      const own = events.map((event) => disguised(event, run));
      store.append(run, own);
    });
    const recordings = histories.map(({ hasBroker, endedAt }, run) => {
      return { run, hasBroker, startedAt: EPOCH, endedAt };
    });
    const { findings } = await auditStore(store, recordings, {
      ...tolerances,
      window: { kind: 'explicit', ...window },
      checks: ['SHARED_PRINCIPAL_CHECK'],
    });
    const entries = findings.map(({ nonCompliantResource, doppelfleet }) => [
      nonCompliantResource.resourceIdentifier.doppelfleetPrincipal,
      [doppelfleet.occurrences, doppelfleet.lastOccurrence],
    ]);
    return Object.fromEntries(entries);
  } finally {
    await store.close();
  }
}

function expected(histories: readonly RandomHistory[]): object {
  const entries = histories.flatMap(({ events, hasBroker, endedAt }, run) => {
    const last = Math.max(EPOCH, ...events.map((event) => event.at));
    const { sharings } = oracle(events, {
      ...tolerances,
      ...window,
      hasBroker: hasBroker || events.some((event) => event.vantage === 'broker'),
      endsAt: Math.max(last, endedAt ?? EPOCH),
    });
    return Object.entries(sharings).map(([id, { occurrences, lastOccurrence }]) => [
      `username:${run} ${id}`,
      [occurrences, lastOccurrence],
    ]);
  });
  return Object.fromEntries(entries);
}

test('agrees with the oracle on a thousand random histories', { timeout: 60_000 }, async () => {
  let sharings = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(randomHistory, { minLength: 100, maxLength: 100 }),
      async (histories) => {
        const answer = expected(histories);
        expect(await found(histories)).toEqual(answer);
        sharings += Object.keys(answer).length;
      },
    ),
    { numRuns: 10, endOnFailure: true },
  );
  expect(sharings).toBeGreaterThan(50);
});
