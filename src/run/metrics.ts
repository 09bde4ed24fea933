/** Statistics of generator and audit under the names of the threshold catalogue. */
import type { AuditStatistics } from '../audit/finding.ts';
import type { Distribution, FleetStatistics } from '../fleet/statistics.ts';

export function metricsOf(
  fleet: FleetStatistics,
  audit: AuditStatistics,
  durationMs: number,
): Record<string, number> {
  const { connects, messages } = fleet;
  const seconds = durationMs / 1000;
  return {
    'connects.attempted': connects.attempted,
    'connects.accepted': connects.accepted,
    'connects.failed': connects.failed,
    'connects.throttled': connects.throttled,
    'connects.rate': connects.accepted / seconds,
    ...spread('connects.latency', connects.latencyMs),
    ...spread('connects.lateness', connects.latenessMs),
    'takeovers.count': audit.takeovers,
    'takeovers.rate': audit.takeovers / seconds,
    'sessions.count': audit.sessions,
    'sessions.concurrent': fleet.sessions.concurrentMax,
    'devices.connected': fleet.devices.connected,
    'messages.published': messages.published,
    'messages.acknowledged': messages.acknowledged,
    'messages.received': messages.received,
    'settle.quietAfter': fleet.settle.quietAfterMs,
  };
}

function spread(name: string, distribution: Distribution | undefined): Record<string, number> {
  if (distribution === undefined) return {};
  const { count: _count, ...parts } = distribution;
  return Object.fromEntries(Object.entries(parts).map(([part, ms]) => [`${name}.${part}`, ms]));
}
