/** Which checks `all` means, by the evidence that there is, and what a named one says without. */
import { describe, expect, it } from 'vitest';
import { auditStore } from '../../../src/audit/audit-store.ts';
import type { AuditOptions } from '../../../src/audit/options.ts';
import { CHECKS } from '../../../src/audit/registry.ts';
import { CHECK_IDS, CONNECTION_CHECK_IDS } from '../../../src/core/ids.ts';
import type { ObservedEvent } from '../../../src/history/event.ts';
import { openHistoryStore } from '../../../src/history/store.ts';
import { device, evidence, list, root } from '../../support/certificate-facts.ts';
import { closed, connected, EPOCH, numbered, session } from '../../support/history-events.ts';

async function statuses(events: readonly ObservedEvent[], options: AuditOptions = {}) {
  const store = await openHistoryStore();
  try {
    store.append(0, numbered(events));
    const recording = { run: 0, hasBroker: true, startedAt: EPOCH, endedAt: EPOCH + 1_000 };
    const { auditDetails } = await auditStore(store, [recording], options);
    const entries = Object.entries(auditDetails);
    return Object.fromEntries(entries.map(([id, details]) => [id, details.doppelfleet.status]));
  } finally {
    await store.close();
  }
}

const plain = session('1', 'one', 'a', [0, 900]);
const username = { principal: { kind: 'username', value: 'ann' } } as const;
const named = ['one', 'two'].flatMap((id, i) => [
  connected(`${i}`, id, i, username),
  closed(`${i}`, id, 900, 'client-initiated', username),
]);
const certificates = evidence([root(), device('a')]);

describe('all checks', () => {
  it('are the two of connections when there is a history alone', async () => {
    expect(await statuses(plain)).toEqual({
      CONFLICTING_CLIENT_IDS_CHECK: 'compliant',
      DEVICE_CERTIFICATE_SHARED_CHECK: 'compliant',
    });
  });

  it('add ours of principals when the source names no certificates, and AWS’s stays open', async () => {
    expect(await statuses(named)).toEqual({
      CONFLICTING_CLIENT_IDS_CHECK: 'compliant',
      DEVICE_CERTIFICATE_SHARED_CHECK: 'inconclusive',
      SHARED_PRINCIPAL_CHECK: 'non-compliant',
    });
  });

  it('do not add it when some certificate is known, as in a run whose records were joined', async () => {
    const mixed = await statuses([...session('x', 'three', 'a', [0, 900]), ...named]);
    expect(Object.keys(mixed)).toEqual([...CONNECTION_CHECK_IDS]);
  });

  it('add those of certificates with certificates, and those of lists with lists', async () => {
    const without = Object.keys(await statuses(plain, { certificates }));
    expect(without).toHaveLength(7);
    const lists = [list({ thisUpdate: EPOCH })];
    const all = await statuses(plain, {
      certificates: { ...certificates, revocationLists: lists },
    });
    expect(Object.keys(all)).toEqual(CHECK_IDS.filter((id) => id !== 'SHARED_PRINCIPAL_CHECK'));
    expect(new Set(Object.values(all))).toEqual(new Set(['compliant']));
  });
});

it('a check that is named without its evidence is inconclusive', async () => {
  const wanted = CHECK_IDS.filter((id) => CHECKS[id].id.includes('CERTIFICATE'));
  const named = wanted.filter((id) => id !== 'DEVICE_CERTIFICATE_SHARED_CHECK');
  expect(new Set(Object.values(await statuses(plain, { checks: named })))).toEqual(
    new Set(['inconclusive']),
  );
  expect(named).toHaveLength(8);
});

it('every check says under which ID it is registered, how grave it is and what it needs', () => {
  for (const id of CHECK_IDS) {
    const { severity, evidence, falsePositives, ...check } = CHECKS[id];
    expect(check.id).toBe(id);
    expect(['CRITICAL', 'HIGH', 'MEDIUM', 'LOW']).toContain(severity);
    expect([evidence.length, falsePositives.length].every((count) => count > 0)).toBe(true);
  }
});
