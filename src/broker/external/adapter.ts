/**
 * A broker that someone else runs, named by its URL. It is neither started nor stopped. Unless its
 * records are fed to us, it shows no evidence of its own: only the devices' view of it exists.
 */
import { isIP } from 'node:net';
import { EXIT, type Problem, UserError } from '../../core/errors.ts';
import { UNREADABLE_EXAMPLES_MAX } from '../../core/limits.ts';
import { printable } from '../../core/text.ts';
import type {
  BrokerAdapter,
  BrokerEndpoint,
  BrokerStartOptions,
  RunningBroker,
} from '../adapter.ts';
import type { BrokerCapabilities } from '../capabilities.ts';
import { lacks } from '../hardening.ts';
import { runCapabilities, UNKNOWN_BROKER } from '../profiles/claims.ts';
import { alpnOf } from '../profiles/port-rule.ts';
import type { BrokerProfile } from '../profiles/profile.ts';
import type { EvidenceFeed } from './evidence-feed.ts';

/** IANA's port of MQTT over TLS (`secure-mqtt`). */
const DEFAULT_PORT = 8883;

const NOT_OURS = 'doppelfleet does not configure a broker that it does not start';
const INSTEAD =
  'change the configuration there and run without this fix, or take a local broker such as --broker mosquitto';

export interface ExternalBrokerOptions {
  /** `mqtts://host` or `mqtts://host:port`. */
  readonly url: string;
  /** PEM of the authorities that the broker's certificate must chain to. */
  readonly caPem: string;
  /** The name that the broker's certificate must carry; the host by default. */
  readonly serverName?: string;
  /** What is documented of it; without one nothing is assumed. */
  readonly profile?: BrokerProfile;
  /** Where its own records come from; without one only the devices' view exists. */
  readonly evidence?: EvidenceFeed;
}

/** The adapter for one external broker; a `UserError` says all that is wrong with the URL. */
export function externalBroker(options: ExternalBrokerOptions): BrokerAdapter {
  const { host, port } = parseBrokerUrl(options.url);
  const { caPem, serverName, profile, evidence } = options;
  const alpnProtocols = profile === undefined ? undefined : alpnOf(profile, { host, port });
  const endpoint: BrokerEndpoint = {
    host,
    port,
    caPem,
    ...(serverName === undefined ? {} : { serverName }),
    ...(alpnProtocols === undefined ? {} : { alpnProtocols }),
  };
  const capabilities =
    profile === undefined ? UNKNOWN_BROKER : runCapabilities(profile, evidence !== undefined);
  return {
    id: 'external',
    title: `${profile?.title ?? 'the broker'} at ${host}:${port}`,
    capabilities,
    startsSlowly: false,
    unavailable: async () => undefined,
    harden: ({ rule }) =>
      lacks(`the broker at ${printable(host)}:${port}`, rule, NOT_OURS, INSTEAD),
    start: (start) => attach({ endpoint, capabilities, evidence, start }),
  };
}

/** Nothing is started: the broker runs; its records are listened to if there is a way. */
async function attach(options: {
  readonly endpoint: BrokerEndpoint;
  readonly capabilities: BrokerCapabilities;
  readonly evidence: EvidenceFeed | undefined;
  readonly start: BrokerStartOptions;
}): Promise<RunningBroker> {
  const { endpoint, capabilities, evidence, start } = options;
  const unread = { lines: 0, examples: [] as string[] };
  const feed = await evidence?.open({
    endpoint,
    clock: start.clock,
    onEvent: start.onEvent,
    onFailure: start.onFailure,
    onUnread: (beginning, why) => {
      unread.lines += 1;
      if (unread.examples.length < UNREADABLE_EXAMPLES_MAX) {
        unread.examples.push(`${printable(beginning, 120)} (${why})`);
      }
    },
  });
  return {
    endpoint,
    version: 'unknown',
    capabilities,
    unreadEvidence: () => unread,
    drainEvidence: async () => feed?.drain(),
    change: async () => {
      throw notOurs();
    },
    reload: async () => {
      throw notOurs();
    },
    stop: async () => feed?.close(),
    kill: () => void feed?.close(),
  };
}

function notOurs(): UserError {
  return new UserError(EXIT.usage, {
    message: 'an external broker is neither configured nor reloaded from here',
    hint: 'use a broker that doppelfleet starts, such as --broker mosquitto',
  });
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
