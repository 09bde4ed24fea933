/** One broker for several runs: one at a time, each with its own evidence and nobody else's. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BrokerStartOptions } from '../../src/broker/adapter.ts';
import { embeddedBroker } from '../../src/broker/embedded/adapter.ts';
import { type SharedBroker, shareBroker } from '../../src/broker/lease.ts';
import { TestAuthority, type TestCredential } from '../support/broker-certificates.ts';
import { TestClient } from '../support/broker-client.ts';
import { REAL_CLOCK } from '../support/broker-harness.ts';
import { requireProgram } from '../support/programs.ts';

const openssl = requireProgram('openssl');

describe.skipIf(!openssl.available)(`a shared broker${openssl.note}`, () => {
  let authority: TestAuthority;
  let server: TestCredential;
  let device: TestCredential;
  let folder: string;
  let shared: SharedBroker;
  let starts: BrokerStartOptions[];
  let unreadable: boolean;

  beforeAll(() => {
    authority = new TestAuthority();
    server = authority.server();
    device = authority.device('device-1');
  });
  afterAll(() => authority.remove());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'doppelfleet-lease-'));
    starts = [];
    unreadable = false;
    // The real broker; its starts are counted, and its log can be made unreadable.
    const adapter = {
      ...embeddedBroker,
      startsSlowly: true,
      start: async (options: BrokerStartOptions) => {
        starts.push(options);
        const broker = await embeddedBroker.start(options);
        const drainEvidence = async (): Promise<void> => {
          if (unreadable) throw new Error('its log stood still');
          await broker.drainEvidence();
        };
        return { ...broker, drainEvidence };
      },
    };
    shared = shareBroker(adapter, { workFolder: folder, principals: ['device-1', 'device-2'] });
  });
  afterEach(async () => {
    await shared.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Starts a run on the shared broker; `seen` are the client IDs of its evidence. */
  async function lease(more: Partial<BrokerStartOptions> = {}) {
    const seen: string[] = [];
    const failures: string[] = [];
    const broker = await shared.adapter.start({
      clock: REAL_CLOCK,
      workFolder: folder,
      server: { ...server, caPem: authority.caPem },
      deviceCaPem: authority.caPem,
      onEvent: ({ kind, clientId }) => seen.push(`${kind} ${clientId}`),
      onFailure: (message) => failures.push(message),
      ...more,
    });
    return { broker, seen, failures };
  }

  async function connectAs(clientId: string, endpoint: { host: string; port: number }) {
    const client = await TestClient.open({
      endpoint: { ...endpoint, caPem: authority.caPem },
      credential: device,
      clientId,
    });
    expect(await client.connack).toBe(0);
    return client;
  }

  test('serves run after run with one start, and each sees its own evidence', async () => {
    const first = await lease();
    const one = await connectAs('one', first.broker.endpoint);
    one.socket.destroy();
    await one.ended;
    await first.broker.stop();
    const second = await lease();
    await connectAs('two', second.broker.endpoint).then((client) => client.socket.destroy());
    await second.broker.drainEvidence();
    expect(first.seen).toEqual(['connected one', 'closed one']);
    expect(second.seen[0]).toBe('connected two');
    expect(second.seen.filter((line) => line.includes('one'))).toEqual([]);
    expect(second.broker.endpoint).toEqual(first.broker.endpoint);
    expect(starts).toHaveLength(1);
    expect(starts[0]?.principals).toEqual(['device-1', 'device-2']);
    await second.broker.stop();
  });

  test('is held by one run at a time', async () => {
    const first = await lease();
    let held = false;
    const waiting = lease().then((second) => {
      held = true;
      return second;
    });
    await connectAs('one', first.broker.endpoint).then((client) => client.socket.destroy());
    expect(held).toBe(false);
    await first.broker.stop();
    await first.broker.stop();
    await (await waiting).broker.stop();
    expect(starts).toHaveLength(1);
  });

  test('starts anew for other authorities, another revocation list or more users', async () => {
    const other = new TestAuthority();
    try {
      for (const more of [
        {},
        { deviceCaPem: other.caPem },
        { deviceCaPem: other.caPem },
        { otherCaPem: other.caPem },
        { otherCaPem: other.caPem, principals: ['device-3'] },
        { otherCaPem: other.caPem, principals: ['device-1'] },
      ]) {
        const { broker } = await lease(more);
        await broker.stop();
      }
    } finally {
      other.remove();
    }
    expect(starts).toHaveLength(4);
  });

  test('that was killed by a run is fresh for the next one', async () => {
    const first = await lease();
    first.broker.kill();
    await first.broker.stop();
    const second = await lease();
    await connectAs('two', second.broker.endpoint).then((client) => client.socket.destroy());
    expect(starts).toHaveLength(2);
    await second.broker.stop();
  });

  test('whose log could not be read to the end is fresh for the next run', async () => {
    const first = await lease();
    unreadable = true;
    await expect(first.broker.stop()).rejects.toThrow('its log stood still');
    unreadable = false;
    const second = await lease();
    expect(starts).toHaveLength(2);
    await second.broker.stop();
  });

  test('is free again when it could not be started', async () => {
    const broken = { server: { ...server, certificatePem: 'none', caPem: authority.caPem } };
    await expect(lease(broken)).rejects.toThrow();
    const { broker } = await lease();
    await broker.stop();
  });

  test('lets no run change what the others rely on', async () => {
    const { broker } = await lease();
    await expect(broker.change({ crlPem: null })).rejects.toThrow('serves several runs');
    await expect(broker.reload()).rejects.toThrow('serves several runs');
    await broker.stop();
  });

  test('has gone when it is closed, also when it never ran', async () => {
    const { broker } = await lease();
    const client = await connectAs('one', broker.endpoint);
    await broker.stop();
    await shared.close();
    await client.ended;
    await shared.close();
    await expect(lease()).rejects.toThrow('after its end');
    expect(starts).toHaveLength(1);
  });
});
