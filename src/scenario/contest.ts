/**
 * What rivals for one client ID leave of each other's claims. A throttle lets only one of them in
 * at a time; a device that may have been evicted is where its reconnect policy has it. Pure.
 */
import { PRESENCE_MARGIN_MS } from '../core/limits.ts';
import type { Claim, ClaimContext } from './claims.ts';
import { mayMeet } from './overlap.ts';

/** Whether more than one device claims it. */
export function isContested(same: readonly Claim[]): boolean {
  return same.some((claim) => claim.device !== same[0]?.device);
}

/**
 * Claims of one client ID, each surely there only once the throttle must have let it through. That
 * can be said if all stay to the end: whoever is let in then keeps the client ID until it is taken
 * over. Of others, who come and go, any may keep any other out.
 */
export function admitted(same: readonly Claim[], context: ClaimContext): readonly Claim[] {
  const { connectIntervalMs, durationMs } = context;
  if (connectIntervalMs === 0 || !isContested(same)) return same;
  if (same.some((claim) => claim.cycle || claim.toMs < durationMs)) {
    return same.map((claim) => ({ ...toTheEnd(claim, context), ...NEVER_SURE }));
  }
  const late = new Set<Claim>();
  return inOrder(same).map((claim) => {
    const { fromMs, retry } = claim;
    const heldUp = same.some(
      (other) =>
        other.device !== claim.device &&
        other.fromMs < fromMs + PRESENCE_MARGIN_MS &&
        (late.has(other) || other.fromMs > fromMs - connectIntervalMs - PRESENCE_MARGIN_MS),
    );
    if (!heldUp) return claim;
    late.add(claim);
    const retryMsMax = retry?.msMax ?? Number.POSITIVE_INFINITY;
    return { ...claim, sureFromMs: fromMs + connectIntervalMs + retryMsMax };
  });
}

/** Claims of one client ID, each sure only as long as no rival can have evicted it. */
export function undisturbed(same: readonly Claim[], context: ClaimContext): readonly Claim[] {
  if (!isContested(same)) return same;
  const claims = withReturns(inOrder(admitted(same, context)), context);
  const seamless = claims.every(
    (claim) => !claim.cycle && claim.certificate === same[0]?.certificate,
  );
  if (seamless) return clusters(claims).flatMap((cluster) => handedOn(cluster));
  const rivals = rivalsAmong(claims);
  return claims.map((claim) => {
    const rival = rivals(claim);
    if (rival === undefined) return claim;
    return { ...claim, sureToMs: Math.min(claim.sureToMs, rival.fromMs - PRESENCE_MARGIN_MS) };
  });
}

/**
 * Claims prolonged where a rival may evict their device: it comes back whenever its policy has it,
 * even after it meant to be gone, and may then evict others.
 */
function withReturns(claims: readonly Claim[], context: ClaimContext): readonly Claim[] {
  const rivals = rivalsAmong(claims);
  const next = claims.map((claim) =>
    rivals(claim) === undefined ? claim : toTheEnd(claim, context),
  );
  const settled = next.every((claim, i) => claim.toMs === claims[i]?.toMs);
  return settled ? claims : withReturns(next, context);
}

/** Gives the first rival that a claim, or another of its device, may meet. */
function rivalsAmong(claims: readonly Claim[]): (claim: Claim) => Claim | undefined {
  const own = new Map<string, Claim[]>();
  for (const claim of claims) own.set(claim.device, [...(own.get(claim.device) ?? []), claim]);
  return ({ device }) =>
    claims.find(
      (other) => other.device !== device && own.get(device)?.some((one) => mayMeet(one, other)),
    );
}

/** Whoever holds the client ID, it is held with this certificate until the first of them leaves. */
function handedOn(cluster: readonly Claim[]): readonly Claim[] {
  if (!isContested(cluster)) return cluster;
  const sureFromMs = Math.min(...cluster.map((claim) => claim.sureFromMs));
  const sureToMs = Math.min(...cluster.map((claim) => claim.sureToMs));
  const fight = {
    devices: new Set(cluster.map((claim) => claim.device)).size,
    retryMsMin: Math.min(...cluster.map(({ retry }) => retry?.msMin ?? Number.POSITIVE_INFINITY)),
  };
  return cluster.map((claim) => ({ ...claim, sureFromMs, sureToMs, fight }));
}

const NEVER_SURE = { sureToMs: Number.NEGATIVE_INFINITY } as const;

function toTheEnd(claim: Claim, { durationMs }: ClaimContext): Claim {
  return { ...claim, toMs: Math.max(claim.toMs, durationMs) };
}

/** Claims that hang together by meeting one another; given in order of start. */
function clusters(claims: readonly Claim[]): readonly (readonly Claim[])[] {
  const found: Claim[][] = [];
  let endsAtMs = Number.NEGATIVE_INFINITY;
  for (const claim of claims) {
    if (claim.fromMs - PRESENCE_MARGIN_MS < endsAtMs) found.at(-1)?.push(claim);
    else found.push([claim]);
    endsAtMs = Math.max(endsAtMs, claim.toMs);
  }
  return found;
}

function inOrder(claims: readonly Claim[]): readonly Claim[] {
  return [...claims].sort((a, b) => a.fromMs - b.fromMs);
}
