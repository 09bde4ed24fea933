/**
 * NATS as the broker of a run: the installed nats-server with JetStream (which its MQTT needs), on a
 * free loopback port with mutual TLS, its debug log read as evidence. It maps certificates to users
 * that its configuration lists, has no revocation list, and speaks MQTT 3.1.1 only.
 */
import { EXIT, UserError } from '../../core/errors.ts';
import type { BrokerAdapter, BrokerStartOptions } from '../adapter.ts';
import type { BrokerCapabilities } from '../capabilities.ts';
import { freePort, startOnFreePorts } from '../loopback-port.ts';
import type { BrokerProcess } from '../process.ts';
import { NatsHandle } from './handle.ts';
import { hardenNats } from './hardening.ts';
import { findNats } from './program.ts';

/** Measured on 2.9.10; held in place by the contract tests and by `doppelfleet probe`. */
const CAPABILITIES: BrokerCapabilities = {
  protocolVersions: [4],
  brokerEvidence: true,
  takeoverVisible: true,
  certificateVisible: false,
  closeReasonVisible: false,
  refusalReasonVisible: true,
  sendsSessionTakenOver: false,
  takeoverWinner: 'newcomer',
  takeoverOrder: 'close-first',
  bindsSessionToCertificate: false,
  bindsClientId: false,
  revocationEffect: 'never',
  reloadCutsRevoked: false,
  expiryCutsLive: false,
  flappingGuard: true,
  resumesWithoutCertificate: true,
};

/** Ports are chosen free, but another program may be faster. */
const PORT_ATTEMPTS = 5;

/** The nats-server that is installed on this machine. */
export const natsBroker = {
  id: 'nats',
  title: 'NATS server with MQTT and JetStream, as installed on this machine (2.9)',
  capabilities: CAPABILITIES,
  startsSlowly: false,
  unavailable: async () => {
    const program = await findNats();
    return typeof program === 'string' ? program : undefined;
  },
  harden: hardenNats,
  start: (options: BrokerStartOptions) => startNats(options),
} satisfies BrokerAdapter;

async function startNats(options: BrokerStartOptions): Promise<BrokerProcess> {
  const program = await findNats();
  if (typeof program === 'string') throw new UserError(EXIT.unavailable, { message: program });
  const handle = await startOnFreePorts(
    PORT_ATTEMPTS,
    async () => new NatsHandle(program, options, await freePort()),
  );
  return running(handle, program.version, options);
}

function running(handle: NatsHandle, version: string, options: BrokerStartOptions): BrokerProcess {
  return {
    endpoint: { host: '127.0.0.1', port: handle.port, caPem: options.server.caPem },
    version: `nats-server ${version}`,
    pid: handle.pid,
    capabilities: CAPABILITIES,
    unreadEvidence: () => handle.unread,
    drainEvidence: () => handle.drain(),
    change: (changes) => handle.change(changes),
    reload: () => handle.reload(),
    stop: () => handle.stop(),
    kill: () => handle.kill(),
  };
}
