/**
 * Connects devices through the fleet's connector, as a worker process would, and does nothing else; its CPU and memory are the
 * figures. Asked with credentials it connects them all and keeps them; asked to release, it
 * disconnects everything.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { BrokerEndpoint } from '../src/broker/adapter.ts';
import { collectAsFleet } from '../src/fleet/collector.ts';
import type { Connection } from '../src/fleet/connector.ts';
import { mqttConnector } from '../src/fleet/mqtt-connector.ts';
import { realClock } from '../src/fleet/real-clock.ts';
import type { Credential } from '../src/identity/types.ts';
import { answerParent } from './child.ts';
import { MQTT } from './plain-session.ts';

export type FleetQuestion =
  | { readonly connect: readonly Credential[]; readonly endpoint: BrokerEndpoint }
  | 'release';

export interface FleetRound {
  readonly cpuMs: number;
  readonly wallMs: number;
  /** Before and after, each once the garbage is collected, where the process may do so. */
  readonly residentKiB: readonly [before: number, after: number];
  readonly heapKiB: readonly [before: number, after: number];
}

/** Enough that neither side waits for the other: at 900/s as many are on their way. */
const AT_ONCE = 32;

collectAsFleet();
const connector = await mqttConnector(realClock);
const open = new Set<Connection>();
let allReleased = (): void => {};

answerParent(async (question: FleetQuestion) => {
  if (question === 'release') {
    await release();
    return 'released';
  }
  const { connect, endpoint } = question;
  const before = await settledMemory();
  const startedAt = performance.now();
  const cpu = process.cpuUsage();
  const waiting = [...connect].reverse();
  const worker = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      await connected(next, endpoint);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const { user, system } = process.cpuUsage(cpu);
  const wallMs = performance.now() - startedAt;
  const after = await settledMemory();
  return {
    cpuMs: (user + system) / 1000,
    wallMs,
    residentKiB: [before.rss / 1024, after.rss / 1024],
    heapKiB: [before.heapUsed / 1024, after.heapUsed / 1024],
  } satisfies FleetRound;
});

/** Resolves at CONNACK. */
function connected(credential: Credential, endpoint: BrokerEndpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    const connection = connector.open(
      { endpoint, clientId: credential.name, credential, mqtt: MQTT, connectTimeoutMs: 30_000 },
      {
        connected: () => resolve(),
        failed: ({ raw }) => reject(new Error(`no connection: ${raw}`)),
        closed: () => {
          open.delete(connection);
          if (open.size === 0) allReleased();
        },
        received: () => {},
      },
    );
    open.add(connection);
  });
}

function release(): Promise<void> {
  return new Promise((resolve) => {
    allReleased = resolve;
    for (const connection of open) connection.disconnect();
  });
}

async function settledMemory(): Promise<NodeJS.MemoryUsage> {
  if (globalThis.gc === undefined) return process.memoryUsage();
  // Finalisers run between collections, and what they free takes another one.
  for (let pass = 0; pass < 3; pass++) {
    globalThis.gc();
    await wait(50);
  }
  return process.memoryUsage();
}
