/**
 * Trial connections: what a broker really does with a certificate, seen at CONNACK, since TLS 1.3
 * refuses a certificate only after the client believes that it is connected.
 */
import { randomUUID } from 'node:crypto';
import type { BrokerEndpoint, RunningBroker } from '../broker/adapter.ts';
import type { Clock, EpochMs } from '../core/time.ts';
import type { Credential } from '../identity/types.ts';
import { describeObserved, isAccepted } from '../script/observe.ts';
import type { Observed } from '../script/result.ts';
import { WireClient } from '../script/wire-client.ts';

/** Client IDs of trials begin with this; runs keep them out of their histories. */
const TRIAL_PREFIX = `doppelfleet-trial-${randomUUID().slice(0, 8)}-`;
const TRIAL_TIMEOUT_MS = 5_000;
/** CONNACK codes that are about the client ID (MQTT 3.1.1 §3.2.2.3, MQTT 5.0 §3.2.2.2). */
const ABOUT_CLIENT_ID = ['0x02', '0x85'];

type Party = Pick<Credential, 'certificatePem' | 'privateKeyPem' | 'thingName'>;

/** What a trial is made with. */
export interface TrialPlace {
  readonly endpoint: BrokerEndpoint;
  /** Client IDs are bound to certificates, so that only its common name says anything of one. */
  readonly bindsClientId: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Where trials are made on a running broker. */
export function trialPlace({
  broker,
  clock,
  signal,
}: {
  readonly broker: RunningBroker;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): TrialPlace {
  const { bindsClientId } = broker.capabilities;
  return { endpoint: broker.endpoint, bindsClientId, clock, signal };
}

/** Whether a client ID is one of this process's trials. */
export function isTrialClientId(clientId: string): boolean {
  return clientId.startsWith(TRIAL_PREFIX);
}

/** Opens a connection under a client ID that nobody else has, if it can; the caller ends it. */
export function openTrial(
  place: TrialPlace,
  credential: Party,
  clientId = place.bindsClientId ? credential.thingName : trialId(),
): Promise<WireClient> {
  return WireClient.connect({
    endpoint: place.endpoint,
    credential,
    clientId,
    protocolVersion: 4,
    timeoutMs: TRIAL_TIMEOUT_MS,
    signal: place.signal,
  });
}

/** One connection, ended at once, and what became of it. */
async function tryConnection(place: TrialPlace, credential: Party): Promise<Observed> {
  const client = await openTrial(place, credential);
  await client.disconnect();
  const { observed } = client;
  const aboutClientId =
    observed.kind === 'connack' && ABOUT_CLIENT_ID.includes(observed.detail ?? '');
  if (!aboutClientId) return observed;
  // A broker that binds client IDs to certificates says nothing about this one yet.
  const bound = await openTrial(place, credential, credential.thingName);
  await bound.disconnect();
  return bound.observed;
}

/** Whether this is a refusal, and no failure of ours or of the network. */
function isRefused({ kind, phase }: Observed): boolean {
  return (
    kind === 'tls-alert' ||
    kind === 'connack' ||
    (phase !== 'tcp' && (kind === 'fin' || kind === 'tcp-reset' || kind === 'disconnect'))
  );
}

/** Tries until the certificate is refused; `refused` false after `deadline` with the last answer. */
export async function untilRefused(place: TrialPlace, credential: Party, deadline: EpochMs) {
  for (;;) {
    const observed = await tryConnection(place, credential);
    const refused = isRefused(observed);
    const over = place.clock.now() >= deadline || place.signal.aborted;
    if (refused || over) return { refused, seen: describeObserved(observed) };
    await pause(place, 200);
  }
}

/** Whether the certificate is let in. */
export async function isLetIn(place: TrialPlace, credential: Party) {
  const observed = await tryConnection(place, credential);
  return { accepted: isAccepted(observed), seen: describeObserved(observed) };
}

/** Resolves after `ms`, or as soon as everything is called off. */
export function pause(
  { clock, signal }: Pick<TrialPlace, 'clock' | 'signal'>,
  ms: number,
): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.schedule(clock.now() + ms, done);
    signal.addEventListener('abort', done);
  });
}

function trialId(): string {
  return `${TRIAL_PREFIX}${randomUUID().slice(0, 12)}`;
}
