/** A broker that lets everyone in and then answers nothing: nothing can be told of what it does. */
import { describe, expect, test } from 'vitest';
import { embeddedBroker } from '../../src/broker/embedded/adapter.ts';
import { scriptSchema } from '../../src/script/schema.ts';
import { VERB_ACTIONS } from '../../src/script/verbs/registry.ts';
import { WireClient } from '../../src/script/wire-client.ts';
import { type ScriptPorts, World } from '../../src/script/world.ts';
import { device, tlsOf } from '../fleet/connector-harness.ts';
import { startServer } from '../fleet/mqtt-server.ts';

const ACCEPTED = Buffer.of(0x20, 3, 0, 0, 0);

const SCRIPT = scriptSchema.parse({
  name: 't',
  purpose: 'p',
  clients: { owner: {} },
  steps: [
    { session: { client: 'owner', is: 'open' } },
    { publish: { client: 'owner', topic: 'a', payload: 'm' } },
    { receive: { client: 'owner', payload: 'm' }, expect: 'nothing', risk: 'r' },
  ],
});

/** A world in which `owner` is connected to a server that says no more than CONNACK. */
async function mute(): Promise<World> {
  const server = await startServer({ ...tlsOf(), answer: ACCEPTED });
  const endpoint = { host: '127.0.0.1', port: server.port, caPem: String(tlsOf().ca) };
  const ports: ScriptPorts = {
    broker: {
      endpoint,
      version: 'mute',
      capabilities: embeddedBroker.capabilities,
      unreadEvidence: () => ({ lines: 0, examples: [] }),
      drainEvidence: async () => {},
      change: async () => {},
      reload: async () => [],
      stop: async () => {},
      kill: () => {},
    },
    protocolVersion: 5,
    clientIdSuffix: '',
    credentials: new Map(),
    revocationList: () => null,
    authorities: () => '',
    principals: [],
    routingGraceMs: 0,
    brokerEvents: () => [],
    record: () => {},
    now: Date.now,
    signal: new AbortController().signal,
  };
  const world = new World(SCRIPT, ports);
  const wire = await WireClient.connect({
    endpoint,
    credential: device,
    clientId: 'owner',
    protocolVersion: 5,
    // Of every answer that is waited for in vain.
    timeoutMs: 150,
    connectTimeoutMs: 10_000,
  });
  const actor = world.actor('owner');
  actor.wire = wire;
  actor.wires.push(wire);
  return world;
}

describe('where the broker has stopped answering, it can’t be told', () => {
  test.each([
    ['whether a session is open', 'session', 0],
    ['whether a message was taken', 'publish', 1],
    ['whether nothing would have come', 'receive', 2],
  ] as const)('%s', async (_what, verb, index) => {
    const world = await mute();
    const step = SCRIPT.steps[index];
    if (step === undefined) throw new Error('no such step');
    expect(await VERB_ACTIONS[verb](step, world)).toEqual({
      holds: undefined,
      because: 'the broker has stopped answering owner',
    });
    await world.close();
    expect(world.actor('owner').wire?.isOpen).toBe(false);
  });
});
