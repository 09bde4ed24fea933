/** Connections to Redis. */
import type { Redis, RedisOptions } from 'ioredis';
import { EXIT, UserError } from '../core/errors.ts';
import { printable } from '../core/text.ts';
import { errorWords } from './error-words.ts';
import { ioredis } from './libraries.ts';
import type { RedisAddress } from './redis-address.ts';

/** Streams that nobody creates by accident (XADD NOMKSTREAM) came with 6.2. */
const VERSION_MIN = [6, 2] as const;
const CONNECT_TIMEOUT_MS = 5_000;
/** A command that takes longer has met a Redis that is gone, whatever the socket believes. */
const COMMAND_TIMEOUT_MS = 3_000;
/** How long a read waits for news. */
export const BLOCK_MS = 1_000;
const RETRY_MS = 250;

/**
 * What a connection is for. Commands fail at once while Redis is gone; a reader waits for news; what
 * BullMQ is given waits for Redis to come back.
 */
export type RedisPurpose = 'commands' | 'reader' | 'queue';

type ClientOptions = Omit<RedisOptions, 'replyMapping'>;

/** Throws a `UserError` (69) unless Redis is there, lets us in, and is new enough. */
export async function checkRedis(address: RedisAddress): Promise<void> {
  const { Redis } = await ioredis();
  const client = new Redis({ ...commonOptions(address), retryStrategy: null, lazyConnect: true });
  let cause: Error | undefined;
  client.on('error', (error) => {
    cause ??= error;
  });
  try {
    await client.connect();
    const info = await client.info('server');
    const version = /^redis_version:(\d+)\.(\d+)\S*/m.exec(info);
    const [major, minor] = [Number(version?.[1] ?? 0), Number(version?.[2] ?? 0)];
    if (major < VERSION_MIN[0] || (major === VERSION_MIN[0] && minor < VERSION_MIN[1])) {
      throw new Error(`it is version ${major}.${minor}, and ${VERSION_MIN.join('.')} is needed`);
    }
  } catch (error) {
    throw unreachable(address, cause ?? error);
  } finally {
    client.disconnect();
  }
}

/** A connection that comes back by itself when it is lost. */
export async function openRedis(address: RedisAddress, purpose: RedisPurpose): Promise<Redis> {
  const { Redis } = await ioredis();
  const client = new Redis({ ...commonOptions(address), ...optionsFor(purpose) });
  // Whoever gives a command hears of it; without a listener the client writes on the console.
  client.on('error', () => {});
  return client;
}

function optionsFor(purpose: RedisPurpose): ClientOptions {
  if (purpose === 'queue') return { maxRetriesPerRequest: null };
  return {
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout: purpose === 'reader' ? BLOCK_MS + COMMAND_TIMEOUT_MS : COMMAND_TIMEOUT_MS,
  };
}

function commonOptions({ host, port, db, username, password, tls }: RedisAddress): ClientOptions {
  return {
    host,
    port,
    db,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined
      ? {}
      : {
          tls: {
            minVersion: 'TLSv1.2' as const,
            ...(tls.caPem === undefined ? {} : { ca: tls.caPem }),
          },
        }),
    // The shapes of answers are those of version 2.
    protocol: 2,
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: () => RETRY_MS,
    connectionName: 'doppelfleet',
  };
}

function unreachable({ title }: RedisAddress, error: unknown): UserError {
  const words = error instanceof AggregateError ? errorWords(error.errors[0]) : errorWords(error);
  const hint = HINTS.find(([pattern]) => pattern.test(words))?.[1];
  return new UserError(
    EXIT.unavailable,
    {
      message: `no engine at ${printable(title)}: ${words}`,
      ...(hint === undefined ? {} : { hint }),
    },
    error,
  );
}

const HINTS: readonly (readonly [RegExp, string])[] = [
  [/NOAUTH|WRONGPASS|invalid password|without any password/i, 'set DOPPELFLEET_REDIS_PASSWORD'],
  [/certificate|altname/i, "name the authority of Redis's certificate with --engine-ca <pem>"],
  [
    /wrong version number|packet length|ECONNRESET|closed/i,
    'redis:// is without TLS, rediss:// is with it',
  ],
  [/ECONNREFUSED|ENOTFOUND|ETIMEDOUT/, 'is Redis running there, and may this machine reach it?'],
];
