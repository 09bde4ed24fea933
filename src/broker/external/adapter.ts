/**
 * A broker that someone else runs, named by its URL. It is neither started nor stopped, and shows
 * no evidence of its own: only the devices' view of it exists.
 */
import { isIP } from 'node:net';
import { EXIT, type Problem, UserError } from '../../core/errors.ts';
import type { BrokerAdapter, BrokerCapabilities, BrokerEndpoint } from '../adapter.ts';

/** IANA's port of MQTT over TLS (`secure-mqtt`). */
const DEFAULT_PORT = 8883;

/** What can be said of a broker that is not known: what devices may try, and no evidence. */
const CAPABILITIES: BrokerCapabilities = {
  protocolVersions: [4, 5],
  brokerEvidence: false,
  takeoverVisible: false,
  certificateVisible: false,
  sendsSessionTakenOver: false,
};

export interface ExternalBrokerOptions {
  /** `mqtts://host` or `mqtts://host:port`. */
  readonly url: string;
  /** PEM of the authorities that the broker's certificate must chain to. */
  readonly caPem: string;
  /** The name that the broker's certificate must carry; the host by default. */
  readonly serverName?: string;
}

/** The adapter for one external broker; a `UserError` says all that is wrong with the URL. */
export function externalBroker(options: ExternalBrokerOptions): BrokerAdapter {
  const { host, port } = parseBrokerUrl(options.url);
  const { caPem, serverName } = options;
  const name = serverName === undefined ? {} : { serverName };
  const endpoint: BrokerEndpoint = { host, port, caPem, ...name };
  return {
    id: 'external',
    title: `the broker at ${host}:${port}`,
    capabilities: CAPABILITIES,
    unavailable: async () => undefined,
    start: async () => ({
      endpoint,
      version: 'unknown',
      unreadEvidence: () => ({ lines: 0, examples: [] }),
      drainEvidence: async () => {},
      stop: async () => {},
      kill: () => {},
    }),
  };
}

/** Host (IPv6 without brackets) and port of an `mqtts:` URL; 64 with all problems if it is none. */
export function parseBrokerUrl(text: string): { readonly host: string; readonly port: number } {
  const hint = 'write it as mqtts://host or mqtts://host:8883';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw usage([{ message: 'the URL of the broker is not a URL', hint }]);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const problems: Problem[] = [];
  if (url.protocol !== 'mqtts:') {
    problems.push({ message: 'the URL of the broker must begin with mqtts://', hint });
  }
  if (isIP(host) === 0 && !HOST_NAME.test(host)) {
    problems.push({ message: 'the URL of the broker names no host', hint });
  }
  if (url.username !== '' || url.password !== '') {
    const instead = 'devices log in with their certificates; remove what stands before the @';
    problems.push({ message: 'the URL of the broker holds credentials', hint: instead });
  }
  if (url.port === '0') problems.push({ message: 'port 0 of the broker is not a port', hint });
  if (!['', '/'].includes(url.pathname) || url.search !== '' || url.hash !== '') {
    const only = 'remove everything behind host and port';
    problems.push({
      message: 'the URL of the broker has a path, a query or a fragment',
      hint: only,
    });
  }
  if (problems.length > 0) throw usage(problems);
  return { host, port: url.port === '' ? DEFAULT_PORT : Number(url.port) };
}

/** RFC 1123 §2.1, with underscores, which some internal names have. */
const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/i;

function usage(problems: readonly Problem[]): UserError {
  return new UserError(EXIT.usage, problems);
}
