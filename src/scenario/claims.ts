/**
 * Claims: which identity a device uses when, as far as the plan can say. A claim has two spans: the
 * one in which the broker may hold a session for it and, within that, the one in which it surely
 * does unless a rival gets in its way. Pure; no audit code, no broker.
 */

import type { CertificateChange } from '../behaviour/behaviour.ts';
import { reconnectDelayBounds } from '../behaviour/reconnect.ts';
import { behaviourOf } from '../behaviour/registry.ts';
import { PRESENCE_MARGIN_MS } from '../core/limits.ts';
import type { ClientIdSource } from './client-id.ts';
import type { PlannedDevice, PlannedGroup } from './plan.ts';

/** How sure it is that something happens. */
export type Certainty = 'certain' | 'open' | 'never';

/** A device's claim to an identity over a span of the run, in ms from its start. */
export interface Claim {
  readonly device: string;
  readonly group: string;
  /** What two devices must have in common to collide: equal keys are equal client IDs. */
  readonly clientIdKey: string;
  readonly certificate: string;
  /** Outside of this span the broker holds no session for it. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Within this span it is surely connected but for its own coming and going; may be empty. */
  readonly sureFromMs: number;
  readonly sureToMs: number;
  /** How it comes and goes; absent when the broker holds a session for it all the time. */
  readonly cycle?: ClaimCycle;
  /** When it tries again after an eviction or a refusal; undefined when it does not. */
  readonly retry: { readonly msMin: number; readonly msMax: number } | undefined;
  /** How many devices fight for its client ID, each coming back after so long; absent without. */
  readonly fight?: { readonly devices: number; readonly retryMsMin: number };
  /** Its client ID is another with every connect. */
  readonly newClientIdPerConnect: boolean;
  /** Whether it connects again while the broker still holds its last session. */
  readonly overtakesItself: Certainty;
}

export interface ClaimCycle {
  readonly stayMsMin: number;
  readonly stayMsMax: number;
  readonly awayMsMax: number;
}

/** What all claims of a plan depend on. */
export interface ClaimContext {
  readonly durationMs: number;
  /** Least time between two connects with one client ID; 0 without a throttle. */
  readonly connectIntervalMs: number;
}

type Claimant = Omit<PlannedDevice, 'retiresOnHeal' | 'refusedBy'> & {
  /** The client ID by which the broker knows it whatever it sends, by name of the certificate. */
  readonly knownAs?: (certificate: string) => string;
};

/** The claims of a device: one, or two when it changes its certificate. */
export function claimsOf(
  device: Claimant,
  group: PlannedGroup,
  context: ClaimContext,
): readonly Claim[] {
  const behaviour = behaviourOf(group.behaviour);
  const { fromMs, toMs, cycle } = behaviour.presence(
    group.behaviour,
    device.arrivesAtMs,
    context.durationMs,
  );
  const [first = '', second] = device.certificates;
  const claim: Claim = {
    device: device.name,
    group: device.group,
    clientIdKey: keyOf(device, first),
    certificate: first,
    fromMs,
    toMs,
    sureFromMs: fromMs,
    sureToMs: toMs,
    retry: reconnectDelayBounds(group.reconnect),
    newClientIdPerConnect: device.clientId.kind === 'uuid-v4-per-connect' && !device.knownAs,
    overtakesItself: 'never',
  };
  const goesSilently = behaviour.evictsItself(group.behaviour);
  const change = behaviour.certificateChange(group.behaviour);
  if (second !== undefined && change !== undefined) {
    const key = keyOf(device, second);
    return changing(claim, { ...claim, certificate: second, clientIdKey: key }, context, {
      ...change,
      leavesOpen: goesSilently,
    });
  }
  return [cycle ? cycling(claim, cycle, context, goesSilently && silence(group)) : claim];
}

/** A change of certificate at some time between two: the first claim ends, the second begins. */
function changing(
  claim: Claim,
  second: Claim,
  context: ClaimContext,
  change: Omit<CertificateChange, 'revokesOld'> & { readonly leavesOpen: boolean },
): readonly Claim[] {
  const { fromMs, toMs } = claim;
  const atMs = Math.max(fromMs, change.atMs);
  const atMsMax = Math.max(fromMs, change.atMsMax);
  const sameId = claim.clientIdKey === second.clientIdKey && !claim.newClientIdPerConnect;
  const returnsMs = atMs + change.awayMs;
  const meansToMs = atMsMax + change.awayMs;
  const returnsMsMax = sameId
    ? throttled(meansToMs, returnsMs - fromMs, claim, context)
    : meansToMs;
  // The old session is left open, and a new client ID does not end it.
  const endsMs = !change.leavesOpen ? atMsMax : sameId ? returnsMsMax : toMs;
  const overtakes =
    !sameId || (!change.leavesOpen && change.awayMs >= PRESENCE_MARGIN_MS)
      ? 'never'
      : within(atMs, returnsMsMax, toMs);
  return [
    {
      ...claim,
      toMs: Math.min(toMs, endsMs),
      sureToMs: Math.min(toMs, change.leavesOpen && !sameId ? toMs : atMs),
      overtakesItself: overtakes === 'certain' && !change.leavesOpen ? 'open' : overtakes,
    },
    { ...second, fromMs: returnsMs, sureFromMs: returnsMsMax, overtakesItself: 'never' },
  ];
}

/** How long a broker holds a session after its device fell silent (MQTT 5.0 §3.1.2.10). */
function silence({ mqtt }: PlannedGroup): { readonly msMin: number; readonly msMax: number } {
  const keepAliveMs = mqtt.keepAliveSeconds * 1000;
  if (keepAliveMs === 0)
    return { msMin: Number.POSITIVE_INFINITY, msMax: Number.POSITIVE_INFINITY };
  // The last packet came at most one keep-alive before; one and a half after it the broker closes.
  return { msMin: keepAliveMs * 0.5, msMax: keepAliveMs * 1.5 };
}

/** A device that comes and goes; `held` when the broker is not told that it goes. */
function cycling(
  claim: Claim,
  cycle: { readonly stayMsMin: number; readonly stayMsMax: number; readonly awayMs: number },
  context: ClaimContext,
  held: { readonly msMin: number; readonly msMax: number } | false,
): Claim {
  const { fromMs, toMs } = claim;
  const { stayMsMin, stayMsMax, awayMs } = cycle;
  const period = stayMsMin + awayMs;
  const awayMsMax = claim.newClientIdPerConnect
    ? awayMs
    : throttled(awayMs, period, claim, context);
  const returns = within(fromMs + period, fromMs + stayMsMax + awayMsMax, toMs);
  const margin = PRESENCE_MARGIN_MS;
  if (held === false) {
    const overtakesItself = awayMs >= margin || returns === 'never' ? 'never' : 'open';
    return { ...claim, ...away({ stayMsMin, stayMsMax, awayMsMax }, claim), overtakesItself };
  }
  const seamless = awayMsMax + margin <= held.msMin;
  const expired = awayMs >= held.msMax + margin;
  return {
    ...claim,
    ...(seamless ? {} : away({ stayMsMin, stayMsMax, awayMsMax }, claim)),
    overtakesItself: expired ? 'never' : returns === 'certain' && !seamless ? 'open' : returns,
  };
}

/** A device that may never come back is surely there until it first goes, and no longer. */
function away(cycle: ClaimCycle, { fromMs, toMs }: Claim): Partial<Claim> {
  return cycle.awayMsMax === Number.POSITIVE_INFINITY
    ? { cycle, sureToMs: Math.min(toMs, fromMs + cycle.stayMsMin) }
    : { cycle };
}

/** The latest time at which a connect meant for `ms`, `sinceMs` after the last one, is let through. */
function throttled(
  ms: number,
  sinceMs: number,
  { retry }: Claim,
  { connectIntervalMs }: ClaimContext,
): number {
  if (connectIntervalMs === 0 || sinceMs >= connectIntervalMs + PRESENCE_MARGIN_MS) return ms;
  return retry === undefined ? Number.POSITIVE_INFINITY : ms + connectIntervalMs + retry.msMax;
}

/** Whether something that happens between `msMin` and `msMax` happens before `endsAtMs`. */
function within(msMin: number, msMax: number, endsAtMs: number): Certainty {
  if (msMax + PRESENCE_MARGIN_MS <= endsAtMs) return 'certain';
  return msMin >= endsAtMs + PRESENCE_MARGIN_MS ? 'never' : 'open';
}

function keyOf({ clientId, name, knownAs }: Claimant, certificate: string): string {
  return knownAs?.(certificate) ?? clientIdKey(clientId, name, certificate);
}

/** Equal for client IDs that are equal, before certificates exist. NUL stands in no client ID. */
function clientIdKey(source: ClientIdSource, device: string, certificate: string): string {
  switch (source.kind) {
    case 'literal':
      return source.value;
    case 'uuid-v4-per-connect':
      return `\0a new UUID with every connect of ${device}`;
    case 'uuid-v5':
      return `\0the UUID of the ${source.of} of ${certificate}`;
  }
}
