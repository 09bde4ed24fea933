/** The metrics of a run and its fleet: devices, connects, messages, and where the run stands. */
import type { GroupProgress } from '../live/progress.ts';
import { type Metric, type Point, type RunLook, seconds, single } from './metric.ts';
import { timeHistogram } from './time-buckets.ts';

/** `ended`: the devices are gone and the audit is done. */
const PHASES = ['running', 'intervening', 'settling', 'stopping', 'ended'] as const;
/** Of a scenario with more groups than are told apart; no group can be called so. */
const OTHER_GROUPS = '(others)';

export const RUN_METRICS = [
  {
    name: 'doppelfleet.run.info',
    kind: 'gauge',
    unit: '',
    help: 'Always 1; its labels say what is run, against which broker, by which version.',
    labels: ['broker', 'version'],
    read: ({ figures: { broker }, version }) => [{ labels: { broker, version }, value: 1 }],
  },
  {
    name: 'doppelfleet.run.start.time',
    kind: 'gauge',
    unit: 's',
    help: 'When the run began, since 1970.',
    labels: [],
    read: ({ startedAtMs }) => single(seconds(startedAtMs)),
  },
  {
    name: 'doppelfleet.phase',
    kind: 'gauge',
    unit: '',
    help: 'Where the run stands: 1 for its phase, 0 for every other one.',
    labels: ['phase'],
    read: ({ figures, ended }) => {
      const now = ended ? 'ended' : figures.progress.phase;
      return PHASES.map((phase) => ({ labels: { phase }, value: phase === now ? 1 : 0 }));
    },
  },
  {
    name: 'doppelfleet.devices.planned',
    kind: 'upDownCounter',
    unit: '{device}',
    help: 'Devices of the plan.',
    labels: ['group'],
    read: ({ figures: { progress } }) =>
      byGroup(progress.groups, progress.groupsLeftOut, progress.devices, (one) => one.devices),
  },
  {
    name: 'doppelfleet.devices.connected',
    kind: 'upDownCounter',
    unit: '{device}',
    help: 'Devices connected now: those whose CONNACK came and whose connection is open.',
    labels: ['group'],
    read: ({ figures: { progress } }) =>
      byGroup(progress.groups, progress.groupsLeftOut, progress.connected, (one) => one.connected),
  },
  {
    name: 'doppelfleet.devices.connecting',
    kind: 'upDownCounter',
    unit: '{device}',
    help: 'Connects under way: started, and not answered yet.',
    labels: [],
    read: ({ figures }) => single(figures.counters.connecting),
  },
  {
    name: 'doppelfleet.connects',
    kind: 'counter',
    unit: '{connection}',
    help:
      'Connects that came to an end: accepted by CONNACK, failed, or throttled by the limits of ' +
      'the scenario before their first packet.',
    labels: ['result'],
    read: ({ figures: { counters } }) =>
      (['accepted', 'failed', 'throttled'] as const).map((result) => ({
        labels: { result },
        value: counters[result],
      })),
  },
  {
    name: 'doppelfleet.connections.closed',
    kind: 'counter',
    unit: '{connection}',
    help: 'Accepted connections that have closed, for whatever reason.',
    labels: [],
    read: ({ figures }) => single(figures.counters.closed),
  },
  {
    name: 'doppelfleet.connect.duration',
    kind: 'histogram',
    unit: 's',
    help: 'From the start of a connect to its CONNACK, TCP and TLS included.',
    labels: [],
    read: ({ figures: { counters } }) => [
      { labels: {}, value: timeHistogram(counters.latencies, counters.latencySumMs) },
    ],
  },
  {
    name: 'doppelfleet.connect.lateness',
    kind: 'histogram',
    unit: 's',
    help: 'From the planned instant of a connect to its start: how late the generator is.',
    labels: [],
    read: ({ figures: { counters } }) => [
      { labels: {}, value: timeHistogram(counters.latenesses, counters.latenessSumMs) },
    ],
  },
  {
    name: 'doppelfleet.connect.lateness.limit',
    kind: 'gauge',
    unit: 's',
    help: 'A p99 of the lateness above this makes the verdict inconclusive.',
    labels: [],
    read: ({ figures }) => single(seconds(figures.latenessP99MsMax)),
  },
  {
    name: 'doppelfleet.takeovers',
    kind: 'counter',
    unit: '{takeover}',
    help:
      'Sessions that ended because another CONNECT used their client ID; absent where only the ' +
      'audit can tell, after the run.',
    labels: [],
    read: ({ figures: { progress } }) =>
      progress.takeoversVisible ? single(progress.takeovers) : [],
  },
  {
    name: 'doppelfleet.messages.published',
    kind: 'counter',
    unit: '{message}',
    help: 'PUBLISH packets that devices have sent.',
    labels: [],
    read: ({ figures }) => single(figures.counters.published),
  },
  {
    name: 'doppelfleet.messages.acknowledged',
    kind: 'counter',
    unit: '{message}',
    help: 'Publishes of QoS 1 that the broker has answered with PUBACK.',
    labels: [],
    read: ({ figures }) => single(figures.counters.acknowledged),
  },
  {
    name: 'doppelfleet.messages.received',
    kind: 'counter',
    unit: '{message}',
    help: 'PUBLISH packets that devices have received.',
    labels: [],
    read: ({ figures }) => single(figures.counters.received),
  },
] as const satisfies readonly Metric[];

/** The groups that are told apart, and what is left of the total as one more. */
function byGroup(
  groups: RunLook['figures']['progress']['groups'],
  leftOut: number,
  total: number,
  count: (group: GroupProgress) => number,
): readonly Point<number>[] {
  const points = groups.map((one) => ({ labels: { group: one.name }, value: count(one) }));
  if (leftOut === 0) return points;
  const rest = total - points.reduce((sum, { value }) => sum + value, 0);
  return [...points, { labels: { group: OTHER_GROUPS }, value: rest }];
}
