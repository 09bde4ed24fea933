/** A Mosquitto with mutual TLS on a free loopback port, and devices that it will accept. */
import type { BrokerEndpoint } from '../src/broker/adapter.ts';
import { startMosquitto } from '../src/broker/mosquitto/adapter.ts';
import { realClock } from '../src/fleet/real-clock.ts';
import type { Credential } from '../src/identity/types.ts';
import { issueFleet, memberNames } from './issued-fleet.ts';

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
  const { trustPem, server, credentials } = await issueFleet(memberNames('device', devices));
  const broker = await startMosquitto({
    clock: realClock,
    workFolder: folder,
    server: { ...server, caPem: trustPem },
    deviceCaPem: trustPem,
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
