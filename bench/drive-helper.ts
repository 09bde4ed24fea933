/**
 * Drives a scenario on Mosquitto the way `run` does, in this process or with workers of its own, and
 * tells what it cost. A process serves one drive, after a short one at most that warms it up: what
 * is left of another would be in its figures.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mosquittoBroker, startMosquitto } from '../src/broker/mosquitto/adapter.ts';
import type { BrokerProcess } from '../src/broker/process.ts';
import { realClock } from '../src/fleet/real-clock.ts';
import type { FleetStatistics } from '../src/fleet/statistics.ts';
import { driveFleet } from '../src/run/drive.ts';
import { loadScenario } from '../src/scenario/load.ts';
import { planScenario } from '../src/scenario/prepare.ts';
import { type EngineChoice, localEngine } from '../src/shards/choose.ts';
import { inProcess } from '../src/shards/in-process.ts';
import { workerProcesses } from '../src/shards/local/engine.ts';
import { type Arrivals, ArrivalTimes } from './arrival-times.ts';
import { answerParent } from './child.ts';
import { plainMosquitto, unread } from './drive-brokers.ts';
import { DriveWatch, type Reading, type Whole } from './drive-watch.ts';
import type { IssuedFleet } from './issued-fleet.ts';
import { settledKiB } from './process-cost.ts';
import { countMessages } from './sys-counter.ts';

export interface DriveQuestion {
  readonly folder: string;
  /** Text of the scenario file. */
  readonly scenario: string;
  readonly fleet: IssuedFleet;
  /** Processes that drive the devices; 0 is this one, auto what a run would take. */
  readonly workers: number | 'auto';
  /** 1 by default. */
  readonly brokers?: number;
  /** MQTT on TCP instead of TLS. */
  readonly plain?: boolean;
  /** The group whose arrivals are timed one by one. */
  readonly timed?: string;
  /** The faults end so many ms after every device has been connected at one time. */
  readonly holdMs?: number;
}

export interface DriveAnswer {
  readonly outcome: string;
  readonly failure?: string;
  readonly broker: string;
  readonly statistics: FleetStatistics;
  readonly arrivals: Arrivals;
  readonly readings: readonly Reading[];
  readonly whole?: Whole;
  /** Of this process, before it had a plan. */
  readonly residentKiBBefore: number;
  readonly wallMs: number;
  /** As a broker without TLS counts them; NaN for others. */
  readonly arrivedMessages: number;
  /** User and system CPU of the processes that drive devices, and of the broker. */
  readonly cpuMs: number;
  readonly brokerCpuMs: number;
  /** That those processes kept busy, from their start to their end. */
  readonly cores: number;
}

let residentKiBBefore = await settledKiB();

answerParent(async (question: DriveQuestion): Promise<DriveAnswer> => {
  const answer = await drive(question);
  residentKiBBefore = await settledKiB();
  return answer;
});

async function drive(question: DriveQuestion): Promise<DriveAnswer> {
  const { folder, scenario, fleet, workers, brokers = 1, plain = false } = question;
  const file = join(folder, 'scenario.yaml');
  writeFileSync(file, scenario);
  const plan = planScenario(await loadScenario(file));
  const server = { ...fleet.server, caPem: fleet.trustPem };
  const broker = { clock: realClock, server, deviceCaPem: fleet.trustPem };
  const others: BrokerProcess[] = [];
  for (let n = 2; n <= brokers; n++) {
    others.push(
      await startMosquitto(unread({ ...broker, workFolder: made(folder, `other-${n}`) })),
    );
  }
  const watch = new DriveWatch(plan.devices.length, question.holdMs);
  const times = new ArrivalTimes(plan, question.timed);
  const adapter = plain ? plainMosquitto : mosquittoBroker;
  const { signal } = new AbortController();
  try {
    const result = await driveFleet({
      plan,
      runId: 'bench',
      toolVersion: 'bench',
      folder: made(folder, 'run'),
      workFolder: made(folder, 'broker'),
      adapter: {
        ...adapter,
        start: async (options) => {
          const started = await adapter.start(options);
          watch.brokerPid = (started as BrokerProcess).pid;
          if (plain) watch.counter = await countMessages(started.endpoint);
          return { ...started, stop: () => watch.count().then(started.stop) };
        },
      },
      ...broker,
      credentials: new Map(fleet.credentials.map((one) => [one.name, one])),
      engine: times.of(engineOf(workers)(plan)),
      furtherEndpoints: others.map(({ endpoint: { host, port } }) => ({ host, port })),
      observer: {
        brokerStarted: () => watch.begin(),
        figures: ({ counters, workers: health }) => watch.see(counters, health),
      },
      healSignal: watch.healSignal,
      signal,
      killSignal: signal,
    });
    const { outcome, failure, statistics, brokerVersion } = result;
    return {
      outcome,
      ...(failure === undefined ? {} : { failure }),
      broker: brokerVersion,
      statistics,
      arrivals: times.arrivals(result.startedAt),
      readings: watch.readings,
      ...(watch.whole && { whole: watch.whole }),
      residentKiBBefore,
      arrivedMessages: watch.arrivedMessages,
      wallMs: result.faultsEndedAt - result.startedAt,
      cpuMs: (statistics.workers ?? []).reduce((sum, one) => sum + one.cpuMs, 0),
      brokerCpuMs: result.brokerCpuMs ?? Number.NaN,
      cores: (statistics.workers ?? []).reduce((sum, one) => sum + one.cpuMs / one.wallMs, 0),
    };
  } finally {
    for (const other of others) await other.stop();
  }
}

function engineOf(workers: DriveQuestion['workers']): EngineChoice {
  if (workers === 'auto') return localEngine(workers);
  return () => (workers === 0 ? inProcess : workerProcesses(workers));
}

function made(folder: string, name: string): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  return path;
}
