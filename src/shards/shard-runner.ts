/**
 * The worker's side: drives one shard as it is told, and reports what happens in batches. Knows
 * nothing of how messages travel.
 */
import { assertNever } from '../core/assert.ts';
import { PausableClock } from '../core/pausable-clock.ts';
import type { Clock, EpochMs } from '../core/time.ts';
import type { Connector } from '../fleet/connector.ts';
import { FleetDriver } from '../fleet/driver.ts';
import { HealthMonitor } from '../fleet/health-monitor.ts';
import { LedgerRecorder, needsLedger } from '../fleet/ledger.ts';
import type { TruthRecord } from '../fleet/session.ts';
import { TimeHistogram } from '../fleet/time-histogram.ts';
import type { ObservedEvent } from '../history/event.ts';
import type { FromWorker, ShardOrder, ShardReport, ToWorker } from './protocol.ts';
import { shiftedEvent } from './shifted-event.ts';

/** One message per event costs more than the event; one a second would make the view slow. */
const REPORT_MS = 100;
/** A report with more does not wait. */
const REPORT_EVENTS_MAX = 2_000;

export interface RunnerPorts {
  readonly clock: Clock;
  readonly connector: (clock: Clock) => Promise<Connector>;
  readonly send: (message: FromWorker) => void;
}

export class ShardRunner {
  readonly #ports: RunnerPorts;
  /** Time of the plan: it stands while the run is paused. */
  readonly #clock: PausableClock;
  readonly #health = new HealthMonitor();
  readonly #ledger = new LedgerRecorder(() => this.#clock.behindMs);
  readonly #latenesses = new TimeHistogram();
  #events: ObservedEvent[] = [];
  #truth: TruthRecord[] = [];
  #prepared: { readonly order: ShardOrder; readonly connector: Connector } | undefined;
  #driver: FleetDriver | undefined;
  #cancelReport: (() => void) | undefined;

  constructor(ports: RunnerPorts) {
    this.#ports = ports;
    this.#clock = new PausableClock(ports.clock);
  }

  async receive(message: ToWorker): Promise<void> {
    switch (message.type) {
      case 'prepare':
        this.#prepared = {
          order: message.order,
          connector: await this.#ports.connector(this.#clock),
        };
        return this.#ports.send({ type: 'ready' });
      case 'ping': {
        const { sentAt } = message;
        return this.#ports.send({ type: 'pong', sentAt, at: this.#ports.clock.now() });
      }
      case 'start':
        return this.#start(message.at);
      case 'heal':
        return this.#driver?.heal();
      case 'pause':
        return this.#clock.pause();
      case 'resume':
        return this.#clock.resume();
      case 'end-messages':
        this.#driver?.endMessages();
        this.#report();
        return this.#ports.send({ type: 'ended-messages' });
      case 'stop':
        return this.#stop(message.timeoutMs);
      default:
        assertNever(message);
    }
  }

  /** Drops every connection at once. */
  kill(): void {
    this.#cancelReport?.();
    this.#driver?.kill();
    this.#health.stop();
  }

  #start(at: EpochMs): void {
    if (this.#prepared === undefined) throw new Error('a shard was started before it was prepared');
    const { order, connector } = this.#prepared;
    const ledger = needsLedger(order.plan.groups) ? { ledger: this.#ledger } : {};
    this.#driver = new FleetDriver(
      order.plan,
      {
        clock: this.#clock,
        connector,
        routes: order.routes,
        credentials: new Map(order.credentials.map((one) => [one.name, one])),
        sessionPrefix: `device-${order.shard}`,
        ...ledger,
        record: (event) => {
          this.#events.push(shiftedEvent(event, this.#clock.behindMs));
          if (this.#events.length >= REPORT_EVENTS_MAX) this.#report();
        },
        truth: (line) => this.#truth.push({ ...line, at: line.at + this.#clock.behindMs }),
      },
      at,
    );
    this.#health.start();
    this.#reportFromNowOn();
    this.#driver.start();
  }

  async #stop(timeoutMs: number): Promise<void> {
    this.#clock.resume();
    await this.#driver?.stop(timeoutMs);
    this.#cancelReport?.();
    this.#report();
    this.#health.stop();
    this.#ports.send({ type: 'stopped' });
  }

  /** By the wall: a pause is no reason to be silent. */
  #reportFromNowOn(): void {
    const { clock } = this.#ports;
    this.#cancelReport = clock.schedule(clock.now() + REPORT_MS, () => {
      this.#report();
      this.#reportFromNowOn();
    });
  }

  #report(): void {
    const driver = this.#driver;
    if (driver === undefined) return;
    const knownTo = this.#ports.clock.now();
    const behindMs = this.#clock.behindMs;
    const tally = driver.tally.take();
    if (tally.times.lateness !== undefined) this.#latenesses.addParts(tally.times.lateness);
    const lateness = this.#latenesses.distribution();
    const { resumed, lost } = driver.bookEntries();
    const [events, truth] = [this.#events, this.#truth];
    this.#events = [];
    this.#truth = [];
    const report: ShardReport = {
      knownTo,
      events,
      truth,
      ledger: this.#ledger.take(),
      tally,
      lastChangeAt: driver.activity().lastChangeAt + behindMs,
      sessions: { resumed, lost },
      health: {
        ...this.#health.read(),
        devices: this.#prepared?.order.plan.devices.length ?? 0,
        ...(lateness === undefined ? {} : { latenessP99Ms: lateness.p99 }),
      },
    };
    this.#ports.send({ type: 'report', ...report });
  }
}
