/**
 * Mosquitto as the broker of a run: the installed program, started on a free loopback port with
 * mutual TLS, its log read as evidence. Its log names no certificate (only the common name), and
 * only 2.0.15 and later tell an evicted MQTT 5 client so.
 */
import { randomBytes } from 'node:crypto';
import { EXIT, type Problem, UserError } from '../../core/errors.ts';
import { isAtLeast } from '../../history/formats/mosquitto-lines.ts';
import type { BrokerAdapter, BrokerStartOptions } from '../adapter.ts';
import type { BrokerCapabilities } from '../capabilities.ts';
import { freePort } from '../loopback-port.ts';
import type { BrokerProcess } from '../process.ts';
import { FILES } from './configuration.ts';
import { MosquittoHandle } from './handle.ts';
import { hardenMosquitto } from './hardening.ts';
import { type PreparedConfiguration, prepareConfiguration } from './prepared.ts';
import { findMosquitto } from './program.ts';

/** Held in place by the contract tests; for the oldest version that can be used, with a list. */
const CAPABILITIES: BrokerCapabilities = {
  protocolVersions: [3, 4, 5],
  brokerEvidence: true,
  takeoverVisible: true,
  certificateVisible: false,
  closeReasonVisible: true,
  refusalReasonVisible: false,
  sendsSessionTakenOver: false,
  takeoverWinner: 'newcomer',
  takeoverOrder: 'close-first',
  bindsSessionToCertificate: false,
  bindsClientId: false,
  revocationEffect: 'at-reload',
  reloadCutsRevoked: false,
  expiryCutsLive: false,
  flappingGuard: false,
  resumesWithoutCertificate: true,
};

/** Ports are chosen free, but another program may be faster. */
const PORT_ATTEMPTS = 5;
const TAG_BYTES = 16;

/** The Mosquitto that is installed on this machine. */
export const mosquittoBroker = {
  id: 'mosquitto',
  title: 'Eclipse Mosquitto, as installed on this machine (2.0 or later)',
  capabilities: CAPABILITIES,
  startsSlowly: false,
  unavailable: async () => {
    const program = await findMosquitto();
    return typeof program === 'string' ? program : undefined;
  },
  harden: hardenMosquitto,
  start: (options: BrokerStartOptions) => startMosquitto(options),
} satisfies BrokerAdapter;

/** Starts it, on other ports if one that was chosen turns out to be taken. */
export async function startMosquitto(
  start: BrokerStartOptions,
  choosePort = freePort,
): Promise<BrokerProcess> {
  const program = await findMosquitto();
  if (typeof program === 'string') throw new UserError(EXIT.unavailable, { message: program });
  let refusal: Problem = { message: '' };
  for (let attempt = 0; attempt < PORT_ATTEMPTS; attempt++) {
    const tag = randomBytes(TAG_BYTES).toString('hex');
    const port = await choosePort();
    const sparePort = await freePort();
    const asRoot = process.getuid?.() === 0;
    const prepared = prepareConfiguration(start, { port, sparePort, tag, asRoot });
    const handle = new MosquittoHandle({ program, start, prepared, port, tag });
    const refused = await handle.start();
    if (refused === undefined) {
      return running(handle, { start, prepared, port, version: program.version });
    }
    refusal = refused;
    if (!isPortTaken(refusal)) break;
  }
  const { file, line } = refusal;
  // Of our own configuration nobody else is the author, and of a taken port nobody at all.
  const isAuthors =
    start.configuration !== undefined && file !== undefined && !isPortTaken(refusal);
  throw new UserError(isAuthors ? EXIT.invalidInput : EXIT.unavailable, {
    ...(isAuthors ? { file } : {}),
    ...(isAuthors && line !== undefined ? { line } : {}),
    message: `mosquitto ${program.version} could not be started: ${refusal.message}`,
    hint: `its whole log is ${start.workFolder}/${FILES.log}`,
  });
}

function isPortTaken({ message }: Problem): boolean {
  return message.includes('Address already in use');
}

function running(
  handle: MosquittoHandle,
  about: {
    readonly start: BrokerStartOptions;
    readonly prepared: PreparedConfiguration;
    readonly port: number;
    readonly version: string;
  },
): BrokerProcess {
  const { start, prepared, port, version } = about;
  return {
    endpoint: { host: '127.0.0.1', port, caPem: start.server.caPem },
    version: `mosquitto ${version}`,
    pid: handle.pid,
    capabilities: capabilitiesOf(version, prepared),
    unreadEvidence: () => handle.unread,
    drainEvidence: () => handle.drain(),
    change: (changes) => handle.change(changes),
    reload: () => handle.reload(),
    stop: () => handle.stop(),
    kill: () => handle.kill(),
  };
}

/** What its version and its configuration make of it. */
function capabilitiesOf(
  version: string,
  { evidence, facts }: PreparedConfiguration,
): BrokerCapabilities {
  return {
    ...CAPABILITIES,
    brokerEvidence: evidence !== 'none',
    ...(evidence === 'log'
      ? {}
      : { takeoverVisible: false, closeReasonVisible: false, takeoverOrder: 'not-shown' as const }),
    // ChangeLog of 2.0.15, #2607.
    sendsSessionTakenOver: isAtLeast(version, [2, 0, 15]),
    // The client ID is replaced, so that no other certificate comes near the session.
    bindsClientId: facts.bindsClientId,
    bindsSessionToCertificate: facts.bindsClientId,
    revocationEffect: facts.hasCrl ? 'at-reload' : 'never',
  };
}
