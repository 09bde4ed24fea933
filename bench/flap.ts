/** What came of a fleet that comes and goes: its pace, and the first part of it against the last. */
import { percentilesBetween } from '../src/fleet/log-histogram.ts';
import type { DriveAnswer } from './drive-helper.ts';
import type { Reading } from './drive-watch.ts';
import { rounded } from './spread.ts';

export const PERIOD_SECONDS = 4;
/** The first and the last part of the measured time, which are held against each other. */
const PART_SHARE = 1 / 4;
const PART_SECONDS_MAX = 60;
/** A period is kept while so much of the connects that are due take place… */
const CYCLES_SHARE_MIN = 0.97;
/** …the last part is in time, p99 in ms… */
const LATENESS_P99_MS_MAX = 100;
/** …and nothing is refused. Memory may rise by so much from the first part to the end… */
const RESIDENT_GROWTH_MAX = 1.1;
/** …of a drive that is long enough for the heap to have found its size in the first part. */
const GROWTH_SECONDS_MIN = 60;

/** The part of a drive in which every device has come and the cycles have mixed. */
export interface Steady {
  readonly devices: number;
  readonly fromSeconds: number;
  readonly seconds: number;
}

export interface Flap {
  readonly devices: number;
  readonly connectsPerSecond: number;
  /** Of the connects that the period asks for. */
  readonly cyclesShare: number;
  readonly latenessP99Ms: Ends;
  readonly latencyP99Ms: Ends;
  readonly residentMiB: Ends;
  readonly brokerResidentMiB: Ends;
  readonly failed: number;
  readonly cores: number;
  readonly brokerCores: number;
  readonly brokerCpuMsPerConnect: number;
  readonly holds: boolean;
}

interface Ends {
  readonly first: number;
  readonly last: number;
}

type Times = 'latenesses' | 'latencies';

export function flapOf(answer: DriveAnswer, { devices, fromSeconds, seconds }: Steady): Flap {
  const part = Math.min(PART_SECONDS_MAX, seconds * PART_SHARE);
  const at = (second: number): Reading => readingAt(answer.readings, second);
  const [begin, firstEnd] = [at(fromSeconds), at(fromSeconds + part)];
  const [lastBegin, end] = [at(fromSeconds + seconds - part), at(fromSeconds + seconds)];
  const p99 = (times: Times): Ends => ({
    first: p99Between(begin, firstEnd, times),
    last: p99Between(lastBegin, end, times),
  });
  const connects = end.counters.accepted - begin.counters.accepted;
  const connectsPerSecond = (1000 * connects) / (end.atMs - begin.atMs);
  const cyclesShare = (connectsPerSecond * PERIOD_SECONDS) / devices;
  const latenessP99Ms = p99('latenesses');
  const failed = end.counters.failed - begin.counters.failed;
  const grew = end.residentKiB / firstEnd.residentKiB;
  const { wallMs, cores, brokerCpuMs } = answer;
  return {
    devices,
    connectsPerSecond: rounded(connectsPerSecond),
    cyclesShare: rounded(cyclesShare),
    latenessP99Ms,
    latencyP99Ms: p99('latencies'),
    residentMiB: { first: mebi(firstEnd.residentKiB), last: mebi(end.residentKiB) },
    brokerResidentMiB: {
      first: mebi(firstEnd.brokerResidentKiB),
      last: mebi(end.brokerResidentKiB),
    },
    failed,
    cores: rounded(cores),
    brokerCores: rounded(brokerCpuMs / wallMs),
    brokerCpuMsPerConnect: rounded(brokerCpuMs / end.counters.accepted),
    holds:
      cyclesShare >= CYCLES_SHARE_MIN &&
      latenessP99Ms.last <= LATENESS_P99_MS_MAX &&
      (seconds < GROWTH_SECONDS_MIN || grew <= RESIDENT_GROWTH_MAX) &&
      failed === 0,
  };
}

function readingAt(readings: readonly Reading[], second: number): Reading {
  const found = readings.find(({ atMs }) => atMs >= 1000 * second) ?? readings.at(-1);
  if (found === undefined) throw new Error('nothing was read of the drive');
  return found;
}

function p99Between(before: Reading, after: Reading, times: Times): number {
  const [p99 = Number.NaN] =
    percentilesBetween(before.counters[times], after.counters[times], [0.99]) ?? [];
  return rounded(p99);
}

function mebi(kibi: number): number {
  return rounded(kibi / 1024);
}
