/** The metrics of every process that drives devices: is it the generator that is slow? */
import type { WorkerHealth } from '../fleet/worker-health.ts';
import { type Metric, type Point, type RunLook, seconds } from './metric.ts';

const LABELS = ['worker', 'host.name'] as const;

export const WORKER_METRICS = [
  {
    name: 'doppelfleet.worker.up',
    kind: 'gauge',
    unit: '',
    help: '1 as long as the process drives its devices, 0 if it was lost before the end.',
    labels: LABELS,
    read: perWorker(({ lost }) => (lost === undefined ? 1 : 0)),
  },
  {
    name: 'doppelfleet.worker.devices',
    kind: 'upDownCounter',
    unit: '{device}',
    help: 'Devices of the plan that the process drives.',
    labels: LABELS,
    read: perWorker(({ devices }) => devices),
  },
  {
    name: 'doppelfleet.worker.eventloop.delay.p99',
    kind: 'gauge',
    unit: 's',
    help: 'How long a callback that was due waited for the event loop; since the start of the run.',
    labels: LABELS,
    read: perWorker(({ eventLoopDelayMs }) => seconds(eventLoopDelayMs.p99)),
  },
  {
    name: 'doppelfleet.worker.eventloop.delay.max',
    kind: 'gauge',
    unit: 's',
    help: 'The longest that a callback waited for the event loop since the start of the run.',
    labels: LABELS,
    read: perWorker(({ eventLoopDelayMs }) => seconds(eventLoopDelayMs.max)),
  },
  {
    name: 'doppelfleet.worker.gc.time',
    kind: 'counter',
    unit: 's',
    help: 'Time spent on garbage collection.',
    labels: LABELS,
    read: perWorker(({ garbageCollection }) => seconds(garbageCollection.totalMs)),
  },
  {
    name: 'doppelfleet.worker.cpu.time',
    kind: 'counter',
    unit: 's',
    help: 'CPU time of the process, of all its threads; a rate of 1 is one busy core.',
    labels: LABELS,
    read: perWorker(({ cpuMs }) => seconds(cpuMs)),
  },
  {
    name: 'doppelfleet.worker.memory.resident.max',
    kind: 'gauge',
    unit: 'By',
    help: 'The most resident memory that was seen since the start of the run.',
    labels: LABELS,
    read: perWorker(({ residentBytesMax }) => residentBytesMax),
  },
  {
    name: 'doppelfleet.worker.lateness.p99',
    kind: 'gauge',
    unit: 's',
    help: 'p99 of its own lateness against the plan; absent as long as nothing was due.',
    labels: LABELS,
    read: perWorker(({ latenessP99Ms: ms }) => (ms === undefined ? undefined : seconds(ms))),
  },
  {
    name: 'doppelfleet.worker.clock.offset',
    kind: 'gauge',
    unit: 's',
    help: 'How far its clock is ahead of that of the commanding process; absent for one clock.',
    labels: LABELS,
    read: perWorker(({ clock }) => clock && seconds(clock.offsetMs)),
  },
  {
    name: 'doppelfleet.worker.clock.uncertainty',
    kind: 'gauge',
    unit: 's',
    help: 'How far off the measured offset of its clock may be; absent for one clock.',
    labels: LABELS,
    read: perWorker(({ clock }) => clock && seconds(clock.uncertaintyMs)),
  },
] as const satisfies readonly Metric[];

/** One point per process; the last one counts of those that a machine knows by one name. */
function perWorker(value: (worker: WorkerHealth) => number | undefined) {
  return ({ figures: { workers } }: RunLook): readonly Point<number>[] => {
    const points = new Map<string, Point<number>>();
    for (const health of workers) {
      const { worker, host } = health;
      const read = value(health);
      const key = JSON.stringify([worker, host]);
      points.delete(key);
      if (read !== undefined)
        points.set(key, { labels: { worker, 'host.name': host }, value: read });
    }
    return [...points.values()];
  };
}
