/** What can be used of a profile's claims: those that are made, and a whole profile for a run. Pure. */
import {
  type BrokerCapabilities,
  CAPABILITY_TITLES,
  type CapabilityId,
  type CapabilityValue,
} from '../capabilities.ts';
import type { BrokerProfile, Claim } from './profile.ts';

/**
 * What is assumed of a broker that is not known: that devices may try either MQTT version, that it
 * shows nothing, holds nobody back and binds nothing.
 */
export const UNKNOWN_BROKER: BrokerCapabilities = {
  protocolVersions: [4, 5],
  brokerEvidence: false,
  takeoverVisible: false,
  certificateVisible: false,
  closeReasonVisible: false,
  refusalReasonVisible: false,
  sendsSessionTakenOver: false,
  takeoverWinner: 'newcomer',
  takeoverOrder: 'not-shown',
  bindsSessionToCertificate: false,
  bindsClientId: false,
  revocationEffect: 'never',
  reloadCutsRevoked: false,
  expiryCutsLive: false,
  flappingGuard: false,
  resumesWithoutCertificate: false,
};

/** What evidence shows is worth nothing while no evidence is read. */
const BLIND = {
  brokerEvidence: false,
  takeoverVisible: false,
  certificateVisible: false,
  closeReasonVisible: false,
  refusalReasonVisible: false,
  takeoverOrder: 'not-shown',
} as const satisfies Partial<BrokerCapabilities>;

export const CAPABILITY_IDS = Object.keys(CAPABILITY_TITLES) as readonly CapabilityId[];

/** The claims that are made, without those that are unknown. */
export function claimedCapabilities({ claims }: BrokerProfile): Partial<BrokerCapabilities> {
  const entries = CAPABILITY_IDS.flatMap((id): (readonly [CapabilityId, CapabilityValue])[] => {
    const claim: Claim<CapabilityValue> = claims[id];
    return 'value' in claim ? [[id, claim.value]] : [];
  });
  return Object.fromEntries(entries);
}

/** The capabilities that a profile does not claim, with why. */
export function unknownCapabilities({
  claims,
}: BrokerProfile): Readonly<Partial<Record<CapabilityId, string>>> {
  const entries = CAPABILITY_IDS.flatMap((id) => {
    const claim: Claim<CapabilityValue> = claims[id];
    return 'unknown' in claim ? [[id, claim.unknown]] : [];
  });
  return Object.fromEntries(entries);
}

/** What a run may count on: the claims, and the cautious assumption where there is none. */
export function runCapabilities(
  profile: BrokerProfile,
  evidenceIsRead: boolean,
): BrokerCapabilities {
  const assumed = { ...UNKNOWN_BROKER, ...claimedCapabilities(profile) };
  return evidenceIsRead ? assumed : { ...assumed, ...BLIND };
}
