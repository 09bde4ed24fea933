/** Measures the effects of a run from what was recorded of it. Pure. */
import type { AuditResult } from '../audit/finding.ts';
import { type EpochMs, SECOND_MS } from '../core/time.ts';
import type { FleetStatistics } from '../fleet/statistics.ts';
import type { FleetPlan } from '../scenario/plan.ts';
import { banCounterEffect, DEFAULT_BAN_COUNTER } from './ban-counter.ts';
import { byDevice, type DeviceSession } from './device-sessions.ts';
import type { BanCounterParameters, FixEffects } from './fix-effects.ts';
import { certificatesShared, clientIdsInUse } from './identities.ts';
import { type KeptClientIds, keptClientIds, leftByChange } from './kept-sessions.ts';
import { busiest } from './rates.ts';
import { availabilityOf, recoveryOf } from './service.ts';

const MINUTE_MS = 60_000;

/** What is known of a run once it is over. */
export interface MeasuredRun {
  readonly plan: FleetPlan;
  readonly sessions: readonly DeviceSession[];
  readonly statistics: FleetStatistics;
  readonly audit: AuditResult;
  readonly startedAt: EpochMs;
  readonly faultsEndedAt: EpochMs;
  readonly brokerCpuMs?: number;
  /** The same for all runs that are compared; EMQX's by default. */
  readonly banCounter?: BanCounterParameters;
  /** Of the run without the fix, where this is one with. */
  readonly before?: KeptClientIds;
  /** What limits the measurement, as sentences. */
  readonly notes?: readonly string[];
}

export interface Measured {
  readonly effects: FixEffects;
  /** For the runs with fixes that follow. */
  readonly keptClientIds: KeptClientIds;
}

export function measureEffects(run: MeasuredRun): Measured {
  const { plan, sessions, statistics, audit, startedAt, faultsEndedAt, before } = run;
  const { settle, messages } = statistics;
  const devices = byDevice(sessions);
  const window = { from: startedAt, to: faultsEndedAt };
  const availability = availabilityOf(devices, plan, window);
  const kept = keptClientIds(sessions, plan);
  const effects: FixEffects = {
    sessions: {
      kept: kept.kept.size,
      leftBehind: kept.leftBehind.size,
      ...(before === undefined ? {} : { leftByChange: leftByChange(before, kept) }),
      resumed: statistics.sessions.resumed,
      lost: statistics.sessions.lost,
    },
    messages: {
      unacknowledged: messages.unacknowledged,
      ...(messages.deliveries === undefined ? {} : { deliveries: messages.deliveries }),
    },
    banCounter: banCounterEffect(sessions, run.banCounter ?? DEFAULT_BAN_COUNTER),
    certificatesShared: { real: certificatesShared(sessions), ...sharedFound(audit) },
    clientIds: clientIdsInUse(sessions),
    takeovers: takeoversOf(audit, plan, startedAt),
    connects: connectsOf(sessions, window),
    ...(settle.quiet ? { quietAfterMs: settle.quietAfterMs } : {}),
    recovery: recoveryOf(devices, faultsEndedAt),
    ...(availability === undefined ? {} : { availability }),
    ...(run.brokerCpuMs === undefined ? {} : { brokerCpuMs: run.brokerCpuMs }),
    notes: run.notes ?? [],
  };
  return { effects, keptClientIds: kept };
}

function sharedFound({ findings, auditDetails }: AuditResult): { readonly found?: number } {
  const check = 'DEVICE_CERTIFICATE_SHARED_CHECK';
  const status = auditDetails[check]?.doppelfleet.status;
  if (status === undefined || status === 'inconclusive') return {};
  const found = findings.filter(({ checkName, isSuppressed }) => {
    return checkName === check && !isSuppressed;
  });
  return { found: found.length };
}

/** Every takeover makes its client ID a finding, whose newest occurrence is the last of it. */
function takeoversOf(
  { findings, statistics: { takeovers: count } }: AuditResult,
  { durationMs }: FleetPlan,
  startedAt: EpochMs,
): FixEffects['takeovers'] {
  const last = findings
    .filter(({ checkName }) => checkName === 'CONFLICTING_CLIENT_IDS_CHECK')
    .reduce((latest, { doppelfleet }) => Math.max(latest, doppelfleet.lastOccurrence), startedAt);
  return {
    count,
    perMinute: (count * MINUTE_MS) / durationMs,
    ...(last > startedAt ? { lastAfterMs: last - startedAt } : {}),
  };
}

function connectsOf(
  sessions: readonly DeviceSession[],
  { from, to }: { readonly from: EpochMs; readonly to: EpochMs },
): FixEffects['connects'] {
  const starts = sessions.flatMap(({ startedAt, throttled }) =>
    throttled || startedAt >= to ? [] : [startedAt],
  );
  const seconds = Math.max(1, to - from) / SECOND_MS;
  return { perSecond: starts.length / seconds, perSecondMax: busiest(starts, SECOND_MS) };
}
