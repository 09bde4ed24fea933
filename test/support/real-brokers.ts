/**
 * Real brokers for recording their logs: Mosquitto, RabbitMQ and nats-server, each on loopback with
 * files in a folder of its own, gone with everything it has started when the test ends.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

export interface RealBroker {
  readonly port: number;
  /** The log so far. */
  log(): Promise<string>;
  /** Resolves with the log once it holds what is looked for. */
  logWith(wanted: RegExp): Promise<string>;
  /** Stops it and resolves with the whole log. */
  stop(): Promise<string>;
  /** Of RabbitMQ's management and of NATS's monitoring. */
  readonly http: string;
}

const POLL_MS = 50;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

interface Recipe {
  readonly folder: string;
  readonly command: readonly [string, ...string[]];
  readonly environment?: Readonly<Record<string, string>>;
  /** The file that the log is in; without one it is what the broker prints. */
  readonly logFile?: string;
  readonly ready: RegExp;
  readonly port: number;
  readonly http?: string;
}

async function run(recipe: Recipe): Promise<RealBroker> {
  const [program, ...args] = recipe.command;
  const child = spawn(program, args, {
    cwd: recipe.folder,
    env: { ...process.env, ...recipe.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => printed.push(text));
  }
  const log = async () =>
    recipe.logFile === undefined
      ? printed.join('')
      : readFile(recipe.logFile, 'utf8').catch(() => '');
  const logWith = async (wanted: RegExp): Promise<string> => {
    for (;;) {
      const text = await log();
      if (wanted.test(text)) return text;
      if (child.exitCode !== null) {
        throw new Error(`${program} has ended:\n${printed.join('')}${text}`);
      }
      await pause(POLL_MS);
    }
  };
  const stop = async (): Promise<string> => {
    await end(child);
    return log();
  };
  onTestFinished(() => end(child));
  await logWith(recipe.ready);
  return { port: recipe.port, http: recipe.http ?? '', log, logWith, stop };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

async function brokerFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'doppelfleet-real-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Mosquitto with its default stamps, for anonymous clients. */
export async function startMosquitto(program: string): Promise<RealBroker> {
  const folder = await brokerFolder();
  const port = await freePort();
  const configuration = path.join(folder, 'mosquitto.conf');
  await writeFile(
    configuration,
    [
      'log_dest stderr',
      'log_type all',
      ...(process.getuid?.() === 0 ? ['user root'] : []),
      `listener ${port} 127.0.0.1`,
      'allow_anonymous true',
      '',
    ].join('\n'),
  );
  return run({ folder, command: [program, '-c', configuration], ready: / running$/m, port });
}

export async function startNats(program: string): Promise<RealBroker> {
  const folder = await brokerFolder();
  const [port, client, http] = [await freePort(), await freePort(), await freePort()];
  const configuration = path.join(folder, 'nats.conf');
  await writeFile(
    configuration,
    [
      'server_name: recorded',
      'host: 127.0.0.1',
      `port: ${client}`,
      `http: "127.0.0.1:${http}"`,
      `jetstream { store_dir: ${JSON.stringify(path.join(folder, 'js'))}, max_mem: 16MB, max_file: 16MB }`,
      'debug: true',
      'logtime: true',
      `mqtt { host: 127.0.0.1, port: ${port} }`,
      '',
    ].join('\n'),
  );
  return run({
    folder,
    command: [program, '-c', configuration],
    environment: { TZ: 'UTC' },
    ready: /Server is ready/,
    port,
    http: `http://127.0.0.1:${http}`,
  });
}

const RABBITMQ = '/usr/lib/rabbitmq/lib';

/** RabbitMQ with the MQTT plugin, for anonymous clients; `epmd` runs beside it, as a child too. */
export async function startRabbitmq(epmd: string): Promise<RealBroker> {
  const folder = await brokerFolder();
  const [port, amqp, distribution, http, names] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const [version] = (await readdir(RABBITMQ)).filter((name) => name.startsWith('rabbitmq_server-'));
  if (version === undefined) throw new Error(`no RabbitMQ in ${RABBITMQ}`);
  const server = path.join(RABBITMQ, version);
  const logFile = path.join(folder, 'log', 'rabbit.log');
  await mkdir(path.join(folder, 'home'));
  await writeFile(
    path.join(folder, 'rabbitmq.conf'),
    [
      `listeners.tcp.local = 127.0.0.1:${amqp}`,
      `distribution.listener.port_range.min = ${distribution}`,
      `distribution.listener.port_range.max = ${distribution}`,
      `mqtt.listeners.tcp.default = 127.0.0.1:${port}`,
      'mqtt.allow_anonymous = true',
      `log.file = ${logFile}`,
      'log.file.level = debug',
      'management.tcp.ip = 127.0.0.1',
      `management.tcp.port = ${http}`,
      '',
    ].join('\n'),
  );
  await writeFile(
    path.join(folder, 'enabled_plugins'),
    '[rabbitmq_mqtt,rabbitmq_event_exchange,rabbitmq_management].\n',
  );
  const nameServer = spawn(epmd, ['-port', String(names), '-address', '127.0.0.1'], {
    stdio: 'ignore',
  });
  onTestFinished(() => end(nameServer));
  return run({
    folder,
    command: [path.join(server, 'sbin', 'rabbitmq-server')],
    environment: {
      HOME: path.join(folder, 'home'),
      RABBITMQ_NODENAME: `recorded${port}@localhost`,
      RABBITMQ_MNESIA_BASE: path.join(folder, 'mnesia'),
      RABBITMQ_LOG_BASE: path.join(folder, 'log'),
      RABBITMQ_CONFIG_FILE: path.join(folder, 'rabbitmq.conf'),
      RABBITMQ_ENABLED_PLUGINS_FILE: path.join(folder, 'enabled_plugins'),
      RABBITMQ_PLUGINS_EXPAND_DIR: path.join(folder, 'plugins'),
      RABBITMQ_CONF_ENV_FILE: '/dev/null',
      ERL_EPMD_PORT: String(names),
      ERL_EPMD_ADDRESS: '127.0.0.1',
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
        '+S 1:1 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}',
    },
    logFile,
    ready: /Server startup complete/,
    port,
    http: `http://127.0.0.1:${http}`,
  });
}
