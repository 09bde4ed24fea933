/**
 * What a device costs in fleets of one to nineteen thousand on one Mosquitto, driven by one process
 * with everything that a run does; then twice as many on two, driven by workers. Mutual TLS, each
 * device with a certificate of its own. The broker's own cost per device sets the scale.
 */
import { availableParallelism } from 'node:os';
import type { Bench, BenchContext, Measurement } from './bench.ts';
import { drive } from './drive.ts';
import type { DriveAnswer } from './drive-helper.ts';
import { type IssuedFleet, issueFleet, memberNames } from './issued-fleet.ts';
import { rounded, spread } from './spread.ts';

/** Sizes as shares of the largest, which is what one process of 20,000 open files can hold. */
const LARGEST = 19_000;
const SIZES = [1_000, 2_000, 5_000, 10_000, LARGEST];
/** Far below what client and broker bear together on two cores. */
const PER_SECOND = 300;
/** What is opened for the first time costs more; no part of the figures. */
const WARM_UP = 400;
const HOLD_MS = 3_000;
const WORKERS_GIB_MAX = 6;
const KIB_PER_GIB = 2 ** 20;
const FAILURES_SHOWN = 3;
/** Beyond the arrivals, for those that are refused on a busy machine and come again. */
const GRACE_SECONDS = 180;

interface Row {
  readonly devices: number;
  readonly cpuMsPerConnect: number;
  readonly residentMiB: number;
  /** Without what the process has before it has devices, which is uncertain by some MiB. */
  readonly residentKiBPerDevice: number;
  readonly connectsPerSecond: number;
  readonly brokerCpuMsPerConnect: number;
  readonly brokerResidentKiBPerDevice: number;
  readonly latenessP99Ms: number;
  readonly failed: number;
}

export const scaleBench = {
  title: 'ms of client CPU per connect, flat from 1,000 to 19,000 devices; 38,000 on two brokers',
  async run(context): Promise<Measurement> {
    const { tell, devicesOr } = context;
    const largest = devicesOr(LARGEST);
    const sizes = [...new Set(SIZES.map((size) => Math.min(size, largest)))];
    const fleet = await issueFleet(memberNames('sensors', 2 * largest));
    tell(`${2 * largest} certificates`);
    const rows: Row[] = [];
    let broker = '';
    for (const devices of sizes) {
      const answer = await driven(context, fleet, { devices, workers: 0, brokers: 1 });
      rows.push(rowOf(devices, answer));
      broker = answer.broker;
      tell(`${devices} devices`);
    }
    const many = await twoBrokers(context, fleet, 2 * largest);
    const column = (name: keyof Row) => spread(rows.map((row) => row[name]));
    return {
      ...column('cpuMsPerConnect'),
      unit: `ms of client CPU per connect, ${sizes[0]} to ${largest} devices in one process`,
      reference: {
        what: `${broker}: ms of its CPU per connect`,
        ...column('brokerCpuMsPerConnect'),
      },
      details: {
        arrivalsPerSecond: PER_SECOND,
        rows,
        furtherDevices: furtherDevices(rows),
        /** The highest divided by the lowest: 1 is flat. */
        flatness: {
          cpuMsPerConnect: flatness(rows, 'cpuMsPerConnect'),
          residentKiBPerDevice: flatness(rows, 'residentKiBPerDevice'),
          connectsPerSecond: flatness(rows, 'connectsPerSecond'),
        },
        twoBrokers: many,
      },
    };
  },
} satisfies Bench;

interface Size {
  readonly devices: number;
  readonly workers: number;
  readonly brokers: number;
}

function driven(
  context: BenchContext,
  { credentials, ...authority }: IssuedFleet,
  { devices, workers, brokers }: Size,
): Promise<DriveAnswer> {
  const question = (count: number) => ({
    scenario: scaleScenario(count),
    fleet: { ...authority, credentials: credentials.slice(0, count) },
    timed: 'sensors',
    holdMs: HOLD_MS,
  });
  const asked = { ...question(devices), workers, brokers };
  return drive(context, asked, { ...question(WARM_UP), workers: 0 });
}

function scaleScenario(devices: number): string {
  return `name: scale
purpose: A fleet of devices that connect and stay, for the bench.
seed: 7
fleet: { sensors: { devices: ${devices} } }
arrival: { rate: ${PER_SECOND}/s }
duration: ${Math.ceil(devices / PER_SECOND) + GRACE_SECONDS}s
settle: 0s
expect: { findings: planted }
`;
}

function rowOf(devices: number, answer: DriveAnswer): Row {
  const { whole, residentKiBBefore, statistics, arrivals, readings } = answer;
  if (whole === undefined) {
    const { concurrentMax } = statistics.sessions;
    throw new Error(`of ${devices} devices only ${concurrentMax} were connected at one time`);
  }
  const [first, last] = [readings[0], readings.at(-1)];
  const brokerKiB = (last?.brokerResidentKiB ?? 0) - (first?.brokerResidentKiB ?? 0);
  return {
    devices,
    cpuMsPerConnect: rounded(whole.cpuMs / whole.accepted),
    residentMiB: rounded(sum(whole.residentKiB) / 1024),
    residentKiBPerDevice: rounded((sum(whole.residentKiB) - residentKiBBefore) / devices),
    connectsPerSecond: rounded((1000 * devices) / arrivals.lastConnectedMs),
    brokerCpuMsPerConnect: rounded(answer.brokerCpuMs / whole.accepted),
    brokerResidentKiBPerDevice: rounded(brokerKiB / devices),
    latenessP99Ms: rounded(arrivals.latenessMs?.p99 ?? Number.NaN),
    failed: statistics.connects.failed,
  };
}

/** More than one broker and one process of ours can hold; each broker has ports of its own for us. */
async function twoBrokers(context: BenchContext, fleet: IssuedFleet, devices: number) {
  // With fewer, a process would need more than its open files.
  const workers = Math.max(2, Math.min(4, availableParallelism()));
  const answer = await driven(context, fleet, { devices, workers, brokers: 2 });
  const { whole, statistics, arrivals } = answer;
  const peaks = (statistics.workers ?? []).map((one) => one.residentBytesMax / 2 ** 30);
  const gib = sum(whole?.residentKiB ?? [Number.NaN]) / KIB_PER_GIB;
  context.tell(`${devices} devices on two brokers`);
  return {
    devices,
    workers,
    connectedAtOnce: statistics.sessions.concurrentMax,
    workersGiB: rounded(gib),
    workersGiBAtPeak: rounded(sum(peaks)),
    bar: { atMost: WORKERS_GIB_MAX },
    met: statistics.sessions.concurrentMax === devices && sum(peaks) <= WORKERS_GIB_MAX,
    residentKiBPerDevice: rounded((gib * KIB_PER_GIB) / devices),
    cpuMsPerConnect: rounded((whole?.cpuMs ?? Number.NaN) / (whole?.accepted ?? Number.NaN)),
    connectsPerSecond: rounded((1000 * devices) / arrivals.lastConnectedMs),
    latenessP99Ms: rounded(arrivals.latenessMs?.p99 ?? Number.NaN),
    failed: statistics.connects.failed,
    failures: statistics.failures.slice(0, FAILURES_SHOWN),
  };
}

/** What each device more costs from one size to the next, whatever the process itself has. */
function furtherDevices(rows: readonly Row[]) {
  return rows.slice(1).flatMap((row, index) => {
    const before = rows[index];
    if (before === undefined) return [];
    const devices = row.devices - before.devices;
    const kib = (row.residentMiB - before.residentMiB) * 1024;
    const ms = row.cpuMsPerConnect * row.devices - before.cpuMsPerConnect * before.devices;
    return [
      {
        from: before.devices,
        to: row.devices,
        residentKiBPerDevice: rounded(kib / devices),
        cpuMsPerConnect: rounded(ms / devices),
      },
    ];
  });
}

function flatness(rows: readonly Row[], name: keyof Row): number {
  const values = rows.map((row) => row[name]);
  return rounded(Math.max(...values) / Math.min(...values));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
