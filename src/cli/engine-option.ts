/** Options of the engine: where the devices live, and how this machine gets to a Redis. */
import type { Argv } from 'yargs';
import {
  EXIT,
  isRedisUrl,
  localEngine,
  type Problem,
  parseRedisUrl,
  type RedisAddress,
  type RunOptions,
  readTrustFile,
  redisEngine,
  toolVersion,
  UserError,
} from '../index.ts';
import type { CliEnvironment } from './environment.ts';
import { durationFrom, wholeNumber } from './options.ts';

/** Most workers of one run: more than any machine has cores. */
const WORKERS_MAX = 1024;
const WORKER_TIMEOUT_MS = 60_000;
/** So that a secret is neither on a command line nor in its history. */
export const PASSWORD_VARIABLE = 'DOPPELFLEET_REDIS_PASSWORD';
export const SECRET_VARIABLE = 'DOPPELFLEET_ENGINE_SECRET';

/** How a Redis is reached. */
export function redisOptions<T>(parser: Argv<T>) {
  return parser
    .option('engine', {
      type: 'string',
      describe: `Redis where workers wait: redis://host:port, or rediss:// with TLS; its password in ${PASSWORD_VARIABLE}`,
    })
    .option('engine-ca', {
      type: 'string',
      describe: "PEM of the authority of the Redis's certificate, if not one of the system's",
    })
    .option('engine-insecure', {
      type: 'boolean',
      default: false,
      describe: 'Allow a Redis on another machine without TLS',
    });
}

/** Where the devices live. */
export function engineOptions<T>(parser: Argv<T>) {
  return redisOptions(
    parser.option('workers', {
      type: 'string',
      describe:
        'Processes for the devices: a number, where 1 is this process, or auto, the default: this ' +
        'process for a small fleet. With --engine so many of the workers that wait there, 1 by default',
    }),
  ).option('worker-timeout', {
    type: 'string',
    describe: 'How long to wait for the workers at the engine; 60s by default',
  });
}

export interface RedisArguments {
  readonly engine?: string | undefined;
  readonly engineCa?: string | undefined;
  readonly engineInsecure?: boolean | undefined;
}

export interface EngineArguments extends RedisArguments {
  readonly workers?: string | undefined;
  readonly workerTimeout?: string | undefined;
}

/** Throws a `UserError` (64) with everything that is wrong. */
export async function engineFrom(
  args: EngineArguments,
  env: CliEnvironment['env'],
): Promise<Pick<RunOptions, 'engine'>> {
  const problems: Problem[] = [];
  const isRemote = args.engine !== undefined;
  if (isRemote && args.workers === 'auto') {
    problems.push({
      message: '--workers auto is for the cores of this machine',
      hint: 'say how many of the workers at the engine the run takes',
    });
  }
  const autoHint = isRemote ? undefined : 'or leave the choice to --workers auto';
  const local = args.workers === undefined || args.workers === 'auto';
  const workers = local
    ? undefined
    : wholeNumber('--workers', args.workers, 1, WORKERS_MAX, problems, autoHint);
  if (!isRemote) problems.push(...withoutEngine(args));
  if (problems.length > 0) throw new UserError(EXIT.usage, problems);
  if (!isRemote) {
    return { engine: localEngine(workers ?? 'auto') };
  }
  const { workerTimeout: timeout } = args;
  const secret = env[SECRET_VARIABLE];
  return {
    engine: redisEngine({
      address: await redisFrom(args, env),
      workers: workers ?? 1,
      workerTimeoutMs:
        timeout === undefined ? WORKER_TIMEOUT_MS : durationFrom('--worker-timeout', timeout),
      toolVersion: toolVersion(),
      ...(secret === undefined || secret === '' ? {} : { secret }),
    }),
  };
}

/** The Redis of `--engine`. Throws a `UserError` (64) when it is missing or none. */
export async function redisFrom(
  args: RedisArguments,
  env: CliEnvironment['env'],
): Promise<RedisAddress> {
  const { engine, engineCa, engineInsecure: insecure = false } = args;
  if (engine === undefined) {
    throw new UserError(EXIT.usage, {
      message: '--engine is missing',
      hint: 'name the Redis, such as redis://127.0.0.1:6379',
    });
  }
  const password = env[PASSWORD_VARIABLE];
  if (!isRedisUrl(engine)) parseRedisUrl(engine);
  return parseRedisUrl(engine, {
    insecure,
    ...(password === undefined || password === '' ? {} : { password }),
    ...(engineCa === undefined ? {} : { caPem: await readTrustFile(engineCa) }),
  });
}

function withoutEngine(args: EngineArguments): readonly Problem[] {
  const given = Object.entries({
    '--engine-ca': args.engineCa,
    '--engine-insecure': args.engineInsecure === true ? true : undefined,
    '--worker-timeout': args.workerTimeout,
  }).flatMap(([option, value]) => (value === undefined ? [] : [option]));
  return given.map((option) => ({
    message: `${option} belongs to --engine`,
    hint: 'name the Redis, such as --engine redis://127.0.0.1:6379',
  }));
}
