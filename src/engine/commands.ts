/** What people order a run from elsewhere, through its control stream. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { EXIT, UserError } from '../core/errors.ts';
import { plural } from '../core/text.ts';
import type { RunControl } from '../shards/fleet-engine.ts';
import { controlKey, NAME_PATTERN } from './keys.ts';
import { type RunState, readOverview } from './presence.ts';
import { writeEntry } from './streams.ts';

export const RUN_COMMANDS = ['pause', 'resume', 'cancel'] as const;
export type RunCommand = (typeof RUN_COMMANDS)[number];

/** How long a commander may take to follow. */
const FOLLOWED_MS = 8_000;
const LOOK_MS = 100;

/** Does what stands there, if it is a command; returns the phase that the run is in then. */
export function applyCommand(
  body: Buffer,
  control: RunControl,
  phase: RunState['phase'],
): RunState['phase'] {
  const command = RUN_COMMANDS.find((one) => one === body.toString('utf8'));
  if (command === undefined) return phase;
  if (command === 'cancel') {
    control.cancel();
    return phase;
  }
  // Who waits for workers has nothing to pause.
  if (phase === 'waiting') return phase;
  control[command]();
  return command === 'pause' ? 'paused' : 'running';
}

/**
 * Orders a run, or the only one there is, and waits until it has followed. Throws a `UserError`: 64
 * without such a run, 69 when it does not follow.
 */
export async function orderRun(
  redis: Redis,
  command: RunCommand,
  wanted: string | undefined,
): Promise<RunState> {
  const run = chosen((await readOverview(redis)).runs, command, wanted);
  if (run.phase === 'waiting' && command !== 'cancel') {
    throw new UserError(EXIT.usage, {
      message: `run ${run.run} waits for its workers: there is nothing to ${command}`,
      hint: 'cancel it, or start workers',
    });
  }
  await writeEntry(redis, controlKey(run.run), '', {
    kind: 'command',
    sequence: 0,
    body: Buffer.from(command),
  }).catch(() => {});
  const endsAt = Date.now() + FOLLOWED_MS;
  while (Date.now() < endsAt) {
    const now = (await readOverview(redis)).runs.find((one) => one.run === run.run);
    if (command === 'cancel' ? now === undefined : now?.phase === PHASES[command]) {
      return now ?? run;
    }
    await sleep(LOOK_MS);
  }
  throw new UserError(EXIT.unavailable, {
    message: `run ${run.run} was told to ${command}, and has not followed for ${FOLLOWED_MS / 1000} s`,
    hint: `its commander is process ${run.pid} on ${run.host}`,
  });
}

const PHASES = { pause: 'paused', resume: 'running' } as const;

function chosen(
  runs: readonly RunState[],
  command: RunCommand,
  wanted: string | undefined,
): RunState {
  const names = runs.map(({ run }) => run);
  const [only] = runs;
  const run = wanted === undefined && runs.length === 1 ? only : undefined;
  const found = run ?? runs.find((one) => one.run === wanted);
  if (found !== undefined) return found;
  const which = wanted === undefined || !NAME_PATTERN.test(wanted) ? 'such run' : `run ${wanted}`;
  throw new UserError(EXIT.usage, {
    message:
      wanted === undefined && runs.length > 1
        ? `${plural(runs.length, 'run')} are here: which one is to ${command}?`
        : `no ${wanted === undefined ? 'run' : which} is here`,
    hint:
      names.length === 0
        ? '`engine list` shows runs and workers'
        : `name one of ${names.join(', ')}`,
  });
}
