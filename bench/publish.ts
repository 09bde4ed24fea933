/**
 * Messages without TLS over a thousand connections: at QoS 0 at a rate that is asked for, counted by
 * the broker, and at QoS 1 from device to device with its latency. Bare sockets that write ready-made
 * packets say what the broker takes at most, and what the system calls alone cost.
 */
import { type Bare, bareMessages } from './bare.ts';
import type { Bench, BenchContext, Measurement } from './bench.ts';
import { drive } from './drive.ts';
import type { DriveAnswer } from './drive-helper.ts';
import type { Reading } from './drive-watch.ts';
import { type IssuedFleet, issueFleet, memberNames } from './issued-fleet.ts';
import { rounded, spread } from './spread.ts';

const CONNECTIONS = 1_000;
/** A little more than the bar, which a timer that is late would miss otherwise. */
const EVERY_MS = 19.5;
const PER_SECOND_MIN = 50_000;
const SECONDS = 20;
const ROUNDS = 3;
/** Of one drive beside the others: one process has to do it with less than one core. */
const WORKERS = 2;
/** Times between two messages of a device at QoS 1, in ms. */
const QOS1_EVERY_MS = [1_000, 200, 100];
const ARRIVALS_PER_SECOND = 500;
/** Arrivals and first messages, which are no part of the figures. */
const LEAD_SECONDS = CONNECTIONS / ARRIVALS_PER_SECOND + 3;

export const publishBench = {
  title: 'QoS 0 messages/s over 1,000 connections without TLS, against bare sockets flat out',
  async run(context): Promise<Measurement> {
    const { tell, secondsOr } = context;
    const seconds = secondsOr(SECONDS);
    const fleet = await issueFleet(memberNames('sensors', CONNECTIONS));
    const flat: Bare[] = [];
    const paced: Bare[] = [];
    const ours: Sent[] = [];
    const asked = { connections: CONNECTIONS, perSecond: PER_SECOND_MIN };
    for (let round = 1; round <= ROUNDS; round++) {
      flat.push(await bareMessages(context, { connections: CONNECTIONS }));
      paced.push(await bareMessages(context, asked));
      ours.push(sentOf(await publishing(context, fleet, { everyMs: EVERY_MS, seconds }), seconds));
      tell(`round ${round} of ${ROUNDS}`);
    }
    const sharing = { everyMs: EVERY_MS, seconds, workers: WORKERS };
    const shared = sentOf(await publishing(context, fleet, sharing), seconds);
    tell(`${WORKERS} worker processes`);
    const qos1: unknown[] = [];
    for (const everyMs of QOS1_EVERY_MS) {
      const answer = await publishing(context, fleet, { everyMs, seconds, qos1: true });
      qos1.push(deliveredOf(answer, everyMs, seconds));
      tell(`QoS 1, ${(1000 / everyMs) * CONNECTIONS} messages/s`);
    }
    return {
      ...spread(ours.map(({ perSecond }) => perSecond)),
      bar: { atLeast: PER_SECOND_MIN },
      unit: `QoS 0 messages/s over ${CONNECTIONS} connections for ${seconds} s`,
      reference: {
        what: 'bare sockets, flat out: ready-made packets per second, as the broker counted them',
        ...spread(flat.map(({ perSecond }) => perSecond)),
      },
      details: {
        asked: (1000 / EVERY_MS) * CONNECTIONS,
        ours,
        [`workers${WORKERS}`]: shared,
        barePaced: paced,
        bareFlat: flat,
        qos1,
      },
    };
  },
} satisfies Bench;

interface Sending {
  readonly everyMs: number;
  readonly seconds: number;
  /** Every device is subscribed to what it says itself. */
  readonly qos1?: boolean;
  /** Processes that drive the devices; the helper itself by default. */
  readonly workers?: number;
}

function publishing(
  context: BenchContext,
  fleet: IssuedFleet,
  { everyMs, seconds, qos1 = false, workers = 0 }: Sending,
): Promise<DriveAnswer> {
  const qos = qos1 ? 1 : 0;
  const own = `subscribe: [{ filter: "fleet/{{thingName}}/telemetry", qos: 1 }]`;
  const scenario = `name: publish
purpose: Devices that say much, for the bench.
seed: 7
fleet:
  sensors:
    devices: ${CONNECTIONS}
    publish: { every: ${everyMs}ms, qos: ${qos} }
    ${qos1 ? own : ''}
arrival: { rate: ${ARRIVALS_PER_SECOND}/s }
duration: ${LEAD_SECONDS + seconds + 1}s
settle: 0s
expect: { findings: planted }
`;
  return drive(context, { scenario, fleet, workers, plain: true });
}

interface Sent {
  readonly perSecond: number;
  /** As the broker counted them, of all that were sent. */
  readonly arrivedShare: number;
  readonly notSent: number;
  readonly latenessP50Ms: number;
  readonly latenessP99Ms: number;
  readonly cpuMicrosPerMessage: number;
  readonly cores: number;
  readonly brokerCores: number;
}

function sentOf(answer: DriveAnswer, seconds: number): Sent {
  const { statistics, readings, arrivedMessages, wallMs } = answer;
  const { published, notSent = 0, latenessMs } = statistics.messages;
  return {
    perSecond: rounded(publishedPerSecond(readings, seconds)),
    arrivedShare: arrivedMessages / published,
    notSent,
    latenessP50Ms: rounded(latenessMs?.p50 ?? Number.NaN),
    latenessP99Ms: rounded(latenessMs?.p99 ?? Number.NaN),
    cpuMicrosPerMessage: rounded((1000 * answer.cpuMs) / published),
    cores: rounded(answer.cores),
    brokerCores: rounded(answer.brokerCpuMs / wallMs),
  };
}

function deliveredOf(answer: DriveAnswer, everyMs: number, seconds: number) {
  const { published, unacknowledged, acknowledgeMs, deliveries } = answer.statistics.messages;
  return {
    asked: (1000 / everyMs) * CONNECTIONS,
    perSecond: rounded(publishedPerSecond(answer.readings, seconds)),
    published,
    unacknowledged,
    acknowledgeMs,
    deliveries,
    cores: rounded(answer.cores),
    brokerCores: rounded(answer.brokerCpuMs / answer.wallMs),
  };
}

function publishedPerSecond(readings: readonly Reading[], seconds: number): number {
  const from = readings.find(({ atMs }) => atMs >= 1000 * LEAD_SECONDS);
  const to = readings.find(({ atMs }) => atMs >= 1000 * (LEAD_SECONDS + seconds));
  if (from === undefined || to === undefined) throw new Error('the drive was too short');
  return (1000 * (to.counters.published - from.counters.published)) / (to.atMs - from.atMs);
}
