/**
 * A fleet that comes and goes: each device closes and connects anew once a period, for as long as is
 * asked. First all devices, then as many as client and broker bear together on this machine; looks
 * for drift (lateness that grows) and for memory that grows.
 */
import type { Bench, BenchContext, Measurement } from './bench.ts';
import { drive } from './drive.ts';
import { type Flap, flapOf, PERIOD_SECONDS, type Steady } from './flap.ts';
import { type IssuedFleet, issueFleet, memberNames } from './issued-fleet.ts';
import { spread } from './spread.ts';

const DEVICES = 5_000;
const SECONDS = 60;
/** Arrivals at the beginning, and cycles until they have mixed; no part of the figures. */
const PER_SECOND = 300;
const SETTLE_SECONDS = 2 * PERIOD_SECONDS;
/** Time of a trial, which is too short for a judgement on drift. */
const TRIAL_SECONDS = 20;
const TRIALS_MAX = 6;
/** What one trial has borne is lowered by so much for the next. */
const STEP = 0.9;
const HUNDRED = 100;

export const flappingBench = {
  title: 'devices that come and go every 4 s without drift, against what the broker could serve',
  async run(context): Promise<Measurement> {
    const { tell, devicesOr, secondsOr } = context;
    const [devices, seconds] = [devicesOr(DEVICES), secondsOr(SECONDS)];
    const fleet = await issueFleet(memberNames('flappers', devices));
    const flap = (count: number, time: number): Promise<Flap> =>
      flapping(context, fleet, { devices: count, seconds: time });
    const all = await flap(devices, seconds);
    tell(`${devices} devices: ${all.connectsPerSecond} connects/s`);
    let highest = all;
    const trials: Flap[] = [];
    for (let count = highestWorth(all); !highest.holds && count > 0; ) {
      const trial = await flap(count, TRIAL_SECONDS);
      trials.push(trial);
      tell(`trial with ${count} devices: ${trial.holds ? 'holds' : 'too many'}`);
      if (trial.holds) highest = await flap(count, seconds);
      if (trials.length === TRIALS_MAX) break;
      count = hundreds(count * STEP);
    }
    const served = [all, ...trials, highest].map(
      ({ brokerCpuMsPerConnect: ms }) => (1000 / ms) * PERIOD_SECONDS,
    );
    return {
      ...spread([highest.holds ? highest.devices : 0]),
      bar: { atLeast: devices },
      unit: `devices that hold a period of ${PERIOD_SECONDS} s for ${seconds} s`,
      reference: {
        what: 'devices that the broker could serve with one core to itself, by its CPU per connect',
        ...spread(served),
      },
      details: { seconds, all, highest, trials },
    };
  },
} satisfies Bench;

/** Where to begin looking: the pace of all devices is what client and broker bear. */
function highestWorth({ connectsPerSecond, devices }: Flap): number {
  return Math.min(devices, hundreds(connectsPerSecond * PERIOD_SECONDS * STEP));
}

function hundreds(count: number): number {
  return Math.floor(count / HUNDRED) * HUNDRED;
}

async function flapping(
  context: BenchContext,
  { credentials, ...authority }: IssuedFleet,
  { devices, seconds }: Pick<Steady, 'devices' | 'seconds'>,
): Promise<Flap> {
  const fromSeconds = Math.ceil(devices / PER_SECOND) + SETTLE_SECONDS;
  const answer = await drive(context, {
    scenario: `name: flapping
purpose: Devices come and go without end, for the bench.
seed: 7
fleet:
  flappers:
    devices: ${devices}
    behaviour: { kind: flapping, period: ${PERIOD_SECONDS}s, downtime: 500ms }
arrival: { rate: ${PER_SECOND}/s }
duration: ${fromSeconds + seconds + 1}s
settle: 0s
expect: { findings: planted }
`,
    fleet: { ...authority, credentials: credentials.slice(0, devices) },
    workers: 'auto',
  });
  return flapOf(answer, { devices, fromSeconds, seconds });
}
