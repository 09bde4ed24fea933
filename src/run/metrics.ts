/** Statistics of generator and audit under the names of the threshold catalogue. */
import type { AuditStatistics } from '../audit/finding.ts';
import type { FixEffects } from '../effects/fix-effects.ts';
import type { Distribution, FleetStatistics } from '../fleet/statistics.ts';

type MetricEffects = Pick<FixEffects, 'sessions' | 'availability' | 'banCounter'>;

export function metricsOf(
  fleet: FleetStatistics,
  audit: AuditStatistics,
  durationMs: number,
  effects?: MetricEffects,
): Record<string, number> {
  const { connects, messages, sessions } = fleet;
  const seconds = durationMs / 1000;
  return {
    'connects.attempted': connects.attempted,
    'connects.accepted': connects.accepted,
    'connects.failed': connects.failed,
    'connects.throttled': connects.throttled,
    'connects.rate': connects.accepted / seconds,
    ...spread('connects.latency', connects.latencyMs),
    ...spread('connects.lateness', connects.latenessMs),
    ...spread('connects.response', connects.responseMs),
    'takeovers.count': audit.takeovers,
    'takeovers.rate': audit.takeovers / seconds,
    'takeovers.perMinute': (60 * audit.takeovers) / seconds,
    'sessions.count': audit.sessions,
    'sessions.concurrent': sessions.concurrentMax,
    'sessions.resumed': sessions.resumed,
    'sessions.lost': sessions.lost,
    'devices.connected': fleet.devices.connected,
    'messages.published': messages.published,
    'messages.acknowledged': messages.acknowledged,
    'messages.received': messages.received,
    'messages.unacknowledged': messages.unacknowledged,
    'messages.notSent': messages.notSent ?? 0,
    ...spread('messages.lateness', messages.latenessMs),
    ...spread('messages.acknowledge', messages.acknowledgeMs),
    ...spread('messages.latency', messages.deliveries?.latencyMs),
    ...deliveries(messages.deliveries),
    ...measured(effects),
    'settle.quietAfter': fleet.settle.quietAfterMs,
  };
}

function deliveries(counts: FleetStatistics['messages']['deliveries']): Record<string, number> {
  // What the ledger could not hold may have been lost or not.
  if (counts === undefined || counts.notCounted > 0) return {};
  return { 'messages.lost': counts.lost, 'messages.duplicated': counts.duplicated };
}

function measured(effects: MetricEffects | undefined): Record<string, number> {
  if (effects === undefined) return {};
  const { sessions, availability, banCounter } = effects;
  return {
    'sessions.leftBehind': sessions.leftBehind,
    'banCounter.clientIds': banCounter.clientIds,
    'banCounter.hidden': banCounter.hidden,
    ...(availability === undefined
      ? {}
      : {
          'devices.availability': availability.mean,
          'devices.availabilityMin': availability.worst.share,
        }),
  };
}

function spread(name: string, distribution: Distribution | undefined): Record<string, number> {
  if (distribution === undefined) return {};
  const { count: _count, ...parts } = distribution;
  return Object.fromEntries(Object.entries(parts).map(([part, ms]) => [`${name}.${part}`, ms]));
}
