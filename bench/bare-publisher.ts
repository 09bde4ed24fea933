/**
 * Bare sockets that write ready-made PUBLISH packets of QoS 0: flat out, or one packet at a time at
 * a given rate. What no MQTT client can be faster than.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { generate } from 'mqtt-packet';
import type { BrokerEndpoint } from '../src/broker/adapter.ts';
import { answerParent } from './child.ts';

export interface BareQuestion {
  readonly endpoint: BrokerEndpoint;
  readonly connections: number;
  readonly seconds: number;
  /** Of all connections together; flat out if it is absent. */
  readonly perSecond?: number;
}

export interface BareAnswer {
  readonly written: number;
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Packets of one write when there is no rate to keep. */
const AT_ONCE = 20;
const TICK_MS = 1;

interface Sender {
  readonly socket: Socket;
  readonly packet: Buffer;
}

answerParent(async (question: BareQuestion): Promise<BareAnswer> => {
  const { endpoint, connections, seconds, perSecond } = question;
  const senders = await Promise.all(
    Array.from({ length: connections }, (_, index) => open(endpoint, `bare-${index + 1}`)),
  );
  const startedAt = performance.now();
  const cpu = process.cpuUsage();
  const written = await (perSecond === undefined
    ? flood(senders, seconds)
    : pace(senders, seconds, perSecond));
  const { user, system } = process.cpuUsage(cpu);
  const wallMs = performance.now() - startedAt;
  for (const { socket } of senders) if (!socket.destroyed) socket.end();
  await Promise.all(senders.map(({ socket }) => socket.closed || once(socket, 'close')));
  return { written, wallMs, cpuMs: (user + system) / 1000 };
});

async function open({ host, port }: BrokerEndpoint, clientId: string): Promise<Sender> {
  const socket = connect({ host, port, noDelay: true });
  const version = { protocolVersion: 5 } as const;
  socket.write(
    generate(
      { cmd: 'connect', protocolId: 'MQTT', ...version, clientId, clean: true, keepalive: 600 },
      version,
    ),
  );
  // CONNACK.
  await once(socket, 'data');
  socket.resume();
  const packet = generate(
    {
      cmd: 'publish',
      topic: `fleet/${clientId}/telemetry`,
      payload: `{"seq":1000,"at":${Date.now()}}`,
      qos: 0,
      dup: false,
      retain: false,
    },
    version,
  );
  return { socket, packet };
}

/** As much as the sockets take; what they still hold then is not waited for. */
async function flood(senders: readonly Sender[], seconds: number): Promise<number> {
  let written = 0;
  let ended = false;
  for (const { socket, packet } of senders) {
    const chunk = Buffer.concat(Array.from({ length: AT_ONCE }, () => packet));
    const pump = (): void => {
      do written += AT_ONCE;
      while (!ended && socket.write(chunk));
    };
    socket.on('drain', pump);
    pump();
  }
  await wait(1000 * seconds);
  ended = true;
  for (const { socket } of senders) socket.resetAndDestroy();
  return written;
}

/** Every connection in its turn. */
function pace(senders: readonly Sender[], seconds: number, perSecond: number): Promise<number> {
  const startedAt = performance.now();
  let written = 0;
  return new Promise((resolve) => {
    const ticker = setInterval(() => {
      const passed = Math.min(seconds, (performance.now() - startedAt) / 1000);
      for (; written < passed * perSecond; written++) {
        const sender = senders[written % senders.length];
        sender?.socket.write(sender.packet);
      }
      if (passed < seconds) return;
      clearInterval(ticker);
      resolve(written);
    }, TICK_MS);
  });
}
