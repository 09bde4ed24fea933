/**
 * Mosquitto as the broker of a run: the installed program, started on a free loopback port with
 * mutual TLS, its log read as evidence. Its log names no certificate (only the common name), and
 * only 2.0.15 and later tell an evicted MQTT 5 client so.
 */
import { createServer } from 'node:net';
import { EXIT, UserError } from '../../core/errors.ts';
import { isAtLeast } from '../../history/formats/mosquitto-lines.ts';
import type { BrokerAdapter, BrokerCapabilities, BrokerStartOptions } from '../adapter.ts';
import type { BrokerProcess } from '../process.ts';
import { MosquittoHandle } from './handle.ts';
import { findMosquitto } from './program.ts';

/** Held in place by the contract tests; for the oldest version that can be used. */
const CAPABILITIES: BrokerCapabilities = {
  protocolVersions: [3, 4, 5],
  brokerEvidence: true,
  takeoverVisible: true,
  certificateVisible: false,
  sendsSessionTakenOver: false,
};

/** Ports are chosen free, but another program may be faster. */
const PORT_ATTEMPTS = 5;

/** The Mosquitto that is installed on this machine. */
export const mosquittoBroker = {
  id: 'mosquitto',
  title: 'Eclipse Mosquitto, as installed on this machine (2.0 or later)',
  capabilities: CAPABILITIES,
  unavailable: async () => {
    const program = await findMosquitto();
    return typeof program === 'string' ? program : undefined;
  },
  start: (options: BrokerStartOptions) => startMosquitto(options),
} satisfies BrokerAdapter;

/** Starts it, on another port if the chosen one turns out to be taken. */
export async function startMosquitto(
  options: BrokerStartOptions,
  choosePort = freePort,
): Promise<BrokerProcess> {
  const program = await findMosquitto();
  if (typeof program === 'string') throw new UserError(EXIT.unavailable, { message: program });
  let refusal = '';
  for (let attempt = 0; attempt < PORT_ATTEMPTS; attempt++) {
    const handle = new MosquittoHandle(program, options);
    const port = await choosePort();
    const refused = await handle.start(port);
    if (refused === undefined) return running(handle, port, program.version, options);
    refusal = refused;
    if (!refusal.includes('Address already in use')) break;
  }
  throw new UserError(EXIT.unavailable, {
    message: `mosquitto ${program.version} could not be started: ${refusal}`,
    hint: `its whole log is ${options.workFolder}/broker.log`,
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0 }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}

function running(
  handle: MosquittoHandle,
  port: number,
  version: string,
  options: BrokerStartOptions,
): BrokerProcess {
  return {
    endpoint: { host: '127.0.0.1', port, caPem: options.server.caPem },
    version: `mosquitto ${version}`,
    pid: handle.pid,
    // ChangeLog of 2.0.15, #2607.
    capabilities: { ...CAPABILITIES, sendsSessionTakenOver: isAtLeast(version, [2, 0, 15]) },
    unreadEvidence: () => handle.unread,
    drainEvidence: () => handle.drain(),
    stop: () => handle.stop(),
    kill: () => handle.kill(),
  };
}
