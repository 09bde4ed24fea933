/**
 * A Redis for a test: a real server on loopback, in a folder of its own and without persistence,
 * gone when the test ends.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { TestAuthority } from './broker-certificates.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface RealRedisOptions {
  readonly password?: string;
  readonly tls?: boolean;
  /** The port of a server that has gone. */
  readonly port?: number;
  readonly host?: string;
}

export interface RealRedis {
  readonly port: number;
  /** As `--engine` takes it, without a password. */
  readonly url: string;
  readonly password: string | undefined;
  /** File of its authority, with TLS. */
  readonly caFile: string;
  readonly caPem: string;
  readonly pid: number;
  /** A connection of the test's own. */
  client(): Redis;
  /** Every command from now on, as MONITOR shows it. */
  monitor(): Promise<() => string>;
  /** Every key there is. */
  keys(): Promise<readonly string[]>;
  signal(signal: NodeJS.Signals): void;
  /** Resolves when it has ended. */
  kill(): Promise<void>;
}

export async function startRedis(options: RealRedisOptions = {}): Promise<RealRedis> {
  const { password, tls = false, host = '127.0.0.1' } = options;
  const folder = await temporaryFolder();
  const port = options.port ?? (await freePort());
  const lines = [
    `bind ${host}`,
    'save ""',
    'appendonly no',
    `dir ${folder}`,
    'protected-mode no',
    ...(tls ? ['port 0', `tls-port ${port}`, 'tls-auth-clients no'] : [`port ${port}`]),
    ...(password === undefined ? [] : [`requirepass ${password}`]),
  ];
  const caFile = join(folder, 'ca.pem');
  let caPem = '';
  if (tls) {
    const authority = new TestAuthority('Test Redis CA');
    onTestFinished(() => authority.remove());
    const server = authority.server();
    caPem = authority.caPem;
    await writeFile(caFile, caPem);
    await writeFile(join(folder, 'server.pem'), server.certificatePem);
    await writeFile(join(folder, 'server.key'), server.privateKeyPem, { mode: 0o600 });
    lines.push(
      `tls-cert-file ${folder}/server.pem`,
      `tls-key-file ${folder}/server.key`,
      `tls-ca-cert-file ${caFile}`,
    );
  }
  await writeFile(join(folder, 'redis.conf'), `${lines.join('\n')}\n`);
  const child = spawn('redis-server', [join(folder, 'redis.conf')], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGCONT');
    child.kill('SIGKILL');
    await ended;
  });
  await readyToAccept(child);
  const client = (): Redis => {
    const made = new Redis({
      host,
      port,
      protocol: 2,
      ...(password === undefined ? {} : { password }),
      ...(tls ? { tls: { ca: caPem } } : {}),
    });
    made.on('error', () => {});
    onTestFinished(() => made.disconnect());
    return made;
  };
  return {
    port,
    url: `${tls ? 'rediss' : 'redis'}://${host}:${port}`,
    password,
    caFile,
    caPem,
    pid: child.pid ?? 0,
    client,
    async monitor() {
      let seen = '';
      const socket = connect(port, host);
      onTestFinished(() => void socket.destroy());
      socket.setEncoding('latin1').on('data', (text: string) => {
        seen += text;
      });
      socket.write('MONITOR\r\n');
      await once(socket, 'data');
      return () => seen;
    },
    async keys() {
      const connection = client();
      const keys = (await connection.keys('*')).sort();
      connection.disconnect();
      return keys;
    },
    signal: (signal) => void child.kill(signal),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function readyToAccept(child: ChildProcess): Promise<void> {
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('Ready to accept connections')) resolve();
    });
    child.once('close', () => reject(new Error(`redis-server ended: ${said}`)));
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
