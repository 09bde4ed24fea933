/** The generator's own health against its limits: what makes a run prove nothing. */
import type { WorkerHealth } from '../fleet/worker-health.ts';
import type { HealthLimits } from '../scenario/plan.ts';
import { type GeneratorLimit, round } from '../verdict/expectation.ts';

const MIB = 1024 * 1024;
/** A share of a shorter time says nothing. */
const SHARE_MS_MIN = 1_000;

interface Rule {
  readonly text: (limits: HealthLimits) => string | undefined;
  /** What a worker has come to, and whether that is too much; undefined where it says nothing. */
  readonly look: (
    health: WorkerHealth,
    limits: HealthLimits,
  ) => { readonly value: number; readonly max: number; readonly said: string } | undefined;
}

const RULES: readonly Rule[] = [
  {
    text: ({ eventLoopDelayP99MsMax: max }) =>
      `our event loop is free (p99 of its delay at most ${max} ms)`,
    look: ({ eventLoopDelayMs }, { eventLoopDelayP99MsMax: max }) => ({
      value: eventLoopDelayMs.p99,
      max,
      said: `${round(eventLoopDelayMs.p99)} ms`,
    }),
  },
  {
    text: ({ cpuShareMax }) => `we have CPU left (at most ${percent(cpuShareMax)} of a core)`,
    look: ({ cpuMs, wallMs }, { cpuShareMax: max }) => shareOf(cpuMs, wallMs, max),
  },
  {
    text: ({ gcShareMax }) =>
      `our memory is not the brake (at most ${percent(gcShareMax)} collecting)`,
    look: ({ garbageCollection, wallMs }, { gcShareMax: max }) =>
      shareOf(garbageCollection.totalMs, wallMs, max),
  },
  {
    text: ({ residentMiBMax }) =>
      residentMiBMax === undefined ? undefined : `each of us stays below ${residentMiBMax} MiB`,
    look: ({ residentBytesMax }, { residentMiBMax: max }) =>
      max === undefined
        ? undefined
        : { value: residentBytesMax / MIB, max, said: `${round(residentBytesMax / MIB)} MiB` },
  },
  {
    text: ({ clockDriftMsMax: max }) => `the clocks of our machines keep step (within ${max} ms)`,
    look: ({ clock }, { clockDriftMsMax: max }) =>
      clock && {
        value: Math.abs(clock.driftMs),
        max,
        said: `${round(Math.abs(clock.driftMs))} ms apart`,
      },
  },
];

/** Every limit that was gone beyond, by the worst worker, and each part of the fleet that was lost. */
export function limitsPassed(
  workers: readonly WorkerHealth[],
  limits: HealthLimits,
  lost: readonly string[],
): readonly GeneratorLimit[] {
  const losses = lost.map((because) => ({
    text: 'every part of the fleet lasts until the end',
    because,
  }));
  return [...losses, ...RULES.flatMap((rule) => judged(rule, workers, limits))];
}

function judged(
  rule: Rule,
  workers: readonly WorkerHealth[],
  limits: HealthLimits,
): readonly GeneratorLimit[] {
  const text = rule.text(limits);
  const looks = workers.flatMap((health) => {
    const look = rule.look(health, limits);
    return look === undefined ? [] : [{ worker: health.worker, ...look }];
  });
  const [worst] = looks.toSorted((a, b) => b.value - a.value);
  if (text === undefined || worst === undefined || worst.value <= worst.max) return [];
  return [{ text, because: `${worst.worker}: ${worst.said}: the generator was the bottleneck` }];
}

function shareOf(ms: number, wallMs: number, max: number) {
  if (wallMs < SHARE_MS_MIN) return undefined;
  const value = ms / wallMs;
  return { value, max, said: percent(value) };
}

function percent(share: number): string {
  return `${round(share * 100)} %`;
}
