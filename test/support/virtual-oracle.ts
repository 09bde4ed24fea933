/**
 * The plain truth of a virtual run by brute force over the broker's sessions: which client IDs were
 * taken over, and which certificates had two sessions of different client IDs open at one time.
 */
import { OVERLAP_TOLERANCE_MS } from '../../src/core/limits.ts';
import { resolvePlanted } from '../../src/run/planted-identities.ts';
import type { FleetPlan } from '../../src/scenario/plan.ts';
import type { VirtualSession } from './virtual-broker.ts';
import { enforcedBy } from './virtual-rules.ts';
import { runVirtually } from './virtual-run.ts';

/** `<check> <client ID or certificate ID>`, sorted. */
function trueFindings(sessions: readonly VirtualSession[]): readonly string[] {
  const found = new Set<string>();
  for (const { clientId, reason } of sessions) {
    if (reason === 'session-taken-over') found.add(`CONFLICTING_CLIENT_IDS_CHECK ${clientId}`);
  }
  const inOrder = [...sessions].sort((a, b) => a.from - b.from);
  for (const [i, a] of inOrder.entries()) {
    const endsAt = (a.to ?? Number.POSITIVE_INFINITY) - OVERLAP_TOLERANCE_MS;
    for (const b of inOrder.slice(i + 1)) {
      if (b.from >= endsAt) break;
      if (a.certificateId !== b.certificateId || a.clientId === b.clientId) continue;
      if ((b.to ?? Number.POSITIVE_INFINITY) - b.from <= OVERLAP_TOLERANCE_MS) continue;
      found.add(`DEVICE_CERTIFICATE_SHARED_CHECK ${a.certificateId}`);
    }
  }
  return [...found].sort();
}

/** What the plan says and what came about, resource by resource; the broker enforces the rules. */
export async function compareWithTruth(
  plan: FleetPlan,
  networkSeed: number,
  options: { readonly tellsOfTakeover?: boolean } = {},
) {
  const rules = enforcedBy(plan);
  const { credentials, sessions, statistics } = await runVirtually(plan, {
    networkSeed,
    ...rules,
    ...options,
  });
  const named = (findings: FleetPlan['planted']) =>
    resolvePlanted(plan, credentials, findings).map((one) => `${one.check} ${one.resource}`);
  const planted = named(plan.planted);
  const open = new Set(named(plan.undecided));
  const found = trueFindings(sessions);
  const absent = new Set(statistics.devices.neverConnected);
  const refused = plan.devices.filter(({ refusedBy }) => refusedBy !== undefined);
  return {
    planted,
    open,
    found,
    decided: found.filter((one) => !open.has(one)),
    /** Devices that must be refused and were let in. */
    letIn: refused.map(({ name }) => name).filter((name) => !absent.has(name)),
  };
}
