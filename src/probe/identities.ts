/**
 * Who the probes connect as. On a broker of ours every probe has parties of its own, minted in
 * memory, so that no probe's sessions are in another's way; their client IDs are their common names,
 * which brokers that bind the two accept. On a broker elsewhere there are the two certificates that
 * the user gave.
 */
import { randomUUID } from 'node:crypto';
import { CAPABILITY_TITLES, type CapabilityId } from '../broker/capabilities.ts';
import type { Clock, EpochMs } from '../core/time.ts';
import { type Authority, newAuthority } from '../identity/authority.ts';
import { buildCrl, crlPem } from '../identity/crl-build.ts';
import {
  type IssuedCredential,
  issueCertificate,
  issueServerCertificate,
} from '../identity/issue.ts';
import { serverHosts } from '../identity/names.ts';
import type { Credential } from '../identity/types.ts';

export interface Party {
  readonly clientId: string;
  readonly credential: Pick<Credential, 'certificatePem' | 'privateKeyPem' | 'certificateId'>;
}

/** `owner` and `intruder` have different certificates; `service` publishes. */
export const ROLES = ['owner', 'intruder', 'service'] as const;
export type Role = (typeof ROLES)[number];

/** Odd, so that of two answers one is always the more frequent. */
export const TAKEOVERS = 5;
/** Probes that need several owners, as a broker may hold back one that comes again too soon. */
const OWNERS: Readonly<Partial<Record<CapabilityId, number>>> = {
  takeoverVisible: TAKEOVERS,
  takeoverOrder: TAKEOVERS,
};

export interface ProbeIdentities {
  /** `number`, from 1, tells several owners of one probe apart. */
  party(role: Role, probe: CapabilityId, number?: number): Party;
  /** A certificate of an authority that nobody trusts. */
  readonly rogue: Party['credential'];
  /** What only the owner of the authority can do; undefined on a broker elsewhere. */
  readonly authority: ProbeAuthority | undefined;
}

export interface ProbeAuthority {
  /** A certificate of the party that ends at `notAfter`, to the second. */
  issueUntil(clientId: string, notAfter: EpochMs): Party['credential'];
  /** PEM of the next revocation list, with the certificates named so far and these. */
  revoke(credentials: readonly Party['credential'][]): string;
}

/** Identities in memory, and what a broker needs to be started with them. */
export interface MintedIdentities extends ProbeIdentities {
  readonly authority: ProbeAuthority;
  readonly server: {
    readonly certificatePem: string;
    readonly privateKeyPem: string;
    readonly caPem: string;
  };
  readonly deviceCaPem: string;
  readonly otherCaPem: string;
  /** Every common name that may log in. */
  readonly principals: readonly string[];
}

const HOUR_MS = 3_600_000;

/** Mints an authority and whoever the probes need. */
export async function mintIdentities(clock: Clock): Promise<MintedIdentities> {
  const now = Math.round(clock.now());
  const [devices, servers, other] = await Promise.all(
    ['probe devices', 'probe servers', 'not the fleet'].map((title) =>
      newAuthority({ now, title }),
    ),
  );
  if (devices === undefined || servers === undefined || other === undefined) {
    throw new Error('internal error: an authority is missing');
  }
  const server = issueServerCertificate(
    servers,
    { name: 'server', hosts: serverHosts([]), keyType: 'P-256' },
    { now },
  );
  const known = new Map<string, Party>();
  const revoked = new Map<string, { serialNumber: string; revokedAt: EpochMs }>();
  const serials = new Map<string, string>();
  let lists = 0;
  const remember = (issued: IssuedCredential): IssuedCredential => {
    serials.set(issued.certificateId, issued.serialNumber);
    return issued;
  };
  const names = (Object.keys(CAPABILITY_TITLES) as CapabilityId[]).flatMap((probe) => {
    const numbers = Array.from({ length: OWNERS[probe] ?? 1 }, (_, place) => place + 1);
    return ROLES.flatMap((role) => numbers.map((number) => partyName(role, probe, number)));
  });
  return {
    party: (role, probe, number) => {
      const clientId = partyName(role, probe, number);
      const party = known.get(clientId) ?? {
        clientId,
        credential: remember(issue(devices, clientId, now)),
      };
      known.set(clientId, party);
      return party;
    },
    rogue: issue(other, partyName('owner', 'refusalReasonVisible'), now),
    authority: {
      issueUntil: (clientId, notAfter) => {
        const validity = { notBefore: now - HOUR_MS, notAfter };
        return remember(issue(devices, clientId, now, validity));
      },
      revoke: (credentials) => {
        const at = Math.round(clock.now());
        for (const { certificateId } of credentials) {
          const serialNumber = serials.get(certificateId) ?? '';
          revoked.set(certificateId, { serialNumber, revokedAt: at });
        }
        lists += 1;
        const content = { thisUpdate: at - HOUR_MS, nextUpdate: at + 24 * HOUR_MS, number: lists };
        return crlPem(buildCrl(devices, { ...content, revoked: [...revoked.values()] }));
      },
    },
    server: { ...server, caPem: servers.trustPem },
    deviceCaPem: devices.trustPem,
    otherCaPem: other.trustPem,
    principals: [...new Set(names)],
  };
}

/** The user's two certificates; client IDs are their common names, as some policies demand. */
export async function givenIdentities(
  clock: Clock,
  [first, second]: readonly [Party, Party],
): Promise<ProbeIdentities> {
  const now = Math.round(clock.now());
  const other = await newAuthority({ now, title: 'not the fleet' });
  return {
    party: (role) => (role === 'owner' ? first : second),
    rogue: issue(other, `probe-${randomUUID().slice(0, 8)}`, now),
    authority: undefined,
  };
}

/** Configurations give `service` its rights by this very name. */
function partyName(role: Role, probe: CapabilityId, number = 1): string {
  if (role === 'service') return role;
  return number === 1 ? `${role}-${probe}` : `${role}-${probe}-${number}`;
}

function issue(
  authority: Authority,
  thingName: string,
  now: EpochMs,
  validity?: { readonly notBefore: EpochMs; readonly notAfter: EpochMs },
): IssuedCredential {
  const request = { name: thingName, thingName, keyType: 'P-256' } as const;
  return issueCertificate(authority, request, {
    now,
    ...(validity === undefined ? {} : { validity }),
  });
}
