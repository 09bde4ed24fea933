/**
 * Drives one fleet against one broker: start, drive, heal, settle, stop, with everything recorded.
 * Whatever happens, sockets and broker are gone and the history is closed when it returns.
 */
import type { RunningBroker } from '../broker/adapter.ts';
import { EXIT, UserError } from '../core/errors.ts';
import { PausableClock } from '../core/pausable-clock.ts';
import type { EpochMs } from '../core/time.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { FleetStatistics } from '../fleet/statistics.ts';
import type { HistoryHeader, HistoryTrailer } from '../history/event.ts';
import type { RunControl } from '../shards/fleet-engine.ts';
import { brokerCpuMs } from './broker-cpu.ts';
import type { DriveJob, DriveResult } from './drive-job.ts';
import { historyCopies, type LiveRun, passDuration } from './interlude.ts';
import { unreachable } from './reachable.ts';
import { Recording } from './recording.ts';
import { RunWatch } from './run-watch.ts';

/** Nothing may open or close for this long before a fleet counts as quiet. */
const QUIET_MS_MAX = 500;
/** How long devices get to disconnect at the end before their sockets are destroyed. */
const STOP_MS_MAX = 10_000;
/** How often watchers hear of the progress. */
const PROGRESS_MS = 200;

export async function driveFleet(job: DriveJob): Promise<DriveResult> {
  const drive = new Drive(job);
  try {
    return await drive.run();
  } finally {
    await drive.end();
  }
}

class Drive {
  readonly #job: DriveJob;
  /** Time of the plan, which stands while the run is paused. */
  readonly #planClock: PausableClock;
  readonly #recording: Recording;
  readonly #watch: RunWatch;
  readonly #stopEarly = new AbortController();
  readonly #cutShort: AbortSignal;
  readonly #lost: string[] = [];
  /** What is still to be put away, the newest first. */
  readonly #cleanUp: (() => void)[] = [];
  #broker: RunningBroker | undefined;
  #fleet: Fleet | undefined;
  #failure: string | undefined;
  #recordingError: Error | undefined;
  #cancelled = false;

  constructor(job: DriveJob) {
    const { plan, clock, adapter } = job;
    this.#job = job;
    this.#planClock = new PausableClock(clock);
    this.#cutShort = AbortSignal.any([job.signal, job.killSignal, this.#stopEarly.signal]);
    this.#recording = new Recording(job.folder, (error) => {
      this.#recordingError ??= error;
      this.#stopEarly.abort();
    });
    this.#watch = new RunWatch({
      plan,
      clock: this.#planClock,
      deviceEvidenceOnly: !adapter.capabilities.brokerEvidence,
      takeoversVisible: adapter.capabilities.takeoverVisible,
    });
  }

  async run(): Promise<DriveResult> {
    const { clock, observer, killSignal } = this.#job;
    const broker = await this.#startBroker();
    this.#cleanUp.push(() => this.#recording.closeNow(Math.round(clock.now())));
    const fleet = await this.#muster(broker);
    const { startedAt } = fleet;
    this.#recording.open(historyHeader(this.#job, broker, startedAt));
    const onKill = (): void => this.#putAway();
    killSignal.addEventListener('abort', onKill);
    this.#cleanUp.push(() => killSignal.removeEventListener('abort', onKill));
    observer.brokerStarted?.({ version: broker.version, endpoint: address(broker) });
    this.#watch.start(startedAt);
    if (observer.progress !== undefined || observer.figures !== undefined) {
      const ticker = setInterval(() => this.#tell(), PROGRESS_MS);
      this.#cleanUp.push(() => clearInterval(ticker));
    }

    const cpuMsBefore = await brokerCpuMs(broker);
    fleet.start();
    await this.#duration(broker, fleet);
    const faultsEndedAt = Math.round(clock.now());
    const statistics = await this.#settled(broker, fleet);
    const cpuMs = await brokerCpuMs(broker);
    await this.#stop(broker, fleet);
    const endedAt = Math.round(clock.now());
    const outcome = this.#outcome();
    if (this.#recordingError !== undefined) throw this.#recordingError;
    await this.#recording.close(outcome, endedAt);
    return {
      history: this.#recording.path,
      startedAt,
      faultsEndedAt,
      endedAt,
      outcome,
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
      brokerVersion: broker.version,
      endpoint: address(broker),
      statistics,
      ...(cpuMs === undefined || cpuMsBefore === undefined
        ? {}
        : { brokerCpuMs: cpuMs - cpuMsBefore }),
      lost: this.#lost,
      unreadEvidence: broker.unreadEvidence(),
    };
  }

  /** Whatever has happened, nothing is left afterwards. */
  async end(): Promise<void> {
    this.#putAway();
    await this.#broker?.stop();
  }

  #putAway(): void {
    for (const clean of this.#cleanUp.splice(0).reverse()) clean();
  }

  async #startBroker(): Promise<RunningBroker> {
    const job = this.#job;
    const broker = await job.adapter.start({
      clock: job.clock,
      workFolder: job.workFolder,
      server: job.server,
      deviceCaPem: job.deviceCaPem,
      principals: [...new Set([...job.credentials.values()].map((one) => one.thingName))],
      ...job.configured,
      onEvent: (event) => {
        if (job.ignores?.(event.clientId)) return;
        this.#watch.see(event);
        if (this.#fleet?.interleave === undefined) this.#recording.event(event);
        else this.#fleet.interleave(event);
      },
      onFailure: (message) => {
        this.#failure ??= message;
        this.#stopEarly.abort();
      },
    });
    this.#broker = broker;
    this.#cleanUp.push(() => broker.kill());
    return broker;
  }

  async #muster({ endpoint }: RunningBroker): Promise<Fleet> {
    const { plan, runId, credentials, clock, engine, sourceAddresses = [] } = this.#job;
    const further = (this.#job.furtherEndpoints ?? []).map((one) => ({ ...endpoint, ...one }));
    const mustering = engine.muster({
      plan,
      runId,
      routes: { endpoints: [endpoint, ...further], sourceAddresses },
      credentials,
      wall: clock,
      clock: this.#planClock,
      control: this.#control(),
      record: (event) => {
        // What a broker saw has been looked at as it came.
        if (event.vantage === 'device') this.#watch.see(event);
        this.#recording.event(event);
      },
      truth: (line) => this.#recording.truth(line),
      tell: (words) => this.#job.observer.mustering?.(words),
      onLost: (message) => {
        this.#lost.push(message);
        this.#watch.remark(message);
        if (this.#lost.length >= engine.workers) this.#stopEarly.abort();
      },
      signal: this.#cutShort,
    });
    const fleet = await mustering.catch((error: unknown) => {
      // Nobody waits for workers any more once the broker has gone.
      if (this.#failure === undefined) throw error;
      throw new UserError(EXIT.unavailable, { message: this.#failure }, error);
    });
    this.#fleet = fleet;
    this.#cleanUp.push(() => fleet.kill());
    return fleet;
  }

  #control(): RunControl {
    return {
      pause: () => {
        if (this.#planClock.paused) return;
        this.#planClock.pause();
        this.#fleet?.pause?.();
        this.#watch.remark('the run is paused: connections stay, and nothing new is begun');
      },
      resume: () => {
        if (!this.#planClock.paused) return;
        this.#planClock.resume();
        this.#fleet?.resume?.();
        this.#watch.remark('the run goes on');
      },
      cancel: () => {
        this.#cancelled = true;
        this.#planClock.resume();
        this.#stopEarly.abort();
      },
    };
  }

  /** Until the faults end. */
  async #duration(broker: RunningBroker, fleet: Fleet): Promise<void> {
    const { plan, credentials, folder, clock } = this.#job;
    const live: LiveRun = {
      plan,
      clock: this.#planClock,
      startedAt: fleet.startedAt,
      broker,
      credentials,
      signal: this.#cutShort,
      devices: () => fleet.live(),
      change: (at) => fleet.change(at, this.#cutShort),
      historySoFar: historyCopies(broker, fleet, this.#recording, folder, clock),
    };
    await passDuration(live, this.#job.interludes ?? [], this.#job.healSignal, (title, atEnd) => {
      if (atEnd) this.#watch.enter('intervening');
      this.#watch.intervene(title);
    });
  }

  async #settled(broker: RunningBroker, fleet: Fleet): Promise<FleetStatistics> {
    const { plan, adapter } = this.#job;
    this.#watch.enter('settling');
    if (!this.#cutShort.aborted && plan.settleMs > 0) {
      await fleet.settle(Math.min(QUIET_MS_MAX, plan.settleMs / 2), this.#cutShort);
    }
    // Nobody tells that a broker elsewhere has gone: devices see no more than closed connections.
    if (!adapter.capabilities.brokerEvidence) this.#failure ??= await unreachable(broker.endpoint);
    if (this.#failure === undefined) await fleet.finishMessages(this.#cutShort);
    return fleet.statistics();
  }

  async #stop(broker: RunningBroker, fleet: Fleet): Promise<void> {
    this.#planClock.resume();
    this.#watch.enter('stopping');
    await fleet.stop(this.#failure === undefined ? STOP_MS_MAX : 0);
    this.#tell();
    if (this.#failure === undefined && !this.#job.killSignal.aborted) await broker.drainEvidence();
    await broker.stop();
  }

  #tell(): void {
    const { observer, plan, adapter } = this.#job;
    if (this.#fleet === undefined) return;
    const counters = this.#fleet.counters();
    const progress = this.#watch.look(counters);
    observer.progress?.(progress);
    observer.figures?.({
      scenario: plan.scenario,
      ...(plan.fix === undefined ? {} : { fix: plan.fix }),
      broker: adapter.id,
      latenessP99MsMax: plan.limits.latenessP99MsMax,
      progress,
      counters,
      workers: this.#fleet.health(),
    });
  }

  #outcome(): HistoryTrailer['outcome'] {
    const { signal, killSignal } = this.#job;
    if (this.#failure !== undefined) return 'failed';
    const interrupted = signal.aborted || killSignal.aborted || this.#cancelled;
    return interrupted ? 'interrupted' : 'completed';
  }
}

function historyHeader(job: DriveJob, broker: RunningBroker, startedAt: EpochMs): HistoryHeader {
  const { plan, adapter } = job;
  return {
    doppelfleet: 'history',
    schemaVersion: 1,
    toolVersion: job.toolVersion,
    runId: job.runId,
    scenario: plan.scenario,
    scenarioDigest: plan.scenarioDigest,
    seed: plan.seed,
    startedAt,
    source: {
      broker: adapter.id,
      brokerVersion: broker.version,
      vantages: adapter.capabilities.brokerEvidence ? ['broker', 'device'] : ['device'],
    },
  };
}

function address({ endpoint }: RunningBroker): string {
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host;
  return `mqtts://${host}:${endpoint.port}`;
}
