/**
 * A broker started for one script, the script played on it, and all that both sides saw recorded.
 * As in a drive of a fleet: a failure of the broker or of the recording ends the script at once.
 */
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import type { BrokerAdapter, BrokerStartOptions, RunningBroker } from '../broker/adapter.ts';
import type { BrokerConfiguration } from '../broker/configuration.ts';
import { UserError } from '../core/errors.ts';
import type { MqttVersion } from '../core/ids.ts';
import type { Clock, EpochMs } from '../core/time.ts';
import type { HistoryHeader, HistoryTrailer, ObservedEvent } from '../history/event.ts';
import { type HistoryWriter, openHistoryWriter } from '../history/writer.ts';
import { type LoadedScript, scriptName } from '../script/load.ts';
import { judgeSteps, playScript } from '../script/play.ts';
import type { ScriptResult, StepResult } from '../script/result.ts';
import type { BrokerTrust } from './broker-trust.ts';
import type { ScriptObserver } from './run-script.ts';
import type { ScriptIdentities } from './script-identities.ts';
import { toolVersion } from './tool-version.ts';

/** Brokers that route in the background hand a message on well within this. */
const ROUTING_GRACE_MS = 250;
/** Mosquitto has handed a message on before it answers whatever comes after it. */
const ROUTING_GRACE_MS_OF: Readonly<Record<string, number>> = { mosquitto: 0, embedded: 50 };

export interface StageJob {
  readonly loaded: LoadedScript;
  readonly adapter: BrokerAdapter;
  readonly configuration?: BrokerConfiguration;
  readonly mqttVersion: MqttVersion;
  readonly clientIdSuffix: string;
  readonly identities: ScriptIdentities;
  readonly trust: BrokerTrust;
  readonly server: BrokerStartOptions['server'];
  readonly deviceCaPem: string;
  readonly folder: string;
  readonly workFolder: string;
  readonly runId: string;
  readonly clock: Clock;
  readonly observer: ScriptObserver;
  readonly signal: AbortSignal;
  readonly killSignal: AbortSignal;
}

export interface ScriptStage {
  readonly history: string;
  readonly startedAt: EpochMs;
  readonly endedAt: EpochMs;
  readonly ended: HistoryTrailer['outcome'];
  readonly failure?: string;
  readonly brokerVersion: string;
  readonly endpoint: string;
  readonly result: ScriptResult;
}

export async function stageScript(job: StageJob): Promise<ScriptStage> {
  const { clock, folder, identities, trust, configuration } = job;
  const stop = new AbortController();
  const cutShort = AbortSignal.any([job.signal, job.killSignal, stop.signal]);
  // Every connection of the script listens; Node would take more than ten for a leak.
  setMaxListeners(0, cutShort);
  let failure: string | undefined;
  const fail = (message: string): void => {
    failure ??= message;
    stop.abort();
  };
  const records: ObservedEvent[] = [];
  let record = (event: ObservedEvent): void => {
    records.push(event);
  };
  const broker = await job.adapter.start({
    clock,
    workFolder: job.workFolder,
    server: job.server,
    deviceCaPem: job.deviceCaPem,
    otherCaPem: trust.other.trustPem,
    ...(trust.crlPem === undefined ? {} : { crlPem: trust.crlPem }),
    ...(configuration === undefined ? {} : { configuration }),
    principals: identities.principals,
    onEvent: (event) => record(event),
    onFailure: fail,
  });
  const onKill = (): void => broker.kill();
  job.killSignal.addEventListener('abort', onKill);
  const startedAt = Math.round(clock.now());
  const history = join(folder, 'history.ndjson');
  let writer: HistoryWriter | undefined;
  const steps: StepResult[] = [];
  try {
    const opened = openHistoryWriter(history, headerOf(job, broker, startedAt), {
      onError: (error) => fail(error.message),
    });
    writer = opened;
    for (const event of records) opened.append(wholeMs(event));
    record = (event) => {
      records.push(event);
      opened.append(wholeMs(event));
    };
    job.observer.brokerStarted?.({ version: broker.version, endpoint: addressOf(broker) });
    const played = await play(
      job,
      broker,
      { records, record: (event) => record(event), cutShort },
      steps,
    );
    if (failure === undefined && !job.killSignal.aborted) {
      await broker.drainEvidence().catch((error: unknown) => {
        if (!(error instanceof UserError)) throw error;
        fail(error.message);
      });
    }
    await broker.stop();
    // What is still said after this comes too late for the history.
    record = () => {};
    const interrupted = job.signal.aborted || job.killSignal.aborted;
    const ended = failure !== undefined ? 'failed' : interrupted ? 'interrupted' : 'completed';
    const endedAt = Math.round(clock.now());
    await opened.close(ended, endedAt);
    return {
      history,
      startedAt,
      endedAt,
      ended,
      ...(failure === undefined ? {} : { failure }),
      brokerVersion: broker.version,
      endpoint: addressOf(broker),
      result: played,
    };
  } finally {
    record = () => {};
    job.killSignal.removeEventListener('abort', onKill);
    writer?.closeNow('failed', Math.round(clock.now()));
    await broker.stop();
  }
}

interface Recording {
  readonly records: readonly ObservedEvent[];
  readonly record: (event: ObservedEvent) => void;
  readonly cutShort: AbortSignal;
}

async function play(
  job: StageJob,
  broker: RunningBroker,
  { records, record, cutShort }: Recording,
  steps: StepResult[],
): Promise<ScriptResult> {
  const { loaded, identities, adapter, configuration, clock, observer } = job;
  const ports = {
    broker,
    ...(configuration === undefined ? {} : { configuration }),
    protocolVersion: job.mqttVersion === '5' ? (5 as const) : (4 as const),
    clientIdSuffix: job.clientIdSuffix,
    credentials: identities.credentials,
    revocationList: identities.revocationList,
    authorities: identities.authorities,
    principals: identities.principals,
    routingGraceMs: ROUTING_GRACE_MS_OF[adapter.id] ?? ROUTING_GRACE_MS,
    brokerEvents: () => records.filter((event) => event.vantage === 'broker'),
    record,
    now: () => clock.now(),
    signal: cutShort,
  };
  const watch = {
    step: (result: StepResult): void => {
      steps.push(result);
      observer.step?.(result);
    },
  };
  try {
    return await playScript(loaded, ports, watch);
  } catch (error) {
    // Broken off: what was seen until then stays.
    if (!cutShort.aborted) throw error;
    return judgeSteps(steps);
  }
}

function headerOf(job: StageJob, broker: RunningBroker, startedAt: EpochMs): HistoryHeader {
  return {
    doppelfleet: 'history',
    schemaVersion: 1,
    toolVersion: toolVersion(),
    runId: job.runId,
    scenario: scriptName(job.loaded),
    scenarioDigest: job.loaded.digest,
    seed: 0,
    startedAt,
    source: {
      broker: job.adapter.id,
      brokerVersion: broker.version,
      vantages: broker.capabilities.brokerEvidence ? ['broker', 'device'] : ['device'],
    },
  };
}

function addressOf({ endpoint }: RunningBroker): string {
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host;
  return `mqtts://${host}:${endpoint.port}`;
}

function wholeMs(event: ObservedEvent): ObservedEvent {
  return { ...event, at: Math.round(event.at) };
}
