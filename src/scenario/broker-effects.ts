/**
 * What the rules of a broker leave of a fleet's claims: who is refused, under which client ID the
 * others are known, and which findings become a matter of chance. Pure; truth for the verdict.
 */
import type { BrokerRule, BrokerRuleId, ClientIdBinding } from '../core/broker-rule.ts';
import { plural } from '../core/text.ts';
import type { AssignedCertificate } from './assign.ts';
import type { Claim, ClaimContext } from './claims.ts';
import { isContested } from './contest.ts';
import type { Planted, PlantedFinding } from './planted.ts';

type RuleOf<Id extends BrokerRuleId> = Extract<BrokerRule, { rule: Id }>;

/** The rules of a plan, ready to be held against claims. */
export interface RuleContext {
  readonly rules: readonly BrokerRule[];
  /** Undefined without a rule that binds client IDs. */
  readonly binding: ClientIdBinding | undefined;
  /** Names of the certificates on the revocation list. */
  readonly revoked: ReadonlySet<string>;
  readonly certificates: ReadonlyMap<string, AssignedCertificate>;
}

/** The claims that the broker lets through, or the rule by which it refuses the device. */
export interface RuledDevice {
  readonly claims: readonly Claim[];
  /** The claims that it does not let through. */
  readonly refused: readonly Claim[];
  readonly refusedBy?: BrokerRuleId;
}

/** The rule of a kind, if there is one. */
export function findRule<Id extends BrokerRuleId>(
  rules: readonly BrokerRule[],
  id: Id,
): RuleOf<Id> | undefined {
  return rules.find((one): one is RuleOf<Id> => one.rule === id);
}

/**
 * Claims in the order of the device's certificates. Who is refused with the first certificate never
 * gets to the second, since a device changes over while it is connected.
 */
export function underRules(claims: readonly Claim[], context: RuleContext): RuledDevice {
  const first = claims.findIndex((claim) => refusal(claim, context) !== undefined);
  if (first < 0) return { claims, refused: [] };
  const refusedBy = claims
    .slice(0, 1)
    .flatMap((one) => refusal(one, context) ?? [])
    .at(0);
  return {
    claims: claims.slice(0, first).map((claim) => notFollowed(claim, claims.slice(first))),
    refused: claims.slice(first),
    ...(refusedBy === undefined ? {} : { refusedBy }),
  };
}

/** Its successor does not end its session, nor does it take it over. */
function notFollowed(claim: Claim, refused: readonly Claim[]): Claim {
  const toMs = Math.max(claim.toMs, ...refused.map((one) => one.toMs));
  return { ...claim, toMs, overtakesItself: 'never' };
}

function refusal(
  { certificate, clientIdKey }: Claim,
  { binding, revoked, certificates }: RuleContext,
): BrokerRuleId | undefined {
  // TLS comes before MQTT.
  if (revoked.has(certificate)) return 'revocation-list';
  const commonName = certificates.get(certificate)?.thingName;
  return binding === 'refused' && clientIdKey !== commonName ? 'client-id-bound' : undefined;
}

/** The claims of all devices: those that the broker lets through, and those that it refuses. */
export interface RuledFleet {
  readonly claims: readonly Claim[];
  readonly refused: readonly Claim[];
}

/** Findings that a limit or a ban may prevent become undecided, with a sentence for each rule. */
export function leftToRules(
  planted: Planted,
  { claims, refused }: RuledFleet,
  { rules, binding }: Pick<RuleContext, 'rules' | 'binding'>,
  { connectIntervalMs }: ClaimContext,
): Planted {
  const limit = findRule(rules, 'connection-limit');
  const ban = findRule(rules, 'flapping-ban');
  let result = planted;
  if (limit !== undefined && connectionsMax(claims) > limit.connectionsMax) {
    result = undecided(result, () => true, limitSentence(limit.connectionsMax));
  }
  if (ban !== undefined) {
    const banned = banCandidates(claims, refused, ban);
    const rivalries = firstConnects(claims);
    result = undecided(
      result,
      (finding) =>
        finding.devices.some((device) => banned.has(device)) &&
        !beforeAnyBan(finding, rivalries, ban.connectsMax),
      `whom the ban of client IDs with more than ${plural(ban.connectsMax, 'connect')} keeps out, and when, is left to chance`,
    );
  }
  const disputed = devicesBeside(claims, refused);
  if (connectIntervalMs > 0 && disputed.size > 0) {
    result = undecided(
      result,
      ({ devices }) => devices.some((device) => disputed.has(device)),
      'connects that the broker refuses count for the throttle as well, and may hold others up',
    );
  }
  if (binding === 'replaced' && connectIntervalMs > 0) {
    result = undecided(
      result,
      () => true,
      'the throttle counts the client IDs that devices send, the broker knows them by others',
    );
  }
  return result;
}

function limitSentence(max: number): string {
  return `which connects the limit of ${plural(max, 'connection')} keeps out is left to chance; raise it, or plan fewer devices`;
}

function undecided(
  planted: Planted,
  open: (finding: PlantedFinding) => boolean,
  sentence: string,
): Planted {
  const moved = planted.findings.filter(open);
  if (moved.length === 0) return planted;
  return {
    findings: planted.findings.filter((finding) => !open(finding)),
    undecided: [...planted.undecided, ...moved],
    uncertain: [...planted.uncertain, sentence],
  };
}

/** Connections that may be open at one time: a takeover needs two for a moment. */
function connectionsMax(claims: readonly Claim[]): number {
  const devices = new Map<string, number>();
  for (const same of byKey(claims).values()) {
    const contested = isContested(same);
    for (const { device, overtakesItself, newClientIdPerConnect } of same) {
      const more = newClientIdPerConnect ? Number.POSITIVE_INFINITY : 2;
      const own = overtakesItself === 'never' ? (contested ? 2 : 1) : more;
      devices.set(device, Math.max(devices.get(device) ?? 0, own));
    }
  }
  return [...devices.values()].reduce((sum, own) => sum + own, 0);
}

/** Devices whose client ID may connect more often within a window than the ban lets it. */
function banCandidates(
  claims: readonly Claim[],
  refused: readonly Claim[],
  { connectsMax, windowMs }: RuleOf<'flapping-ban'>,
): ReadonlySet<string> {
  // Whoever is refused for its name may be counted all the same.
  const banned = new Set(devicesBeside(claims, refused));
  const counted = claims.filter((claim) => !claim.newClientIdPerConnect);
  for (const same of byKey(counted).values()) {
    const contested = isContested(same);
    const connects = same.reduce(
      (sum, claim) => sum + connectsWithin(claim, windowMs, contested),
      0,
    );
    if (connects > connectsMax) for (const { device } of same) banned.add(device);
  }
  return banned;
}

/** Devices with a client ID that a refused device sends as well. */
function devicesBeside(claims: readonly Claim[], refused: readonly Claim[]): ReadonlySet<string> {
  const keys = new Set(refused.map(({ clientIdKey }) => clientIdKey));
  return new Set(
    claims.filter(({ clientIdKey }) => keys.has(clientIdKey)).map(({ device }) => device),
  );
}

/** No fewer than a claim can make; only an upper bound is of use. */
function connectsWithin(
  { cycle, retry, overtakesItself }: Claim,
  windowMs: number,
  contested: boolean,
): number {
  // A device that goes silently comes back, though the broker sees no gap.
  if (cycle === undefined && overtakesItself !== 'never') return Number.POSITIVE_INFINITY;
  const own = cycle === undefined ? 1 : 2 + windowMs / Math.max(1, cycle.stayMsMin);
  return contested && retry !== undefined ? own + windowMs / Math.max(1, retry.msMin) : own;
}

/** How often each device and its rivals connect as long as nobody gets in anybody's way. */
function firstConnects(claims: readonly Claim[]): ReadonlyMap<string, Rivalry> {
  const rivalries = new Map<string, Rivalry>();
  for (const same of byKey(claims).values()) {
    const contested = isContested(same);
    const connects = same.some(({ cycle }) => cycle) ? Number.POSITIVE_INFINITY : same.length;
    for (const { device } of same) {
      const known = rivalries.get(device);
      rivalries.set(device, {
        contested: contested || known?.contested === true,
        connects: connects + (known?.connects ?? 0),
      });
    }
  }
  return rivalries;
}

interface Rivalry {
  readonly contested: boolean;
  readonly connects: number;
}

/** Conflicts that come with the first connects of those who take part. */
function beforeAnyBan(
  { check, cause, devices }: PlantedFinding,
  rivalries: ReadonlyMap<string, Rivalry>,
  connectsMax: number,
): boolean {
  if (check !== 'CONFLICTING_CLIENT_IDS_CHECK') return false;
  const own = devices.flatMap((device) => rivalries.get(device) ?? []);
  // On its own a device evicts itself with its second connect.
  if (cause === 'self-takeover') return own.every(({ contested }) => !contested);
  return own.every(({ connects }) => connects <= connectsMax);
}

function byKey(claims: readonly Claim[]): ReadonlyMap<string, readonly Claim[]> {
  const groups = new Map<string, Claim[]>();
  for (const claim of claims) {
    const group = groups.get(claim.clientIdKey);
    if (group) group.push(claim);
    else groups.set(claim.clientIdKey, [claim]);
  }
  return groups;
}
