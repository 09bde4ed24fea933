/** A Mosquitto with mutual TLS on a free loopback port, and devices that it will accept. */
import type { BrokerEndpoint } from '../src/broker/adapter.ts';
import { startMosquitto } from '../src/broker/mosquitto/adapter.ts';
import { realClock } from '../src/fleet/real-clock.ts';
import { newAuthority } from '../src/identity/authority.ts';
import { issueCertificate, issueServerCertificate } from '../src/identity/issue.ts';
import { serverHosts } from '../src/identity/names.ts';
import type { Credential } from '../src/identity/types.ts';

export interface Seat {
  readonly endpoint: BrokerEndpoint;
  /** Version as the broker says it. */
  readonly broker: string;
  readonly pid: number;
  readonly credentials: readonly Credential[];
  stop(): Promise<void>;
}

/** Starts it in `folder` and issues certificates for `devices` devices. */
export async function takeSeat(folder: string, devices: number): Promise<Seat> {
  const now = Date.now();
  const authority = await newAuthority({ now });
  const server = issueServerCertificate(
    authority,
    { name: 'server', hosts: serverHosts([]), keyType: 'P-256' },
    { now },
  );
  const credentials = Array.from({ length: devices }, (_, index) => {
    const name = `device-${index + 1}`;
    return issueCertificate(authority, { name, thingName: name, keyType: 'P-256' }, { now });
  });
  const broker = await startMosquitto({
    clock: realClock,
    workFolder: folder,
    server: { ...server, caPem: authority.trustPem },
    deviceCaPem: authority.trustPem,
    onEvent: () => {},
    onFailure: (message) => process.stderr.write(`${message}\n`),
  });
  return {
    endpoint: broker.endpoint,
    broker: broker.version,
    pid: broker.pid,
    credentials,
    stop: () => broker.stop(),
  };
}
