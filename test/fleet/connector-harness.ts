/**
 * What the tests of the connector share: identities, a listener that remembers, an endpoint to open
 * connections to, and OpenSSL's server where alerts are wanted.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { type Clock, DAY_MS } from '../../src/core/time.ts';
import type {
  Connection,
  ConnectionListener,
  Connector,
  ConnectRequest,
} from '../../src/fleet/connector.ts';
import { type Authority, newAuthority } from '../../src/identity/authority.ts';
import { validityOf } from '../../src/identity/certificate.ts';
import { issueCertificate, issueServerCertificate } from '../../src/identity/issue.ts';
import type { Credential, KeyType } from '../../src/identity/types.ts';
import type { ServerOptions } from './mqtt-server.ts';

const NOW = Date.now();

export const authority = await newAuthority({ now: NOW });
/** Nobody trusts it. */
export const stranger = await newAuthority({ now: NOW });
export const device = issueDevice(authority);

type News = {
  readonly kind: 'connected' | 'failed' | 'closed' | 'received';
  readonly reason?: string;
  readonly raw?: string;
  readonly port?: number;
  readonly text?: string;
};

/** What the connector tells, in order. */
class Heard implements ConnectionListener {
  readonly news: News[] = [];
  #onNews: () => void = () => {};

  connected({ port }: { readonly port?: number }): void {
    this.#add({ kind: 'connected', ...(port === undefined ? {} : { port }) });
  }
  failed({ reason, raw }: { readonly reason: string; readonly raw: string }): void {
    this.#add({ kind: 'failed', reason, raw });
  }
  closed({ reason, raw }: { readonly reason: string; readonly raw: string }): void {
    this.#add({ kind: 'closed', reason, raw });
  }
  received(topic: string, payload: Buffer): void {
    this.#add({ kind: 'received', text: `${topic} ${payload.toString()}` });
  }

  get kinds(): string[] {
    return this.news.map(({ kind }) => kind);
  }

  get texts(): (string | undefined)[] {
    return this.news.filter(({ kind }) => kind === 'received').map(({ text }) => text);
  }

  /** The first news of one of these kinds. */
  async until(...kinds: readonly string[]): Promise<News> {
    for (;;) {
      const found = this.news.find(({ kind }) => kinds.includes(kind));
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#onNews = resolve;
      });
    }
  }

  #add(news: News): void {
    this.news.push(news);
    this.#onNews();
  }
}

export function issueDevice(
  from: Authority,
  name = 'device-1',
  keyType: KeyType = 'P-256',
): Credential {
  return issueCertificate(from, { name, thingName: name, keyType }, { now: NOW });
}

interface ServerCertificate {
  readonly from?: Authority;
  readonly dns?: readonly string[];
  readonly ips?: readonly string[];
  readonly expired?: boolean;
}

/** TLS settings of a server that trusts our devices. */
export function tlsOf(certificate: ServerCertificate = {}): ServerOptions {
  const { from = authority, dns: names = ['localhost'], ips = ['127.0.0.1'] } = certificate;
  const validity = validityOf(NOW - 2 * DAY_MS, NOW - DAY_MS);
  const issued = issueServerCertificate(
    from,
    { name: 'server', hosts: { dns: names, ips }, keyType: 'P-256' },
    { now: NOW, ...(certificate.expired ? { validity } : {}) },
  );
  return { cert: issued.certificatePem, key: issued.privateKeyPem, ca: authority.trustPem };
}

export type Change = {
  readonly host?: string;
  readonly serverName?: string;
  readonly caPem?: string;
  readonly credential?: Credential;
  readonly clientId?: string;
  readonly transport?: 'tcp' | 'tls';
  readonly localAddress?: string;
  readonly will?: NonNullable<ConnectRequest['will']>;
  readonly mqtt?: Partial<ConnectRequest['mqtt']>;
};

/** Endpoints that were used: one object for all connections to a broker, as in a run. */
const endpoints = new Map<string, ConnectRequest['endpoint']>();

function endpointOf(port: number, change: Change): ConnectRequest['endpoint'] {
  const { host = '127.0.0.1', serverName, caPem = authority.trustPem, transport = 'tls' } = change;
  const name = serverName === undefined ? {} : { serverName };
  const endpoint = { host, port, caPem, transport, ...name };
  const key = JSON.stringify(endpoint);
  const known = endpoints.get(key) ?? endpoint;
  endpoints.set(key, known);
  return known;
}

export function open(connector: Connector, port: number, change: Change = {}) {
  const heard = new Heard();
  const { credential = device, clientId = 'client-1', localAddress, will } = change;
  const connection = connector.open(
    {
      endpoint: endpointOf(port, change),
      clientId,
      credential,
      connectTimeoutMs: 10_000,
      ...(localAddress === undefined ? {} : { localAddress }),
      ...(will === undefined ? {} : { will }),
      mqtt: {
        protocolVersion: 5,
        keepAliveSeconds: 60,
        cleanStart: true,
        sessionExpirySeconds: 0,
        tls: '1.3',
        ...change.mqtt,
      },
    },
    heard,
  );
  onTestFinished(() => connection.destroy());
  return { connection, heard };
}

export function expiredDevice(): Credential {
  const request = { name: 'device-2', thingName: 'device-2', keyType: 'P-256' } as const;
  const validity = validityOf(NOW - 2 * DAY_MS, NOW - DAY_MS);
  return issueCertificate(authority, request, { now: NOW, validity });
}

/** OpenSSL's own server: unlike Node's it tells a client by an alert why it is refused. */
export async function startOpenssl(program: string): Promise<number> {
  const folder = mkdtempSync(path.join(tmpdir(), 'doppelfleet-connector-'));
  const { cert, key, ca } = tlsOf();
  for (const [name, text] of Object.entries({ cert, key, ca })) {
    writeFileSync(path.join(folder, name), String(text), { mode: 0o600 });
  }
  const files = ['-cert', 'cert', '-key', 'key', '-CAfile', 'ca'];
  const verify = ['-Verify', '2', '-verify_return_error'];
  const args = ['s_server', '-accept', '127.0.0.1:0', ...files, ...verify];
  const child = spawn(program, args, { cwd: folder, stdio: ['pipe', 'pipe', 'ignore'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  let output = '';
  for await (const chunk of child.stdout) {
    output += String(chunk);
    const port = /ACCEPT 127\.0\.0\.1:(\d+)/.exec(output)?.[1];
    if (port !== undefined) return Number(port);
  }
  throw new Error(`openssl s_server ended: ${output}`);
}

/** A clock whose timers run when the test says so. */
export function manualClock(): Clock & { runAll(): void; readonly waiting: number } {
  const timers = new Set<() => void>();
  return {
    now: Date.now,
    schedule(_at, run) {
      timers.add(run);
      return () => timers.delete(run);
    },
    runAll() {
      for (const run of [...timers]) run();
    },
    get waiting() {
      return timers.size;
    },
  };
}

/** Everything a caller might still do to a connection that has ended. */
export async function pester(connection: Connection): Promise<void> {
  connection.disconnect();
  connection.reset();
  connection.destroy();
  connection.publish({ topic: 't', payload: '', qos: 1 }, () => {});
  connection.subscribe([{ filter: 't', qos: 0 }], () => {});
  // Close events of sockets come in the next turns of the loop.
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
