/**
 * What a plan plants: the findings that must appear if the fleet does as the file says. Derived
 * from who claims which identity when, without running anything and without the audit's code, so
 * that the two can be held against each other. What can't be told beforehand is named as such.
 */
import type { CheckId } from '../core/ids.ts';
import type { Claim, ClaimContext } from './claims.ts';
import { admitted, isContested, undisturbed } from './contest.ts';
import { mayMeet, surelyCollide, surelyMeet } from './overlap.ts';
import { type Chance, uncertainties } from './uncertain.ts';

export interface PlantedFinding {
  readonly check: CheckId;
  readonly cause: 'rival-devices' | 'self-takeover' | 'shared-certificate' | 'half-open-ghost';
  /** Devices that take part; the first stands for the identity. */
  readonly devices: readonly string[];
  /** The certificate with which the first device uses it. */
  readonly certificate: string;
}

export interface Planted {
  readonly findings: readonly PlantedFinding[];
  /** Findings that may appear or not: neither is against the plan. */
  readonly undecided: readonly PlantedFinding[];
  /** Sentences on what the plan leaves to chance. */
  readonly uncertain: readonly string[];
}

export function plantedFindings(claims: readonly Claim[], context: ClaimContext): Planted {
  const findings: PlantedFinding[] = [];
  const chances: Chance[] = [];
  const decide = ({ sure, chance }: Decision): void => {
    if (sure) findings.push(finding(sure));
    else if (chance) chances.push(chance);
  };
  const kept = claims.filter((claim) => !claim.newClientIdPerConnect);
  const settled = claims.filter((claim) => claim.newClientIdPerConnect);
  for (const same of groupBy(kept, (claim) => claim.clientIdKey).values()) {
    decide(conflict(same, context));
    settled.push(...undisturbed(same, context));
  }
  for (const same of groupBy(settled, (claim) => claim.certificate).values()) {
    decide(sharing(same));
  }
  return { findings, undecided: chances.map(finding), uncertain: uncertainties(chances) };
}

/** So many of those that take part in a finding are asked whether one more does. */
const COMPARED_MAX = 100;

/** What is sure, or else what is possible. */
interface Decision {
  readonly sure?: Chance | undefined;
  readonly chance?: Chance | undefined;
}

/** Claims of one client ID: is one of its sessions ended by another connect? */
function conflict(same: readonly Claim[], context: ClaimContext): Decision {
  const check = 'CONFLICTING_CLIENT_IDS_CHECK';
  const crowded = context.connectIntervalMs > 0 && isContested(same);
  const claims = admitted(same, context);
  const { sure, chance } = meetings(
    claims,
    (a, b) => a.device !== b.device,
    (a, b) => surelyCollide(a, b, crowded),
  );
  // Rivals may use up what the throttle lets through.
  const certain = crowded ? [] : claims.filter((claim) => claim.overtakesItself === 'certain');
  if (sure.length > 0) {
    return { sure: { check, cause: 'rival-devices', claims: [...sure, ...certain] } };
  }
  if (certain.length > 0) return { sure: { check, cause: 'self-takeover', claims: certain } };
  if (chance) return { chance: { check, cause: 'rival-devices', claims: chance } };
  const open = claims.filter((claim) => claim.overtakesItself !== 'never');
  return open.length > 0 ? { chance: { check, cause: 'self-takeover', claims: open } } : {};
}

/** Claims of one certificate: are two sessions of different client IDs open at one time? */
function sharing(same: readonly Claim[]): Decision {
  const check = 'DEVICE_CERTIFICATE_SHARED_CHECK';
  const { sure, chance } = meetings(same, (a, b) => a.clientIdKey !== b.clientIdKey, surelyMeet);
  if (sure.length > 0) return { sure: { check, cause: 'shared-certificate', claims: sure } };
  const ghosts = same.filter((claim) => claim.newClientIdPerConnect);
  const certain = ghosts.filter((claim) => claim.overtakesItself === 'certain');
  if (certain.length > 0) return { sure: { check, cause: 'half-open-ghost', claims: certain } };
  if (chance) return { chance: { check, cause: 'shared-certificate', claims: chance } };
  const open = ghosts.filter((claim) => claim.overtakesItself !== 'never');
  return open.length > 0 ? { chance: { check, cause: 'half-open-ghost', claims: open } } : {};
}

/**
 * Claims that surely meet a rival's, and a pair that perhaps does. A sweep in order of start: each
 * claim is held against those that have met nobody yet, and against the others only until it has
 * met one itself, so that thousands of sharers need no pairs.
 */
function meetings(
  claims: readonly Claim[],
  rivals: (a: Claim, b: Claim) => boolean,
  surely: (a: Claim, b: Claim) => boolean,
): { readonly sure: readonly Claim[]; readonly chance: readonly Claim[] | undefined } {
  const met: Claim[] = [];
  const alone: Claim[] = [];
  let chance: readonly Claim[] | undefined;
  const meets = (claim: Claim, other: Claim): boolean => {
    if (!rivals(claim, other)) return false;
    if (surely(claim, other)) return true;
    if (mayMeet(claim, other)) chance ??= [other, claim];
    return false;
  };
  for (const claim of [...claims].sort((a, b) => a.fromMs - b.fromMs)) {
    let found = false;
    for (let i = alone.length - 1; i >= 0; i--) {
      const other = alone[i];
      if (other === undefined || !meets(claim, other)) continue;
      alone.splice(i, 1);
      met.push(other);
      found = true;
    }
    // The newest are the likeliest to be still there; the finding itself is sure already.
    found ||= met.slice(-COMPARED_MAX).some((other) => meets(claim, other));
    (found ? met : alone).push(claim);
  }
  return { sure: met, chance };
}

function finding({ check, cause, claims }: Chance): PlantedFinding {
  const devices = [...new Set(claims.map((claim) => claim.device))];
  return { check, cause, devices, certificate: claims[0]?.certificate ?? '' };
}

function groupBy(claims: readonly Claim[], keyOf: (claim: Claim) => string): Map<string, Claim[]> {
  const groups = new Map<string, Claim[]>();
  for (const claim of claims) {
    const key = keyOf(claim);
    const group = groups.get(key);
    if (group) group.push(claim);
    else groups.set(key, [claim]);
  }
  return groups;
}
