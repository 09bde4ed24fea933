/**
 * The live view's server on loopback: one page, one stream of events, two things that a reader may
 * do to the run. It opens no browser and ends with the run.
 */
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EXIT, systemCode, UserError } from '../core/errors.ts';
import { streamTo } from './event-stream.ts';
import type { LiveFeed } from './feed.ts';
import { refusalOf } from './guard.ts';
import type { LivePage } from './live-page.ts';

/** Browsers that may look on at once. */
const STREAMS_MAX = 16;
/** How long readers get to hear of the end. */
const END_MS_MAX = 1000;

export interface LiveServerOptions {
  /** A free one by default. */
  readonly port?: number;
  readonly page: LivePage;
  readonly feed: LiveFeed;
  /** Ends the faults of the current run; false when there is nothing to end. */
  readonly onHeal: () => boolean;
  /** Closes every connection and ends the run. */
  readonly onStop: () => void;
}

export interface LiveServer {
  /** With the token without which nothing is answered. */
  readonly url: string;
  /** Ends every stream and closes every socket. */
  close(): Promise<void>;
}

type Answer = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

/** Throws a `UserError` (69) when the port is not to be had. */
export async function startLiveServer(options: LiveServerOptions): Promise<LiveServer> {
  const token = randomBytes(18).toString('base64url');
  const streams = new Set<ServerResponse>();
  const routes = routesOf(options, streams);
  const server = createServer((request, response) => {
    const { port } = server.address() as AddressInfo;
    answer(request, response, { routes, token, port });
  });
  await listening(server, options.port ?? 0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/?token=${token}`,
    close: () => closed(server, streams),
  };
}

/** By method and path; the reports by their number. */
type Routes = Readonly<Record<string, Readonly<Record<string, Answer>>>>;

function routesOf(options: LiveServerOptions, streams: Set<ServerResponse>): Routes {
  const { page, feed, onHeal, onStop } = options;
  return {
    '/': {
      GET: (_request, response) => {
        const type = 'text/html; charset=utf-8';
        response.writeHead(200, { 'content-type': type, 'content-security-policy': page.policy });
        response.end(page.html);
      },
    },
    '/events': {
      GET: (_request, response) => {
        if (streams.size >= STREAMS_MAX) {
          say(response, 503, 'too many pages are looking on');
          return;
        }
        streams.add(response);
        response.once('close', () => streams.delete(response));
        streamTo(response, feed);
      },
    },
    '/report': { GET: (_request, response, url) => sendReport(response, url, feed) },
    '/heal': {
      POST: (_request, response) => {
        if (onHeal()) say(response, 202, 'the faults end');
        else say(response, 409, 'there are no faults to end now');
      },
    },
    '/stop': {
      POST: (_request, response) => {
        onStop();
        say(response, 202, 'every connection is closed');
      },
    },
  };
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { routes, token, port }: { routes: Routes; token: string; port: number },
): void {
  // Nothing is taken from a body.
  request.resume();
  response.setHeader('cache-control', 'no-store');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('cross-origin-resource-policy', 'same-origin');
  const route = routeOf(request, { routes, token, port });
  if (typeof route === 'function') route(request, response);
  else {
    if (route.allow !== undefined) response.setHeader('allow', route.allow);
    say(response, route.status, route.sentence);
  }
}

interface Refusal {
  readonly status: number;
  readonly sentence: string;
  readonly allow?: string;
}

/** What answers the request, or why nothing does. */
function routeOf(
  request: IncomingMessage,
  { routes, token, port }: { routes: Routes; token: string; port: number },
): Refusal | ((request: IncomingMessage, response: ServerResponse) => void) {
  const base = `http://127.0.0.1:${port}`;
  const address = request.url ?? '';
  if (!URL.canParse(address, base)) return { status: 400, sentence: 'this is no address' };
  const url = new URL(address, base);
  const refusal = refusalOf(request, url, { token, port });
  if (refusal !== undefined) return { status: 403, sentence: refusal };
  const route = Object.hasOwn(routes, url.pathname) ? routes[url.pathname] : undefined;
  if (route === undefined) return { status: 404, sentence: 'there is nothing here' };
  const method = request.method ?? '';
  const handler = Object.hasOwn(route, method) ? route[method] : undefined;
  if (handler === undefined) {
    const allow = Object.keys(route).join(', ');
    return { status: 405, sentence: `this takes ${allow}`, allow };
  }
  return (asked, response) => handler(asked, response, url);
}

/** The page of a finished report, which carries its own policy. */
function sendReport(response: ServerResponse, url: URL, { session }: LiveFeed): void {
  const report = session.reports?.[Number(url.searchParams.get('number') ?? Number.NaN)];
  if (report?.page === undefined) {
    say(response, 404, 'there is no such report');
    return;
  }
  const file = createReadStream(report.page);
  file.once('open', () => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    file.pipe(response);
  });
  file.once('error', () => {
    if (response.headersSent) response.destroy();
    else say(response, 404, 'the report is gone');
  });
}

function say(response: ServerResponse, status: number, sentence: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${sentence}\n`);
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, port)));
    server.listen(port, '127.0.0.1', () => {
      server.removeAllListeners('error');
      server.on('error', () => {});
      resolve();
    });
  });
}

function listenError(error: Error, port: number): unknown {
  const why = { EADDRINUSE: 'is taken', EACCES: 'is not for ordinary users' } as const;
  const code = systemCode(error) ?? '';
  if (!Object.hasOwn(why, code)) return error;
  return new UserError(EXIT.unavailable, {
    message: `port ${port} of the live view ${why[code as keyof typeof why]}`,
    hint: 'leave out --ui-port for a free one',
  });
}

async function closed(server: Server, streams: Iterable<ServerResponse>): Promise<void> {
  const all = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const response of streams) response.end();
  server.closeIdleConnections();
  const giveUp = setTimeout(() => server.closeAllConnections(), END_MS_MAX);
  await all;
  clearTimeout(giveUp);
}
