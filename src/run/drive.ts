/**
 * Drives one fleet against one broker: start, drive, heal, settle, stop, with everything recorded.
 * Whatever happens, sockets and broker are gone and the history is closed when it returns.
 */
import { join } from 'node:path';
import type { BrokerAdapter, BrokerStartOptions, RunningBroker } from '../broker/adapter.ts';
import type { Clock, EpochMs } from '../core/time.ts';
import type { Connector } from '../fleet/connector.ts';
import { FleetDriver } from '../fleet/driver.ts';
import type { FleetStatistics } from '../fleet/statistics.ts';
import type { HistoryHeader, HistoryTrailer, ObservedEvent } from '../history/event.ts';
import { LineWriter } from '../history/line-writer.ts';
import { openHistoryWriter } from '../history/writer.ts';
import type { Credential } from '../identity/types.ts';
import type { FleetPlan } from '../scenario/plan.ts';
import { brokerCpuMs } from './broker-cpu.ts';
import type { ConfiguredStart } from './broker-trust.ts';
import { historyCopies, type Interlude, type LiveRun, passDuration } from './interlude.ts';
import type { RunObserver } from './ports.ts';
import { unreachable } from './reachable.ts';
import { RunWatch } from './run-watch.ts';

/** Nothing may open or close for this long before a fleet counts as quiet. */
const QUIET_MS_MAX = 500;
/** How long devices get to disconnect at the end before their sockets are destroyed. */
const STOP_MS_MAX = 10_000;
/** How often watchers hear of the progress. */
const PROGRESS_MS = 200;

export interface DriveJob {
  readonly plan: FleetPlan;
  readonly runId: string;
  readonly folder: string;
  readonly toolVersion: string;
  readonly adapter: BrokerAdapter;
  readonly server: BrokerStartOptions['server'];
  readonly deviceCaPem: string;
  /** What the broker is given besides, if its configuration needs it. */
  readonly configured?: ConfiguredStart;
  readonly workFolder: string;
  readonly credentials: ReadonlyMap<string, Credential>;
  readonly connector: Connector;
  readonly clock: Clock;
  readonly observer: RunObserver;
  /** What is done to the broker while the fleet runs, in any order. */
  readonly interludes?: readonly Interlude[];
  /** Client IDs of ours, whose connections are no part of the history. */
  readonly ignores?: (clientId: string) => boolean;
  readonly signal: AbortSignal;
  readonly healSignal?: AbortSignal;
  readonly killSignal: AbortSignal;
}

export interface DriveResult {
  readonly history: string;
  readonly startedAt: EpochMs;
  /** When the fleet was told to behave; the settle stage begins. */
  readonly faultsEndedAt: EpochMs;
  readonly endedAt: EpochMs;
  readonly outcome: HistoryTrailer['outcome'];
  readonly failure?: string;
  readonly brokerVersion: string;
  readonly endpoint: string;
  readonly statistics: FleetStatistics;
  /** While the fleet was driven; absent where it can't be told. */
  readonly brokerCpuMs?: number;
  readonly unreadEvidence: ReturnType<RunningBroker['unreadEvidence']>;
}

export async function driveFleet(job: DriveJob): Promise<DriveResult> {
  const { plan, clock, observer, folder } = job;
  const stopEarly = new AbortController();
  const cutShort = AbortSignal.any([job.signal, job.killSignal, stopEarly.signal]);
  let failure: string | undefined;
  let recordingError: Error | undefined;
  const onError = (error: Error): void => {
    recordingError ??= error;
    stopEarly.abort();
  };
  const { brokerEvidence, takeoverVisible } = job.adapter.capabilities;
  const watch = new RunWatch({
    plan,
    clock,
    deviceEvidenceOnly: !brokerEvidence,
    takeoversVisible: takeoverVisible,
  });
  const early: ObservedEvent[] = [];
  let record = (event: ObservedEvent): void => {
    early.push(event);
  };

  const broker = await job.adapter.start({
    clock,
    workFolder: job.workFolder,
    server: job.server,
    deviceCaPem: job.deviceCaPem,
    principals: [...new Set([...job.credentials.values()].map((one) => one.thingName))],
    ...job.configured,
    onEvent: (event) => {
      if (job.ignores?.(event.clientId)) return;
      watch.see(event);
      record(event);
    },
    onFailure: (message) => {
      failure ??= message;
      stopEarly.abort();
    },
  });
  const { endpoint } = broker;
  const startedAt = Math.round(clock.now());
  const history = join(folder, 'history.ndjson');
  const cleanUp: (() => void)[] = [() => broker.kill()];
  try {
    const writer = openHistoryWriter(history, historyHeader(job, broker, startedAt), { onError });
    cleanUp.push(() => writer.closeNow('failed', Math.round(clock.now())));
    const truthHeader = ndjson({ doppelfleet: 'truth', runId: job.runId });
    const truth = new LineWriter(join(folder, 'truth.ndjson'), truthHeader, { onError });
    cleanUp.push(() => truth.closeNow());
    record = (event) => void writer.append(wholeMs(event));
    for (const event of early) record(event);

    const driver = new FleetDriver(
      plan,
      {
        clock,
        connector: job.connector,
        endpoint,
        credentials: job.credentials,
        record: (event) => {
          watch.see(event);
          record(event);
        },
        truth: (line) => truth.write(ndjson({ ...line, at: Math.round(line.at) })),
      },
      startedAt,
    );
    cleanUp.push(() => driver.kill());
    const silence = (): void => {
      record = () => {};
    };
    cleanUp.push(silence);
    const onKill = (): void => {
      for (const clean of [...cleanUp].reverse()) clean();
    };
    job.killSignal.addEventListener('abort', onKill);
    cleanUp.push(() => job.killSignal.removeEventListener('abort', onKill));

    observer.brokerStarted?.({ version: broker.version, endpoint: address(broker) });
    watch.start(startedAt);
    const tell = (): void => observer.progress?.(watch.look(driver.counters()));
    if (observer.progress !== undefined) {
      const ticker = setInterval(tell, PROGRESS_MS);
      cleanUp.push(() => clearInterval(ticker));
    }

    const live: LiveRun = {
      plan,
      clock,
      startedAt,
      broker,
      credentials: job.credentials,
      signal: cutShort,
      devices: () => driver.live(),
      change: (at) => driver.change(at, cutShort),
      historySoFar: historyCopies(broker, writer, folder, clock),
    };

    const cpuMsBefore = await brokerCpuMs(broker);
    driver.start();
    await passDuration(live, job.interludes ?? [], job.healSignal, (title, atEnd) => {
      if (atEnd) watch.enter('intervening');
      watch.intervene(title);
    });
    const faultsEndedAt = Math.round(clock.now());
    watch.enter('settling');
    if (!cutShort.aborted && plan.settleMs > 0) {
      await driver.settle(Math.min(QUIET_MS_MAX, plan.settleMs / 2), cutShort);
    }
    // Nobody tells that a broker elsewhere has gone: devices see no more than closed connections.
    if (!brokerEvidence) failure ??= await unreachable(endpoint);
    if (failure === undefined) await driver.finishMessages(cutShort);
    const statistics = driver.statistics();
    const cpuMs = await brokerCpuMs(broker);
    watch.enter('stopping');
    await driver.stop(failure === undefined ? STOP_MS_MAX : 0);
    tell();
    if (failure === undefined && !job.killSignal.aborted) await broker.drainEvidence();
    await broker.stop();
    const endedAt = Math.round(clock.now());
    const interrupted = job.signal.aborted || job.killSignal.aborted;
    const outcome = failure !== undefined ? 'failed' : interrupted ? 'interrupted' : 'completed';
    if (recordingError !== undefined) throw recordingError;
    // What is still said after this comes too late for the history.
    silence();
    await writer.close(outcome, endedAt);
    await truth.close();
    return {
      history,
      startedAt,
      faultsEndedAt,
      endedAt,
      outcome,
      ...(failure === undefined ? {} : { failure }),
      brokerVersion: broker.version,
      endpoint: address(broker),
      statistics,
      ...(cpuMs === undefined || cpuMsBefore === undefined
        ? {}
        : { brokerCpuMs: cpuMs - cpuMsBefore }),
      unreadEvidence: broker.unreadEvidence(),
    };
  } finally {
    for (const clean of cleanUp.reverse()) clean();
    await broker.stop();
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

function ndjson(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

function wholeMs(event: ObservedEvent): ObservedEvent {
  const { at, abandonedAt } = event;
  return {
    ...event,
    at: Math.round(at),
    ...(abandonedAt === undefined ? {} : { abandonedAt: Math.round(abandonedAt) }),
  };
}
