/**
 * Who may talk to the live server: nobody without the token of this run, no page of another site
 * (cross-site request forgery), and no name but ours for this machine (DNS rebinding).
 */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const TOKEN_HEADER = 'x-doppelfleet-token';

export interface Guarded {
  readonly token: string;
  readonly port: number;
}

/** Why a request is refused, or undefined. What changes the run takes the token as a header only. */
export function refusalOf(
  request: Pick<IncomingMessage, 'method' | 'headers'>,
  url: URL,
  { token, port }: Guarded,
): string | undefined {
  const { host = '', origin, 'sec-fetch-site': site } = request.headers;
  // Browsers leave out the port that http has anyway (RFC 9110 §4.2.3).
  const ports = port === 80 ? [':80', ''] : [`:${port}`];
  const hosts = ports.flatMap((end) => [`127.0.0.1${end}`, `localhost${end}`]);
  if (!hosts.includes(host)) return 'this server answers to its own address only';
  if (origin !== undefined && origin !== `http://${host}`) return 'this page may not ask';
  if (site === 'cross-site' && request.method !== 'GET') return 'this page may not ask';
  const header = request.headers[TOKEN_HEADER];
  const given = request.method === 'POST' ? header : (header ?? url.searchParams.get('token'));
  if (typeof given !== 'string' || !sameText(given, token)) {
    return 'the token is missing or wrong: open the address that the run has printed';
  }
  return undefined;
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
