/**
 * Certificates and lists for a script, minted in memory by the authority of a store: each client
 * gets what the script says, good or bad.
 */
import { EXIT, UserError } from '../core/errors.ts';
import { type Clock, DAY_MS, HOUR_MS } from '../core/time.ts';
import { type Authority, newAuthority } from '../identity/authority.ts';
import { validityOf } from '../identity/certificate.ts';
import { buildCrl, crlPem } from '../identity/crl-build.ts';
import { type IssueOptions, issueCertificate } from '../identity/issue.ts';
import { readManifest } from '../identity/manifest.ts';
import type { Store } from '../identity/store.ts';
import { ensureAuthority, loadAuthority } from '../identity/store-authority.ts';
import type { Credential } from '../identity/types.ts';
import type { Script } from '../script/schema.ts';
import { commonNameOf, type ListState } from '../script/world.ts';

/** What a reader of lists takes for none. */
const NO_LIST = 'this is not a revocation list\n';

export interface ScriptIdentities {
  /** By the name of the client; none for those without a certificate. */
  readonly credentials: ReadonlyMap<string, Credential>;
  readonly deviceCaPem: string;
  readonly principals: readonly string[];
  revocationList(revoked: readonly string[], state: ListState): string | null;
  authorities(names: readonly ('default' | 'new')[]): string;
}

/** Mints all that the script needs; `other` is an authority that is not the fleet's. */
export async function scriptIdentities(
  script: Script,
  { fleet, other }: Pick<Authorities, 'fleet' | 'other'>,
  clock: Clock,
): Promise<ScriptIdentities> {
  const now = Math.round(clock.now());
  const successor = await newAuthority({ now, title: 'doppelfleet CA, next' });
  const credentials = new Map<string, Credential>();
  const settle = (name: string): Credential | undefined => {
    const known = credentials.get(name);
    if (known !== undefined) return known;
    const wanted = script.clients[name]?.certificate ?? 'valid';
    if (wanted === 'none') return undefined;
    const made =
      typeof wanted === 'object' && 'sameAs' in wanted
        ? settle(wanted.sameAs)
        : mint(script, name, wanted, { fleet, other, successor, now });
    if (made !== undefined) credentials.set(name, made);
    return made;
  };
  for (const name of Object.keys(script.clients)) settle(name);
  let number = 1;
  const listing = new Set([fleet]);
  return {
    credentials,
    deviceCaPem: fleet.trustPem,
    principals: [...new Set(Object.keys(script.clients).map((name) => commonNameOf(script, name)))],
    revocationList: (revoked, state) => {
      if (state === 'missing') return null;
      if (state === 'corrupt') return NO_LIST;
      number += 1;
      const signedAt = Math.round(clock.now());
      const stale = state === 'stale';
      const content = (issuer: Authority) => ({
        thisUpdate: signedAt - (stale ? 2 * DAY_MS : HOUR_MS),
        nextUpdate: signedAt + (stale ? -HOUR_MS : DAY_MS),
        number,
        revoked: revoked.flatMap((name) => {
          const serialNumber = credentials.get(name)?.serialNumber;
          if (
            serialNumber === undefined ||
            issuerOf(script, name, { fleet, successor }) !== issuer
          ) {
            return [];
          }
          return [{ serialNumber, revokedAt: signedAt - HOUR_MS / 2 }];
        }),
      });
      return [...listing].map((issuer) => crlPem(buildCrl(issuer, content(issuer)))).join('');
    },
    authorities: (names) => {
      const named = names.map((name) => (name === 'new' ? successor : fleet));
      // A broker that checks revocation wants a list of every authority (RFC 5280 §6.3).
      for (const authority of named) listing.add(authority);
      return named.map(({ trustPem }) => trustPem).join('');
    },
  };
}

/**
 * The authority that the broker trusts, made if there is none. Throws a `UserError` (64) for a store
 * that can't sign: imported devices come without the means to mint others.
 */
export async function signingAuthority(store: Store): Promise<Authority> {
  const { imported } = await readManifest(store);
  const fleet = imported.length > 0 ? await loadAuthority(store) : await ensureAuthority(store);
  if (fleet !== undefined) return fleet;
  throw new UserError(EXIT.usage, {
    message: 'a script mints certificates of its own, and this store has no authority that can',
    hint: "import the authority's certificate and key, or name another folder with --certs",
  });
}

interface Authorities {
  readonly fleet: Authority;
  readonly other: Authority;
  readonly successor: Authority;
  readonly now: number;
}

/** Whose list a client would be put on. */
function issuerOf(
  script: Script,
  name: string,
  { fleet, successor }: Pick<Authorities, 'fleet' | 'successor'>,
): Authority {
  const wanted = script.clients[name]?.certificate;
  if (typeof wanted === 'object' && 'sameAs' in wanted) {
    return issuerOf(script, wanted.sameAs, { fleet, successor });
  }
  return wanted === 'new-authority' ? successor : fleet;
}

type CertificateKind = Exclude<
  Script['clients'][string]['certificate'],
  'none' | { sameAs: string }
>;

function mint(
  script: Script,
  name: string,
  kind: CertificateKind,
  { fleet, other, successor, now }: Authorities,
): Credential {
  const thingName = commonNameOf(script, name);
  const request = { name, thingName, keyType: 'P-256' } as const;
  const valid = (from: number, to: number): IssueOptions => ({
    now,
    validity: validityOf(now + from, now + to),
  });
  if (typeof kind === 'object') {
    return issueCertificate(fleet, request, valid(-HOUR_MS, kind.validFor));
  }
  switch (kind) {
    case 'valid':
      return issueCertificate(fleet, request, { now });
    case 'expired':
      return issueCertificate(fleet, request, valid(-2 * DAY_MS, -HOUR_MS));
    case 'not-yet-valid':
      return issueCertificate(fleet, request, valid(HOUR_MS, DAY_MS));
    case 'other-authority':
      return issueCertificate(other, request, { now });
    case 'new-authority':
      return issueCertificate(successor, request, { now });
  }
}
