/** Resident memory per connected device, every one with a certificate of its own. */
import { readFileSync } from 'node:fs';
import type { Bench } from './bench.ts';
import { startHelper } from './child.ts';
import type { FleetQuestion, FleetRound } from './fleet-helper.ts';
import { takeSeat } from './seat.ts';
import { spread } from './spread.ts';

const DEVICES = 10_000;
const WARM_UP = 100;
const ROUNDS = 3;
/** Files that a process has open besides its devices. */
const OTHER_FILES = 200;
const BAR_KIB = 80;

export const memoryBench = {
  title: 'KiB of resident memory per connected device, against the broker\u2019s own',
  async run({ folder, signal, tell, devicesOr }) {
    const asked = devicesOr(DEVICES);
    const files = openFilesMax();
    const devices = Math.min(asked, files - OTHER_FILES - WARM_UP);
    if (devices < asked) tell(`ulimit -n is ${files}: ${devices} devices instead of ${asked}`);
    const seat = await takeSeat(folder, WARM_UP + devices);
    const [warmUp, measured] = [
      seat.credentials.slice(0, WARM_UP),
      seat.credentials.slice(WARM_UP),
    ];
    const resident: number[] = [];
    const heap: number[] = [];
    const broker: number[] = [];
    try {
      for (let round = 1; round <= ROUNDS; round++) {
        const program = new URL('./fleet-helper.ts', import.meta.url);
        const helper = startHelper(program, signal, ['--expose-gc']);
        try {
          const { endpoint } = seat;
          await helper.ask<FleetRound>({ connect: warmUp, endpoint } satisfies FleetQuestion);
          const brokerBefore = residentKiB(seat.pid);
          const question: FleetQuestion = { connect: measured, endpoint };
          const { residentKiB: ours, heapKiB } = await helper.ask<FleetRound>(question);
          resident.push((ours[1] - ours[0]) / devices);
          heap.push((heapKiB[1] - heapKiB[0]) / devices);
          // Later rounds reuse what the first has made the broker allocate.
          if (round === 1) broker.push((residentKiB(seat.pid) - brokerBefore) / devices);
          await helper.ask('release' satisfies FleetQuestion);
        } finally {
          await helper.end();
        }
        tell(`round ${round} of ${ROUNDS}`);
      }
    } finally {
      await seat.stop();
    }
    return {
      ...spread(resident),
      bar: { atMost: BAR_KIB },
      unit: 'KiB resident per connected device',
      reference: {
        what: `${seat.broker}: KiB resident per connection it holds`,
        ...spread(broker),
      },
      details: { devices, asked, openFilesMax: files, javascriptHeapKiB: spread(heap) },
    };
  },
} satisfies Bench;

/** `ulimit -n`; Node raises the soft limit to the hard one, and children inherit it. */
function openFilesMax(): number {
  const report = process.report.getReport() as {
    readonly userLimits?: { readonly open_files?: { readonly soft: number | 'unlimited' } };
  };
  const soft = report.userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : 1_000_000;
}

/** NaN where there is no /proc. */
function residentKiB(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
  } catch {
    return Number.NaN;
  }
}
