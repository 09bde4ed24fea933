/**
 * A real broker with controls, two devices that share a certificate and are connected, and what
 * broker actions are given: without a fleet or a run around it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { BrokerAdapter, RunningBroker } from '../../src/broker/adapter.ts';
import type { BrokerConfiguration } from '../../src/broker/configuration.ts';
import { withControls } from '../../src/broker/controls.ts';
import { DAY_MS, HOUR_MS } from '../../src/core/time.ts';
import { type Authority, newAuthority } from '../../src/identity/authority.ts';
import { buildCrl, crlPem } from '../../src/identity/crl-build.ts';
import { issueCertificate, issueServerCertificate } from '../../src/identity/issue.ts';
import { serverHosts } from '../../src/identity/names.ts';
import type { BrokerUnderTest } from '../../src/mitigation/broker-under-test.ts';
import { RevocationRegister } from '../../src/mitigation/revocations.ts';
import { WireClient } from '../../src/script/wire-client.ts';
import { REAL_CLOCK } from './broker-harness.ts';

/** Serial number that stands on the list from the start. */
export const REVOKED_BEFORE = '0badc0de';

export async function mitigatedBroker(
  adapter: BrokerAdapter,
  wrap: (broker: RunningBroker) => RunningBroker = (broker) => broker,
  configuration?: BrokerConfiguration,
) {
  const now = Date.now();
  const [fleet, servers] = await Promise.all(
    ['fleet', 'servers'].map((title) => newAuthority({ now, title })),
  );
  if (fleet === undefined || servers === undefined) throw new Error('no authority');
  const issue = (name: string) =>
    issueCertificate(fleet, { name, thingName: name, keyType: 'P-256' }, { now });
  const [control, shared] = [issue('control'), issue('pump-1')];
  // Nobody is connected with these.
  const [other, spare] = [issue('valve-1'), issue('valve-2')];
  const server = issueServerCertificate(
    servers,
    { name: 'server', hosts: serverHosts([]), keyType: 'P-256' },
    { now },
  );
  const controlled = withControls(adapter.id, configuration);
  if ('lacks' in controlled) throw new Error(controlled.lacks);
  const startList = listOf(fleet, now);
  const folder = await mkdtemp(join(tmpdir(), 'doppelfleet-mitigated-'));
  const started = await adapter.start({
    clock: REAL_CLOCK,
    workFolder: folder,
    server: { ...server, caPem: servers.trustPem },
    deviceCaPem: fleet.trustPem,
    configuration: controlled.configuration,
    crlPem: startList,
    principals: ['control', 'pump-1', 'valve-1', 'valve-2'],
    onEvent: () => {},
    onFailure: () => {},
  });
  const broker = wrap(started);
  const clients: { device: string; certificateId: string; client: WireClient }[] = [];
  const connect = async (device: string, credential = shared): Promise<WireClient> => {
    const client = await WireClient.connect({
      endpoint: started.endpoint,
      credential,
      clientId: device,
      protocolVersion: 4,
    });
    clients.push({ device, certificateId: credential.certificateId, client });
    return client;
  };
  onTestFinished(async () => {
    await Promise.all(clients.map(({ client }) => client.drop()));
    await started.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const credentials = new Map([shared, other, spare].map((one) => [one.certificateId, one]));
  const subject: BrokerUnderTest = {
    broker,
    id: adapter.id,
    cannot: controlled.cannot,
    ...(controlled.quarantine === undefined ? {} : { quarantine: controlled.quarantine }),
    revocations: new RevocationRegister(fleet, startList),
    control,
    holders: {
      credential: (id) => credentials.get(id),
      devices: (id) =>
        clients
          .filter((one) => one.certificateId === id)
          .map(({ device, client }) => ({
            device,
            certificate: credentials.get(id)?.name ?? '',
            role: device === credentials.get(id)?.thingName ? 'owner' : 'sharer',
            live: client.isOpen,
          })),
      commonNames: (id) => [credentials.get(id)?.thingName ?? ''],
      sessions: (id) =>
        clients
          .filter(({ certificateId, client }) => certificateId === id && client.isOpen)
          .map(({ device }) => ({ device, connectedAt: 0 })),
      change: (at) =>
        new Promise((resolve) => {
          const timer = setTimeout(resolve, at - Date.now());
          for (const { client } of clients) {
            if (client.isOpen) void client.ended.then(() => resolve(clearTimeout(timer)));
          }
        }),
    },
    clock: REAL_CLOCK,
    signal: new AbortController().signal,
  };
  await connect('pump-1');
  await connect('pump-2');
  return { subject, shared, other, spare, connect, started };
}

function listOf(authority: Authority, now: number): string {
  const revoked = [{ serialNumber: REVOKED_BEFORE, revokedAt: now - HOUR_MS }];
  const content = { thisUpdate: now - HOUR_MS, nextUpdate: now + DAY_MS, number: 1, revoked };
  return crlPem(buildCrl(authority, content));
}
