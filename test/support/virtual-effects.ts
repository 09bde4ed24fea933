/** The effects of a virtual run, measured as those of a run on sockets. */
import type { AuditResult } from '../../src/audit/finding.ts';
import { DeviceSessions } from '../../src/effects/device-sessions.ts';
import type { KeptClientIds } from '../../src/effects/kept-sessions.ts';
import { type Measured, measureEffects } from '../../src/effects/measure.ts';
import { audit as soundAudit } from './judged.ts';
import type { VirtualRun } from './virtual-run.ts';

/** Every connection of the run with the device behind it. */
function sessionsOf({ plan, truth, events }: VirtualRun) {
  const sessions = new DeviceSessions(plan);
  for (const record of truth) sessions.truth(record);
  for (const event of events) sessions.event(event);
  return sessions.all();
}

export function virtualEffects(
  run: VirtualRun,
  audit: AuditResult = soundAudit(),
  before?: KeptClientIds,
): Measured {
  const { plan, statistics, startedAt } = run;
  return measureEffects({
    plan,
    statistics,
    audit,
    startedAt,
    faultsEndedAt: startedAt + plan.durationMs,
    sessions: sessionsOf(run),
    ...(before === undefined ? {} : { before }),
  });
}
