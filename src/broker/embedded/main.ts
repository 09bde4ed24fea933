/**
 * Entry point of the embedded broker's process; started by `adapter.ts` with `fork`. It exits by
 * itself when its parent has gone, so that nothing is left even after the parent was killed.
 */
import type { AddressInfo, Socket } from 'node:net';
import type { Server } from 'node:tls';
import { assertNever } from '../../core/assert.ts';
import type { ObservedEvent } from '../../history/event.ts';
import { Evidence } from './evidence.ts';
import { createListener, reloadListener } from './listener.ts';
import type { FromBroker, ToBroker } from './messages.ts';
import { MqttBroker } from './mqtt-broker.ts';
import { LiveRules } from './rules.ts';

/** Evidence is sent in batches: one message per event costs more than the event. */
const BATCH_MS = 5;
/** The kernel cuts this to `net.core.somaxconn`; a storm must not be refused by our own queue. */
const BACKLOG = 65_535;
/** A close passes through at most this many turns of the event loop from the wire to evidence. */
const DRAIN_TURNS_MIN = 8;
/** Draining ends after this many turns without news; on a broker that is never quiet, after all. */
const DRAIN_TURNS_QUIET = 4;
const DRAIN_TURNS_MAX = 200;
/** Clients get this long to take their last packet before the process ends. */
const CLOSE_GRACE_MS = 2000;

let batch: ObservedEvent[] = [];
let timer: NodeJS.Timeout | undefined;
/** Counts everything that leads to evidence, so that draining can see that nothing is under way. */
let activity = 0;

const evidence = new Evidence((event) => {
  activity += 1;
  batch.push(event);
  timer ??= setTimeout(flush, BATCH_MS);
}, Date.now);
const sockets = new Set<Socket>();
let running:
  | { readonly broker: MqttBroker; readonly listener: Server; readonly rules: LiveRules }
  | undefined;

process.on('disconnect', () => process.exit(0));
// The parent may have gone while this module was being loaded, before anyone listened for it.
if (!process.connected) process.exit(0);
process.on('uncaughtException', (error) => fail(error));
process.on('message', (message: ToBroker) => {
  switch (message.type) {
    case 'start':
      start(message).catch(fail);
      return;
    case 'reload':
      reload(message);
      return;
    case 'drain':
      drain(message.drain);
      return;
    case 'stop':
      stop();
      return;
    default:
      assertNever(message);
  }
});

async function start(message: Extract<ToBroker, { type: 'start' }>): Promise<void> {
  const { material } = message;
  const rules = new LiveRules(message.rules);
  const broker = new MqttBroker(evidence, rules);
  broker.on('error', (error: Error) => fail(error));
  await broker.listen();
  const server = createListener({
    material,
    rules,
    evidence,
    onDevice: (socket, peer) => {
      activity += 1;
      broker.serve(socket, evidence.opened(peer));
    },
  });
  running = { broker, listener: server, rules };
  server.on('connection', (socket: Socket) => {
    activity += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('error', fail);
  server.listen({ host: '127.0.0.1', port: 0, backlog: BACKLOG }, () => {
    const { port } = server.address() as AddressInfo;
    send({ type: 'listening', port, version: `aedes ${broker.version}` });
  });
}

function reload({ reload: id, material, rules }: Extract<ToBroker, { type: 'reload' }>): void {
  const errors: string[] = [];
  try {
    if (running !== undefined) {
      reloadListener(running.listener, material, rules);
      running.rules.current = rules;
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    errors.push(why);
  }
  send({ type: 'reloaded', reload: id, errors });
}

/**
 * Everything that reached this machine's sockets before the request is read in the next turns of
 * the event loop; turns are awaited until they bring nothing new.
 */
function drain(id: number): void {
  let seen = activity;
  let quiet = 0;
  let turns = 0;
  const turn = (): void => {
    turns += 1;
    quiet = activity === seen ? quiet + 1 : 0;
    seen = activity;
    const settled = turns >= DRAIN_TURNS_MIN && quiet >= DRAIN_TURNS_QUIET;
    if (!settled && turns < DRAIN_TURNS_MAX) {
      setImmediate(turn);
      return;
    }
    flush();
    send({ type: 'drained', drain: id });
  };
  setImmediate(turn);
}

function stop(): void {
  running?.listener.close();
  evidence.endAll();
  flush();
  const finish = (): void => {
    for (const socket of sockets) socket.destroy();
    send({ type: 'stopped' }, () => process.exit(0));
  };
  if (running === undefined) {
    finish();
    return;
  }
  const patience = setTimeout(finish, CLOSE_GRACE_MS);
  running.broker.close(() => {
    clearTimeout(patience);
    finish();
  });
}

function flush(): void {
  clearTimeout(timer);
  timer = undefined;
  if (batch.length === 0) return;
  send({ type: 'events', events: batch });
  batch = [];
}

function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  flush();
  send({ type: 'failed', message }, () => process.exit(1));
}

function send(message: FromBroker, done: () => void = () => {}): void {
  if (process.connected) process.send?.(message, undefined, {}, done);
  else done();
}
