/** How the generator's own processes fared, as rows of a table. */
import { printable } from '../core/text.ts';
import type { WorkerHealth } from '../fleet/worker-health.ts';

export const WORKER_COLUMNS = [
  'Worker',
  'Devices',
  'CPU',
  'Memory',
  'Event loop p99 / max',
  'Collecting',
  'Lateness p99',
  'Clock',
] as const;

const MIB = 1024 * 1024;

/** One row per process, in the order of {@link WORKER_COLUMNS}; safe for a terminal. */
export function workerRows(workers: readonly WorkerHealth[]): readonly (readonly string[])[] {
  return workers.map((one) => [
    `${printable(one.worker, 40)}${one.lost === undefined ? '' : ' (lost)'}`,
    one.devices.toLocaleString('en-US'),
    share(one.cpuMs, one.wallMs),
    `${Math.round(one.residentBytesMax / MIB).toLocaleString('en-US')} MiB`,
    `${ms(one.eventLoopDelayMs.p99)} / ${ms(one.eventLoopDelayMs.max)}`,
    share(one.garbageCollection.totalMs, one.wallMs),
    one.latenessP99Ms === undefined ? '–' : ms(one.latenessP99Ms),
    one.clock === undefined
      ? 'ours'
      : `${signed(one.clock.offsetMs)} ± ${ms(one.clock.uncertaintyMs)}`,
  ]);
}

function share(partMs: number, wallMs: number): string {
  return wallMs > 0 ? `${((100 * partMs) / wallMs).toFixed(1)} %` : '–';
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en-US')} ms`;
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${ms(Math.abs(value))}`;
}
