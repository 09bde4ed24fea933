/** A broker with several endpoints: devices are spread over all of them, in every process alike. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { realClock } from '../../src/fleet/real-clock.ts';
import { deviceCaPem } from '../../src/identity/store-authority.ts';
import {
  BROKERS,
  ensureDevices,
  ensureServer,
  externalBroker,
  localEngine,
  openStore,
  type RunOptions,
  runScenario,
} from '../../src/index.ts';
import { patientScenario } from '../support/patient-scenario.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Brokers of one name, as nodes of a cluster are, and the clients that each has let in. */
async function nodes(count: number) {
  const folder = await temporaryFolder();
  const certs = join(folder, 'certs');
  const store = openStore(certs, { now: Date.now });
  await ensureDevices(store, [{ name: 'first', thingName: 'first', keyType: 'P-256' }]);
  const server = await ensureServer(store);
  const started = [];
  for (let n = 0; n < count; n++) {
    const workFolder = join(folder, `node-${n}`);
    await mkdir(workFolder);
    const clients = new Set<string>();
    const broker = await BROKERS.embedded.start({
      clock: realClock,
      workFolder,
      server: { ...server.credential, caPem: server.caPem },
      deviceCaPem: (await deviceCaPem(store)) ?? '',
      onEvent: ({ kind, clientId }) => void (kind === 'connected' && clients.add(clientId)),
      onFailure: () => {},
    });
    onTestFinished(() => broker.stop());
    started.push({ broker, clients });
  }
  const [first, ...others] = started.map(({ broker }) => broker.endpoint);
  if (first === undefined) throw new Error('no node');
  const { host, port } = first;
  const adapter = externalBroker({ url: `mqtts://${host}:${port}`, caPem: server.caPem });
  const options: RunOptions = {
    broker: { kind: 'external', adapter, host, port },
    furtherEndpoints: others.map((one) => ({ host: one.host, port: one.port })),
    certs,
    out: join(folder, 'runs'),
    page: false,
    overrides: { timeScale: 0.6 },
  };
  return { started, options };
}

describe('a broker with several endpoints', () => {
  it('gives every device one of them, whichever process drives it', async () => {
    const homes: string[][][] = [];
    for (const workers of [1, 2]) {
      const { started, options } = await nodes(2);
      const scenario = await patientScenario('control-fleet');
      // Its one subscriber hears its own node only: these are no cluster.
      const report = await runScenario(scenario, { ...options, engine: localEngine(workers) });
      expect(report.runs[0]?.statistics.devices).toMatchObject({ total: 26, connected: 26 });
      homes.push(started.map(({ clients }) => [...clients].toSorted()));
    }
    const [alone, together] = homes;
    expect(together).toEqual(alone);
    expect(alone?.flat()).toHaveLength(26);
    for (const clients of alone ?? []) expect(clients.length).toBeGreaterThan(5);
  });

  it('is refused before the first packet when one of them does not answer', async () => {
    const { started, options } = await nodes(2);
    await started[1]?.broker.stop();
    const error = await runScenario('control-fleet', options).catch((thrown: unknown) => thrown);
    if (!(error instanceof UserError)) throw error;
    expect(error.exitCode).toBe(69);
    expect(error.message).toContain('cannot reach');
    expect(started[0]?.clients.size).toBe(0);
  });
});
