/** What is seen of a drive while it goes: where it stands every second, and when it is whole. */
import { setTimeout as wait } from 'node:timers/promises';
import type { FleetCounters } from '../src/fleet/statistics.ts';
import type { WorkerHealth } from '../src/fleet/worker-health.ts';
import { cpuMs, residentKiB, settledKiB } from './process-cost.ts';
import type { SysCounter } from './sys-counter.ts';

/** Where the drive stood, once a second. */
export interface Reading {
  /** Since the start of the run. */
  readonly atMs: number;
  readonly counters: FleetCounters;
  /** Of all processes that drive devices. */
  readonly residentKiB: number;
  readonly brokerResidentKiB: number;
}

/** At the moment when every device was connected, and after the hold. */
export interface Whole {
  readonly atMs: number;
  /** CPU of the processes that drive devices, since the start. */
  readonly cpuMs: number;
  /** Connects until then, those of devices that came twice included. */
  readonly accepted: number;
  /** Of each process: all that it has, after the hold. */
  readonly residentKiB: readonly number[];
}

const READING_MS = 1_000;

/** Takes readings while the fleet runs, and ends its faults once all devices have been connected. */
export class DriveWatch {
  readonly readings: Reading[] = [];
  readonly #devices: number;
  readonly #holdMs: number | undefined;
  readonly #heal = new AbortController();
  #beganAt = 0;
  #cpuMsBefore = 0;
  #isWhole = false;
  whole: Whole | undefined;
  brokerPid = 0;
  counter: SysCounter | undefined;
  arrivedMessages = Number.NaN;

  constructor(devices: number, holdMs: number | undefined) {
    this.#devices = devices;
    this.#holdMs = holdMs;
  }

  get healSignal(): AbortSignal {
    return this.#heal.signal;
  }

  /** Before the broker stops. */
  async count(): Promise<void> {
    if (this.counter === undefined) return;
    this.arrivedMessages = await this.counter.settled();
    this.counter.close();
    this.counter = undefined;
  }

  begin(): void {
    this.#beganAt = performance.now();
    this.#cpuMsBefore = cpuMs(process.pid);
  }

  see(counters: FleetCounters, workers: readonly WorkerHealth[]): void {
    const atMs = performance.now() - this.#beganAt;
    const pids = workers.map(({ pid }) => pid);
    if (atMs >= this.readings.length * READING_MS) {
      const sum = pids.reduce((total, pid) => total + residentKiB(pid), 0);
      const brokerResidentKiB = residentKiB(this.brokerPid);
      this.readings.push({ atMs, counters, residentKiB: sum, brokerResidentKiB });
    }
    if (this.#holdMs === undefined || this.#isWhole || counters.connected < this.#devices) return;
    this.#isWhole = true;
    const isOurs = pids.length === 1 && pids[0] === process.pid;
    // The first report of a worker counts what it has done since the start.
    const cpu = isOurs
      ? cpuMs(process.pid) - this.#cpuMsBefore
      : workers.reduce((total, one) => total + one.cpuMs, 0);
    void this.#hold(this.#holdMs, { atMs, cpuMs: cpu, accepted: counters.accepted }, pids, isOurs);
  }

  async #hold(
    ms: number,
    measured: Omit<Whole, 'residentKiB'>,
    pids: readonly number[],
    isOurs: boolean,
  ): Promise<void> {
    await wait(ms);
    const resident = isOurs ? [await settledKiB()] : pids.map(residentKiB);
    this.whole = { ...measured, residentKiB: resident };
    this.#heal.abort();
  }
}
