/**
 * Runs every probe against one broker and lays what was measured beside what its profile says. The
 * broker is started once, or is one elsewhere that has been allowed as a target; whatever happens,
 * connections, broker and temporary files are gone when it returns.
 */
import { setMaxListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { BrokerAdapter, BrokerStartOptions, RunningBroker } from '../broker/adapter.ts';
import {
  type BrokerCapabilities,
  CAPABILITY_TITLES,
  type CapabilityId,
  type CapabilityValue,
} from '../broker/capabilities.ts';
import type { BrokerConfiguration } from '../broker/configuration.ts';
import { CAPABILITY_IDS, claimedCapabilities } from '../broker/profiles/claims.ts';
import type { BrokerProfile } from '../broker/profiles/profile.ts';
import { EXIT, UserError } from '../core/errors.ts';
import { printable } from '../core/text.ts';
import type { Clock } from '../core/time.ts';
import type { ObservedEvent, ProtocolVersion } from '../history/event.ts';
import { ProbeBench } from './bench.ts';
import { givenIdentities, mintIdentities, type Party, type ProbeIdentities } from './identities.ts';
import { ControlFailed, type Measurement } from './measurement.ts';
import { agreementOf, outcomeOf, type ProbedCapability, type ProbeResult } from './probe-result.ts';
import { VERSION_NAMES } from './protocol-versions.ts';
import { PROBES } from './registry.ts';

/** A broker to start here, or one that runs elsewhere and two identities that it knows. */
export type ProbeTarget =
  | {
      readonly kind: 'local';
      readonly adapter: BrokerAdapter;
      /** Instead of the adapter's own; the claims are then those of that configuration. */
      readonly configuration?: BrokerConfiguration;
    }
  | {
      readonly kind: 'external';
      readonly adapter: BrokerAdapter;
      readonly parties: readonly [Party, Party];
      readonly profile?: BrokerProfile;
    };

export interface ProbeObserver {
  started?(about: { readonly version: string; readonly endpoint: string }): void;
  probing?(about: { readonly title: string; readonly done: number; readonly total: number }): void;
}

export interface ProbeOptions {
  readonly clock: Clock;
  /** The version that probes speak where they are not about another; the highest by default. */
  readonly mqttVersion?: 4 | 5;
  readonly observer?: ProbeObserver;
  readonly signal?: AbortSignal;
}

/** Measures every capability. Throws a `UserError` where the broker can't be started. */
export async function runProbe(target: ProbeTarget, options: ProbeOptions): Promise<ProbeResult> {
  const { adapter } = target;
  const unavailable = await adapter.unavailable();
  if (unavailable !== undefined) throw new UserError(EXIT.unavailable, { message: unavailable });
  const folder = await mkdtemp(path.join(tmpdir(), 'doppelfleet-probe-'));
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal ?? new AbortController().signal, failed.signal]);
  // Every client that a probe has open listens; Node would take more than ten for a leak.
  setMaxListeners(0, signal);
  const events: ObservedEvent[] = [];
  let failure: string | undefined;
  let broker: RunningBroker | undefined;
  try {
    const { identities, start } = await prepare(target, options.clock);
    broker = await adapter.start({
      ...start,
      clock: options.clock,
      workFolder: folder,
      onEvent: (event) => events.push(event),
      onFailure: (message) => {
        failure ??= message;
        failed.abort();
      },
    });
    const evidenceIsRead = target.kind === 'local' || broker.capabilities.brokerEvidence;
    const { clock } = options;
    const bench = new ProbeBench({ broker, identities, clock, events, evidenceIsRead, signal });
    options.observer?.started?.({ version: broker.version, endpoint: address(broker) });
    const measurements = await measureAll(bench, options, () => failure);
    await bench.close();
    return resultOf(target, broker, bench, measurements);
  } finally {
    broker?.kill();
    await broker?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function prepare(
  target: ProbeTarget,
  clock: Clock,
): Promise<{
  readonly identities: ProbeIdentities;
  readonly start: Omit<BrokerStartOptions, 'clock' | 'workFolder' | 'onEvent' | 'onFailure'>;
}> {
  if (target.kind === 'external') {
    const nothing = { certificatePem: '', privateKeyPem: '', caPem: '' };
    const identities = await givenIdentities(clock, target.parties);
    return { identities, start: { server: nothing, deviceCaPem: '' } };
  }
  const minted = await mintIdentities(clock);
  const { server, deviceCaPem, otherCaPem, principals } = minted;
  const { configuration } = target;
  return {
    identities: minted,
    start: {
      server,
      deviceCaPem,
      otherCaPem,
      principals,
      crlPem: minted.authority.revoke([]),
      ...(configuration === undefined ? {} : { configuration }),
    },
  };
}

type Measurements = ReadonlyMap<CapabilityId, Measurement<CapabilityValue>>;

/** One after the other, but for the one that waits for an expiry: it runs beside the others. */
async function measureAll(
  bench: ProbeBench,
  options: ProbeOptions,
  failure: () => string | undefined,
): Promise<Measurements> {
  const measurements = new Map<CapabilityId, Measurement<CapabilityValue>>();
  let done = 0;
  const total = CAPABILITY_IDS.length;
  const measure = async (id: CapabilityId): Promise<void> => {
    const measurement = await attempt(bench, id, failure);
    measurements.set(id, measurement);
    if ('value' in measurement) Object.assign(bench.measured, { [id]: measurement.value });
    done += 1;
    options.observer?.probing?.({ title: CAPABILITY_TITLES[id], done, total });
  };
  await measure('protocolVersions');
  bench.version = chooseVersion(bench.measured.protocolVersions, options.mqttVersion);
  const waiting = measure('expiryCutsLive');
  const others = (Object.keys(PROBES) as CapabilityId[]).filter((id) => !measurements.has(id));
  const changing = others.filter((id) => CHANGE_THE_BROKER.includes(id));
  for (const id of others) {
    if (id !== 'expiryCutsLive' && !changing.includes(id)) await measure(id);
  }
  await waiting;
  for (const id of changing) await measure(id);
  return measurements;
}

/** What a reload does to others must not be mistaken for what an expiry does. */
const CHANGE_THE_BROKER: readonly CapabilityId[] = ['revocationEffect', 'reloadCutsRevoked'];

async function attempt(
  bench: ProbeBench,
  id: CapabilityId,
  failure: () => string | undefined,
): Promise<Measurement<CapabilityValue>> {
  try {
    const stopped = failure();
    if (stopped !== undefined) return { unknown: stopped };
    return await PROBES[id](bench);
  } catch (error) {
    const stopped = failure();
    if (stopped !== undefined) return { unknown: stopped };
    if (error instanceof ControlFailed) return { unknown: error.message };
    if (error instanceof UserError) return { unknown: error.problems[0]?.message ?? error.message };
    throw error;
  }
}

function chooseVersion(
  spoken: readonly ProtocolVersion[] = [],
  wanted: ProtocolVersion | undefined,
): ProtocolVersion {
  if (wanted === undefined) return spoken.includes(5) ? 5 : 4;
  if (spoken.includes(wanted)) return wanted;
  throw new UserError(EXIT.usage, {
    message: `the broker does not speak MQTT ${VERSION_NAMES[wanted]}`,
    hint: 'choose another version with --mqtt-version, or none',
  });
}

function resultOf(
  target: ProbeTarget,
  broker: RunningBroker,
  bench: ProbeBench,
  measurements: Measurements,
): ProbeResult {
  const claims = claimsOf(target, broker);
  const capabilities = CAPABILITY_IDS.map((id): ProbedCapability => {
    const measurement = measurements.get(id) ?? { unknown: 'it was not tried' };
    const claimed = claims[id];
    const measured = 'value' in measurement ? measurement.value : undefined;
    return {
      id,
      title: CAPABILITY_TITLES[id],
      ...(claimed === undefined ? {} : { claimed }),
      ...(measured === undefined ? {} : { measured }),
      agreement: agreementOf(claimed, measured),
      because: printable('value' in measurement ? measurement.because : measurement.unknown, 300),
    };
  });
  const { adapter } = target;
  const configuration = target.kind === 'local' ? target.configuration?.name : undefined;
  const profile = target.kind === 'external' ? target.profile?.id : undefined;
  return {
    probeVersion: 1,
    broker: {
      id: adapter.id,
      version: broker.version,
      endpoint: address(broker),
      ...(configuration === undefined ? {} : { configuration }),
      ...(profile === undefined ? {} : { profile }),
    },
    mqttVersion: bench.version,
    capabilities,
    outcome: outcomeOf(capabilities),
  };
}

/** What is said of the broker before it is measured; of an unknown one elsewhere, nothing. */
function claimsOf(target: ProbeTarget, broker: RunningBroker): Partial<BrokerCapabilities> {
  if (target.kind === 'local') return broker.capabilities;
  return target.profile === undefined ? {} : claimedCapabilities(target.profile);
}

function address({ endpoint }: RunningBroker): string {
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host;
  return `mqtts://${host}:${endpoint.port}`;
}
