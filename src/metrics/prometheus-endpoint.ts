/**
 * `GET /metrics` for Prometheus. The text is the work of OpenTelemetry's exporter; the server is ours,
 * because that of the exporter takes no free port, answers every method and can't be closed while a
 * reader dawdles.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, BlockList, isIP } from 'node:net';
import type { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { EXIT, systemCode, UserError } from '../core/errors.ts';
import { metricProducer, type ProducerOptions } from './metric-producer.ts';
import { type MetricsAddress, shownAddress } from './metrics-address.ts';

const PATH = '/metrics';
/** Prometheus' text format; the exporter leaves out its version. */
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
/** Readers that may be connected at once. */
const CONNECTIONS_MAX = 32;
/** How long an answer under way may take at the end. */
const END_MS_MAX = 1000;

export interface PrometheusEndpoint {
  readonly url: string;
  close(): Promise<void>;
}

/** Throws a `UserError` (69) when the address is not to be had. */
export async function openPrometheusEndpoint(
  address: MetricsAddress,
  options: Omit<ProducerOptions, 'names'>,
): Promise<PrometheusEndpoint> {
  const { PrometheusExporter } = await import('@opentelemetry/exporter-prometheus');
  const exporter = new PrometheusExporter({
    preventServerStart: true,
    withoutScopeInfo: true,
    withoutTargetInfo: true,
    metricProducers: [metricProducer({ ...options, names: 'prometheus' })],
  });
  const { metrics, resource } = options.sdk;
  const provider = new metrics.MeterProvider({ resource, readers: [exporter] });
  const isLocal = isLoopback(address.host);
  const server = createServer((request, response) => {
    const refusal = refusalOf(request, isLocal);
    if (refusal !== undefined) say(response, ...refusal);
    else if (options.board.look === undefined) say(response, 200, '# no run has begun yet');
    else scrape(exporter, request, response);
  });
  server.maxConnections = CONNECTIONS_MAX;
  await listening(server, address);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${shownAddress({ host: address.host, port })}${PATH}`,
    async close() {
      await closed(server);
      await provider.shutdown();
    },
  };
}

function scrape(
  exporter: PrometheusExporter,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  exporter.getMetricsRequestHandler(request, response);
  // The body follows later, so that this header still counts.
  response.setHeader('content-type', CONTENT_TYPE);
}

/** Why a request is not answered with metrics; undefined when it is. */
function refusalOf(
  { method, url = '', headers: { host = '' } }: IncomingMessage,
  isLocal: boolean,
): readonly [status: number, sentence: string] | undefined {
  // A page elsewhere that has its own name mean this address must not read what is local.
  if (isLocal && !isPlainHost(host)) return [403, 'ask for an address or localhost, not a name'];
  if (url.split('?', 1)[0] !== PATH) return [404, `the metrics are at ${PATH}`];
  if (method !== 'GET' && method !== 'HEAD') return [405, 'this takes GET, HEAD'];
  return undefined;
}

function isPlainHost(header: string): boolean {
  const host = header.replace(/:\d+$/, '');
  // Browsers always name a host.
  if (host === '') return true;
  return host === 'localhost' || isIP(host.replace(/^\[(.*)\]$/, '$1')) !== 0;
}

function isLoopback(host: string): boolean {
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8, 'ipv4');
  loopback.addAddress('::1', 'ipv6');
  const version = isIP(host);
  if (version === 0) return host === 'localhost';
  return loopback.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

function say(response: ServerResponse, status: number, sentence: string): void {
  response.setHeader('content-type', status === 200 ? CONTENT_TYPE : 'text/plain; charset=utf-8');
  if (status === 405) response.setHeader('allow', 'GET, HEAD');
  response.writeHead(status);
  response.end(`${sentence}\n`);
}

function listening(server: Server, address: MetricsAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, address)));
    server.listen(address.port, address.host, () => {
      server.removeAllListeners('error');
      server.on('error', () => {});
      resolve();
    });
  });
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is taken',
  EACCES: 'is not for ordinary users',
  EADDRNOTAVAIL: 'is no address of this machine',
  EAFNOSUPPORT: 'is no address of this machine',
  ENOTFOUND: 'is no address of this machine',
  EAI_AGAIN: 'is no address of this machine',
};

function listenError(error: Error, address: MetricsAddress): unknown {
  const code = systemCode(error) ?? '';
  if (!Object.hasOwn(WHY, code)) return error;
  return new UserError(EXIT.unavailable, {
    message: `${shownAddress(address)} of the metrics ${WHY[code]}`,
    hint: 'choose another one, such as --metrics :0 for a free port',
  });
}

async function closed(server: Server): Promise<void> {
  const all = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const giveUp = setTimeout(() => server.closeAllConnections(), END_MS_MAX);
  await all;
  clearTimeout(giveUp);
}
