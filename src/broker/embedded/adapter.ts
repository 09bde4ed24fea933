/**
 * The embedded broker: aedes behind mutual TLS in a process of its own, so that its work does not
 * disturb the clock of the fleet, and so that nothing needs to be installed. It shows everything:
 * certificate IDs, ports, and why each session ended.
 */
import type { BrokerAdapter, BrokerCapabilities, BrokerStartOptions } from '../adapter.ts';
import type { BrokerProcess } from '../process.ts';
import { EmbeddedHandle } from './handle.ts';

/** Held in place by the contract tests. */
const CAPABILITIES: BrokerCapabilities = {
  protocolVersions: [3, 4, 5],
  brokerEvidence: true,
  takeoverVisible: true,
  certificateVisible: true,
  sendsSessionTakenOver: true,
};

/** The broker that comes with doppelfleet; always available. */
export const embeddedBroker = {
  id: 'embedded',
  title: 'aedes 2 in a process of its own; needs no installation',
  capabilities: CAPABILITIES,
  unavailable: async () => undefined,
  start: startEmbedded,
} satisfies BrokerAdapter;

async function startEmbedded(options: BrokerStartOptions): Promise<BrokerProcess> {
  const handle = new EmbeddedHandle(options);
  const { port, version } = await handle.start();
  return {
    endpoint: { host: '127.0.0.1', port, caPem: options.server.caPem },
    version,
    pid: handle.pid,
    capabilities: CAPABILITIES,
    unreadEvidence: () => ({ lines: 0, examples: [] }),
    drainEvidence: () => handle.drain(),
    stop: () => handle.stop(),
    kill: () => handle.kill(),
  };
}
