/**
 * Where Redis is, from a URL: `redis://[user[:password]@]host[:port][/db]`, or `rediss://` with TLS.
 * Redis is no target but infrastructure, so that no allow-list applies; but whoever can change what
 * passes on the way to it commands the workers, so that other machines need TLS.
 */
import { isIP } from 'node:net';
import { isLoopback } from '../broker/target.ts';
import { EXIT, type Problem, UserError } from '../core/errors.ts';
import { printable } from '../core/text.ts';

const DEFAULT_PORT = 6379;

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: { readonly caPem?: string };
  /** The URL without a password, for people. */
  readonly title: string;
}

export interface RedisAddressOptions {
  /** Instead of one in the URL. */
  readonly password?: string;
  /** PEM of the authorities that Redis's certificate must chain to; the system's by default. */
  readonly caPem?: string;
  /** Another machine without TLS is meant. */
  readonly insecure?: boolean;
}

/** Whether a name of an engine is a URL of Redis. */
export function isRedisUrl(text: string): boolean {
  return /^rediss?:\/\//i.test(text);
}

/** The same text without the password that it may hold, for what others read. */
export function withoutPassword(text: string): string {
  return text.replace(/(rediss?:\/\/[^\s:/@]*):[^\s/]*@/gi, '$1@');
}

/** Throws a `UserError` (64) with everything that is wrong. No message repeats a password. */
export function parseRedisUrl(text: string, options: RedisAddressOptions = {}): RedisAddress {
  const url = isRedisUrl(text) && URL.canParse(text) ? new URL(text) : undefined;
  const db = /^\/?(\d{0,4})$/.exec(url?.pathname ?? '')?.[1];
  if (
    url === undefined ||
    url.hostname === '' ||
    db === undefined ||
    url.search + url.hash !== ''
  ) {
    throw new UserError(EXIT.usage, {
      message: '--engine is not the URL of a Redis',
      hint: 'write redis://host:port, rediss://host:port for TLS, with /<number> for a database',
    });
  }
  const host = decoded(url.hostname.replace(/^\[|\]$/g, ''));
  const isTls = url.protocol.toLowerCase() === 'rediss:';
  const port = url.port === '' ? DEFAULT_PORT : Number(url.port);
  const username = decoded(url.username);
  const password = url.password === '' ? options.password : decoded(url.password);
  const user = username === '' ? '' : `${encodeURIComponent(username)}@`;
  const place = isIP(host) === 6 ? `[${host}]` : host;
  const title = `${isTls ? 'rediss' : 'redis'}://${user}${printable(place)}:${port}${db === '' ? '' : `/${db}`}`;
  checkSafety(title, host, isTls, options);
  return {
    host,
    port,
    db: Number(db),
    ...(username === '' ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(isTls ? { tls: options.caPem === undefined ? {} : { caPem: options.caPem } } : {}),
    title,
  };
}

function checkSafety(
  title: string,
  host: string,
  isTls: boolean,
  { caPem, insecure = false }: RedisAddressOptions,
): void {
  const problems: Problem[] = [];
  if (caPem !== undefined && !isTls) {
    problems.push({ message: '--engine-ca belongs to a URL that begins with rediss://' });
  }
  if (!isTls && !isLoopback(host) && !insecure) {
    problems.push({
      message: `${title} is another machine, and nothing protects the way to it`,
      hint:
        'whoever changes what passes there commands the workers: use rediss://, or say ' +
        '--engine-insecure where the network is safe',
    });
  }
  if (problems.length > 0) throw new UserError(EXIT.usage, problems);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
