/** Watches this process while it drives devices: event loop, garbage collection, CPU, memory. */
import { hostname } from 'node:os';
import {
  type IntervalHistogram,
  monitorEventLoopDelay,
  PerformanceObserver,
  performance,
} from 'node:perf_hooks';
import type { WorkerHealth } from './worker-health.ts';

/** The monitor's own timer; its period is part of what Node's histogram counts. */
const RESOLUTION_MS = 10;
const NS_PER_MS = 1e6;

export class HealthMonitor {
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #observer: PerformanceObserver;
  #cpu = process.cpuUsage();
  #startedAt = performance.now();
  #collections = 0;
  #collectionMs = 0;
  #collectionMaxMs = 0;
  #residentBytesMax = 0;

  constructor() {
    this.#observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) {
        this.#collections++;
        this.#collectionMs += duration;
        this.#collectionMaxMs = Math.max(this.#collectionMaxMs, duration);
      }
    });
  }

  /** What happened before does not count. */
  start(): void {
    this.#observer.observe({ entryTypes: ['gc'] });
    this.#delay.enable();
    this.#delay.reset();
    this.#cpu = process.cpuUsage();
    this.#startedAt = performance.now();
  }

  /** Since the start. Memory is what was seen at the reads, so read from time to time. */
  read(): Omit<WorkerHealth, 'worker' | 'devices' | 'latenessP99Ms'> {
    const { user, system } = process.cpuUsage(this.#cpu);
    this.#residentBytesMax = Math.max(this.#residentBytesMax, process.memoryUsage.rss());
    return {
      host: hostname(),
      pid: process.pid,
      eventLoopDelayMs: {
        p99: this.#late(this.#delay.percentile(99)),
        max: this.#late(this.#delay.max),
      },
      garbageCollection: {
        count: this.#collections,
        totalMs: this.#collectionMs,
        maxMs: this.#collectionMaxMs,
      },
      cpuMs: (user + system) / 1000,
      wallMs: performance.now() - this.#startedAt,
      residentBytesMax: this.#residentBytesMax,
    };
  }

  stop(): void {
    this.#delay.disable();
    this.#observer.disconnect();
  }

  #late(ns: number): number {
    return this.#delay.count === 0 ? 0 : Math.max(0, ns / NS_PER_MS - RESOLUTION_MS);
  }
}
