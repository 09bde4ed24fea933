/**
 * RabbitMQ as the broker of a run: the installed server with its MQTT plugin only, on free loopback
 * ports with mutual TLS, its debug log read as evidence. Every common name needs a user. It speaks
 * MQTT 3.1 and 3.1.1, reads its revocation list at every handshake, certificates and authorities when it
 * is told to, its definitions as well, and its settings never again.
 */
import { EXIT, UserError } from '../../core/errors.ts';
import type { BrokerAdapter, BrokerStartOptions } from '../adapter.ts';
import type { BrokerCapabilities } from '../capabilities.ts';
import { freePort, startOnFreePorts } from '../loopback-port.ts';
import type { BrokerProcess } from '../process.ts';
import type { NodePorts } from './configuration.ts';
import { RabbitmqHandle } from './handle.ts';
import { hardenRabbitmq } from './hardening.ts';
import { findRabbitmq } from './program.ts';

/** Measured on 3.10.8; held in place by the contract tests and by `doppelfleet probe`. */
const CAPABILITIES: BrokerCapabilities = {
  protocolVersions: [3, 4],
  brokerEvidence: true,
  takeoverVisible: true,
  certificateVisible: false,
  closeReasonVisible: true,
  refusalReasonVisible: true,
  sendsSessionTakenOver: false,
  takeoverWinner: 'newcomer',
  takeoverOrder: 'close-first',
  bindsSessionToCertificate: false,
  bindsClientId: false,
  revocationEffect: 'at-handshake',
  reloadCutsRevoked: false,
  expiryCutsLive: false,
  flappingGuard: false,
  // By TLS 1.2; it gives out no tickets of TLS 1.3.
  resumesWithoutCertificate: true,
};

/** Ports are chosen free, but another program may be faster. */
const PORT_ATTEMPTS = 3;

/** The RabbitMQ that is installed on this machine. */
export const rabbitmqBroker = {
  id: 'rabbitmq',
  title: 'RabbitMQ with its MQTT plugin, as installed on this machine (3.10)',
  capabilities: CAPABILITIES,
  startsSlowly: true,
  unavailable: async () => {
    const program = await findRabbitmq();
    return typeof program === 'string' ? program : undefined;
  },
  harden: hardenRabbitmq,
  start: (options: BrokerStartOptions) => startRabbitmq(options),
} satisfies BrokerAdapter;

async function startRabbitmq(options: BrokerStartOptions): Promise<BrokerProcess> {
  const program = await findRabbitmq();
  if (typeof program === 'string') throw new UserError(EXIT.unavailable, { message: program });
  const handle = await startOnFreePorts(
    PORT_ATTEMPTS,
    async () => new RabbitmqHandle(program, options, await choosePorts()),
  );
  return running(handle, program.version, options);
}

async function choosePorts(): Promise<NodePorts> {
  const ports = new Set<number>();
  while (ports.size < 3) ports.add(await freePort());
  const [mqtt = 0, distribution = 0, names = 0] = ports;
  return { mqtt, distribution, names };
}

function running(
  handle: RabbitmqHandle,
  version: string,
  options: BrokerStartOptions,
): BrokerProcess {
  return {
    endpoint: { host: '127.0.0.1', port: handle.ports.mqtt, caPem: options.server.caPem },
    version: `rabbitmq-server ${version}`,
    pid: handle.pid,
    capabilities: capabilitiesOf(handle),
    unreadEvidence: () => handle.unread,
    drainEvidence: () => handle.drain(),
    change: (changes) => handle.change(changes),
    reload: () => handle.reload(),
    stop: () => handle.stop(),
    kill: () => handle.kill(),
  };
}

/** What its configuration makes of it. */
function capabilitiesOf({ isSilent, checksRevocation }: RabbitmqHandle): BrokerCapabilities {
  const silence = {
    takeoverVisible: false,
    closeReasonVisible: false,
    refusalReasonVisible: false,
    takeoverOrder: 'not-shown',
  } as const;
  return {
    ...CAPABILITIES,
    ...(isSilent ? silence : {}),
    revocationEffect: checksRevocation ? 'at-handshake' : 'never',
  };
}
