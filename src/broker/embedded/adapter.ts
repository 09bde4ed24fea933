/**
 * The embedded broker: aedes behind mutual TLS in a process of its own, so that its work does not
 * disturb the clock of the fleet, and so that nothing needs to be installed. It shows everything:
 * certificate IDs, ports, and why each session ended.
 */
import { EXIT, UserError } from '../../core/errors.ts';
import type { BrokerAdapter, BrokerStartOptions } from '../adapter.ts';
import type { BrokerCapabilities } from '../capabilities.ts';
import type { BrokerProcess } from '../process.ts';
import { embeddedRules } from './configuration.ts';
import { EmbeddedHandle } from './handle.ts';
import { hardenEmbedded } from './hardening.ts';
import type { EmbeddedRules } from './messages.ts';

/** Held in place by the contract tests. */
const CAPABILITIES: BrokerCapabilities = {
  protocolVersions: [3, 4, 5],
  brokerEvidence: true,
  takeoverVisible: true,
  certificateVisible: true,
  closeReasonVisible: true,
  refusalReasonVisible: true,
  sendsSessionTakenOver: true,
  takeoverWinner: 'newcomer',
  takeoverOrder: 'close-first',
  bindsSessionToCertificate: false,
  bindsClientId: false,
  revocationEffect: 'at-reload',
  reloadCutsRevoked: false,
  expiryCutsLive: false,
  flappingGuard: false,
  resumesWithoutCertificate: false,
};

/** The broker that comes with doppelfleet; always available. */
export const embeddedBroker = {
  id: 'embedded',
  title: 'aedes 2 in a process of its own; needs no installation',
  capabilities: CAPABILITIES,
  startsSlowly: false,
  unavailable: async () => undefined,
  harden: hardenEmbedded,
  start: startEmbedded,
} satisfies BrokerAdapter;

async function startEmbedded(options: BrokerStartOptions): Promise<BrokerProcess> {
  const rules = embeddedRules(options.configuration);
  if (rules.trustOther && options.otherCaPem === undefined) {
    throw new UserError(EXIT.invalidInput, {
      ...(options.configuration === undefined ? {} : { file: options.configuration.path }),
      path: 'trustOther',
      message: 'there is no other authority in this run',
    });
  }
  const handle = new EmbeddedHandle(options, rules);
  const { port, version } = await handle.start();
  return {
    endpoint: { host: '127.0.0.1', port, caPem: options.server.caPem },
    version,
    pid: handle.pid,
    capabilities: capabilitiesOf(rules),
    unreadEvidence: () => ({ lines: 0, examples: [] }),
    drainEvidence: () => handle.drain(),
    change: async (changes) => handle.change(changes),
    reload: () => handle.reload(),
    stop: () => handle.stop(),
    kill: () => handle.kill(),
  };
}

function capabilitiesOf(rules: EmbeddedRules): BrokerCapabilities {
  const bound = rules.clientId === 'common-name';
  return {
    ...CAPABILITIES,
    bindsClientId: bound,
    bindsSessionToCertificate: bound,
    revocationEffect: rules.requireCertificate ? CAPABILITIES.revocationEffect : 'never',
    resumesWithoutCertificate: rules.sessionTickets,
    flappingGuard: rules.flappingBan !== undefined,
  };
}
