/**
 * Lateness of open-model arrivals while a fleet is connected already, from the planned instant of a
 * connect to its start: the whole product drives, with mutual TLS, evidence and history, in as many
 * processes as a run takes for the plan. Bare timers at the same rate in an idle process set the scale.
 */
import type { Distribution } from '../src/fleet/statistics.ts';
import type { Bench, BenchContext } from './bench.ts';
import { startHelper } from './child.ts';
import { drive } from './drive.ts';
import type { DriveAnswer } from './drive-helper.ts';
import { issueFleet, memberNames } from './issued-fleet.ts';
import { rounded, spread } from './spread.ts';
import type { TimerQuestion } from './timer-helper.ts';

const PRESENT = 10_000;
const PER_SECOND = 300;
const SECONDS = 20;
/** How fast those arrive that are there already. */
const PRESENT_PER_SECOND = 400;
/** From the last of them to the first that is timed. */
const PAUSE_SECONDS = 5;
const ROUNDS = 3;
const P99_MS_MAX = 10;
/** Worker processes of the drives beside, once each; 0 drives in the process itself. */
const OTHERS = [0, 1];

export const latenessBench = {
  title: 'ms of lateness (p99) of arrivals at 300/s with 10,000 connected, against bare timers',
  async run(context) {
    const { tell, devicesOr, secondsOr } = context;
    const [present, seconds] = [devicesOr(PRESENT), secondsOr(SECONDS)];
    const names = [
      ...memberNames('present', present),
      ...memberNames('arriving', PER_SECOND * seconds),
    ];
    const fleet = await issueFleet(names);
    const scenario = arrivalScenario(present, seconds);
    const driven = (workers: number | 'auto'): Promise<DriveAnswer> =>
      drive(context, { scenario, fleet, workers, timed: 'arriving' });
    const ours: DriveAnswer[] = [];
    const bare: Distribution[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      bare.push(await bareTimers(context, { perSecond: PER_SECOND, seconds }));
      ours.push(await driven('auto'));
      tell(`round ${round} of ${ROUNDS}`);
    }
    const others: Record<string, unknown> = {};
    for (const workers of OTHERS) {
      others[`workers${workers}`] = timesOf(await driven(workers));
      tell(`${workers} worker processes`);
    }
    return {
      ...spread(ours.map(({ arrivals }) => arrivals.latenessMs?.p99 ?? Number.NaN)),
      bar: { atMost: P99_MS_MAX },
      unit: `ms of lateness, p99 of ${PER_SECOND * seconds} arrivals at ${PER_SECOND}/s`,
      reference: {
        what: 'setTimeout at the same rate in an idle process, p99 of its lateness, ms',
        ...spread(bare.map(({ p99 }) => p99)),
      },
      details: {
        present,
        seconds,
        ofRun: ours.map(timesOf),
        ...others,
        bareTimersMs: bare.map(shortened),
        broker: ours[0]?.broker,
      },
    };
  },
} satisfies Bench;

function arrivalScenario(present: number, seconds: number): string {
  const startSeconds = Math.ceil(present / PRESENT_PER_SECOND) + PAUSE_SECONDS;
  return `name: arrivals
purpose: Devices come at a steady rate while many are connected already, for the bench.
seed: 7
fleet:
  present: { devices: ${present}, arrival: { rate: ${PRESENT_PER_SECOND}/s } }
  arriving:
    devices: ${PER_SECOND * seconds}
    arrival: { start: ${startSeconds}s, rate: ${PER_SECOND}/s }
duration: ${startSeconds + seconds + 2}s
settle: 0s
expect: { findings: planted }
`;
}

async function bareTimers(
  { signal }: BenchContext,
  question: TimerQuestion,
): Promise<Distribution> {
  const helper = startHelper(new URL('./timer-helper.ts', import.meta.url), signal);
  try {
    return await helper.ask<Distribution>(question);
  } finally {
    await helper.end();
  }
}

/** What is told of one drive. */
function timesOf({ arrivals, statistics, cores, wallMs, brokerCpuMs }: DriveAnswer) {
  return {
    latenessMs: shortened(arrivals.latenessMs),
    responseMs: shortened(arrivals.responseMs),
    failed: statistics.connects.failed,
    connectedAtOnce: statistics.sessions.concurrentMax,
    cores: rounded(cores),
    brokerCores: rounded(brokerCpuMs / wallMs),
    eventLoopDelayMsMax: (statistics.workers ?? []).map((one) => rounded(one.eventLoopDelayMs.max)),
    garbageCollectionMsMax: (statistics.workers ?? []).map((one) =>
      rounded(one.garbageCollection.maxMs),
    ),
  };
}

function shortened(times: Distribution | undefined) {
  if (times === undefined) return undefined;
  const { count, p50, p99, max } = times;
  return { count, p50: rounded(p50), p99: rounded(p99), max: rounded(max) };
}
