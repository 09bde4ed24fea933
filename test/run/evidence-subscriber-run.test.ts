/**
 * A whole run on a broker elsewhere whose own records come over MQTT: the embedded broker stands in
 * for EMQX, and a client republishes what it records, in the documented shape of EMQX's events.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import '../../src/vitest.ts';
import { realClock } from '../../src/fleet/real-clock.ts';
import type { ObservedEvent } from '../../src/history/event.ts';
import { deviceCaPem } from '../../src/identity/store-authority.ts';
import {
  BROKERS,
  ensureDevices,
  ensureServer,
  evidenceSubscriber,
  externalBroker,
  openStore,
  PROFILES,
  runScenario,
} from '../../src/index.ts';
import { WireClient } from '../../src/script/wire-client.ts';
import { patientScenario } from '../support/patient-scenario.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const REASONS: Readonly<Record<string, string>> = {
  'client-initiated': 'normal',
  'session-taken-over': 'takenover',
  'keep-alive-timeout': 'keepalive_timeout',
};

function asEmqx(event: ObservedEvent): string {
  const { clientId, ip, port, at, reason = '', keepAliveSeconds, cleanStart } = event;
  const connected = event.kind === 'connected';
  return JSON.stringify({
    event: connected ? 'client.connected' : 'client.disconnected',
    clientid: clientId,
    peername: `${ip}:${port}`,
    timestamp: at,
    ...(connected
      ? { connected_at: at, keepalive: keepAliveSeconds, clean_start: cleanStart, proto_ver: 5 }
      : { disconnected_at: at, reason: REASONS[reason] ?? 'tcp_closed' }),
  });
}

test('is met with takeovers that the broker itself has named', async () => {
  const folder = await temporaryFolder();
  const certs = join(folder, 'certs');
  const store = openStore(certs, { now: Date.now });
  const names = ['watcher', 'republisher'];
  const credentials = await ensureDevices(
    store,
    names.map((name) => ({ name, thingName: name, keyType: 'P-256' })),
  );
  const server = await ensureServer(store);
  const workFolder = join(folder, 'work');
  await mkdir(workFolder);
  const early: ObservedEvent[] = [];
  let republish = (event: ObservedEvent): void => void early.push(event);
  const broker = await BROKERS.embedded.start({
    clock: realClock,
    workFolder,
    server: { ...server.credential, caPem: server.caPem },
    deviceCaPem: (await deviceCaPem(store)) ?? '',
    onEvent: (event) => republish(event),
    onFailure: (message) => expect.fail(message),
  });
  try {
    const [watcher, republisher] = names.map((name) => credentials.get(name));
    if (watcher === undefined || republisher === undefined) throw new Error('no credentials');
    const client = await WireClient.connect({
      endpoint: broker.endpoint,
      clientId: 'republisher',
      protocolVersion: 4,
      credential: republisher,
    });
    republish = ({ ...event }) => {
      if (event.clientId === 'republisher' || event.kind === 'connect-failed') return;
      void client.publish({ topic: 'doppelfleet/evidence', payload: asEmqx(event), qos: 1 });
    };
    for (const event of early) republish(event);
    const { host, port, caPem } = broker.endpoint;
    const profile = PROFILES.emqx;
    const evidence = evidenceSubscriber({ profile, credential: watcher, quietMs: 300 });
    const adapter = externalBroker({ url: `mqtts://${host}:${port}`, caPem, profile, evidence });
    const report = await runScenario(await patientScenario('cloned-client-ids'), {
      broker: { kind: 'external', adapter, host, port },
      certs,
      out: join(folder, 'runs'),
      overrides: { timeScale: 0.4 },
    });
    expect(report).toBeMet();
    const findings = report.runs[0]?.audit.findings ?? [];
    const conflicts = findings.filter((one) => one.checkName.startsWith('CONFLICTING'));
    expect(conflicts.length).toBeGreaterThan(0);
    for (const one of conflicts) expect(one.doppelfleet.inferred).not.toContain('reason');
    await client.disconnect();
  } finally {
    await broker.stop();
  }
});
