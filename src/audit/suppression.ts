/**
 * Suppressions: findings of one check about one resource that someone has decided to live with,
 * until a date or for good (AWS's `AuditSuppression`). The audit still finds them, marks them, and
 * leaves them out of compliance. Pure.
 */
import type { CheckId } from '../core/ids.ts';
import { printable } from '../core/text.ts';
import type { EpochMs } from '../core/time.ts';
import type {
  AuditCheckDetails,
  AuditFinding,
  ResourceIdentifier,
  ResourceType,
} from './finding.ts';
import { resourceName } from './resource-name.ts';

/** AWS's fields; exactly one of `expirationDate` and `suppressIndefinitely` is set. */
export interface AuditSuppression {
  readonly checkName: CheckId;
  readonly resourceIdentifier: ResourceIdentifier;
  /** Epoch seconds; from that moment on it no longer holds. */
  readonly expirationDate?: number;
  readonly suppressIndefinitely?: true;
  readonly description?: string;
}

/** What became of a suppression in an audit. */
export interface SuppressionUse extends AuditSuppression {
  /**
   * `used`: it marked findings. `unused`: its check ran and found nothing on the resource.
   * `expired`: its date had come. `not-evaluated`: its check did not run, or could not answer.
   */
  readonly status: 'used' | 'unused' | 'expired' | 'not-evaluated';
  /** Findings that it marked. */
  readonly findings: number;
}

/** The member of `resourceIdentifier` that names a resource of each type. */
export const IDENTIFIER_KEYS = {
  CLIENT_ID: 'clientId',
  DEVICE_CERTIFICATE: 'deviceCertificateId',
  CA_CERTIFICATE: 'caCertificateId',
  ISSUER_CERTIFICATE: 'issuerCertificateIdentifier',
  PRINCIPAL: 'doppelfleetPrincipal',
} as const satisfies Record<ResourceType, keyof ResourceIdentifier>;

/** AWS keys a suppression by its check and resource; equal text for equal pairs. */
export function suppressionKey(checkName: string, resource: ResourceIdentifier): string {
  const { clientId, deviceCertificateId, caCertificateId, issuerCertificateIdentifier } = resource;
  const { doppelfleetPrincipal } = resource;
  const issuer = issuerCertificateIdentifier;
  return JSON.stringify([
    checkName,
    clientId,
    deviceCertificateId?.toLowerCase(),
    caCertificateId?.toLowerCase(),
    issuer && [
      issuer.issuerCertificateSubject,
      issuer.issuerId?.toLowerCase(),
      issuer.issuerCertificateSerialNumber?.toLowerCase(),
    ],
    doppelfleetPrincipal,
  ]);
}

/** `CHECK on resource`, safe to print. */
export function suppressionName({ checkName, resourceIdentifier }: AuditSuppression): string {
  const resource = resourceName(resourceIdentifier);
  return `${checkName} on ${printable(resource, 80)}`;
}

export function isExpired({ expirationDate }: AuditSuppression, now: EpochMs): boolean {
  return expirationDate !== undefined && expirationDate * 1000 <= now;
}

/** Decides finding by finding, and counts. */
export interface Suppressor {
  readonly covers: (finding: AuditFinding) => boolean;
  /** After all checks: what became of each, in the order given. */
  readonly uses: (
    details: Readonly<Partial<Record<CheckId, AuditCheckDetails>>>,
  ) => readonly SuppressionUse[];
}

export function suppressor(suppressions: readonly AuditSuppression[], now: EpochMs): Suppressor {
  const counts = new Map<string, number>();
  const inForce = suppressions.filter((suppression) => !isExpired(suppression, now));
  for (const suppression of inForce) counts.set(keyOf(suppression), 0);
  const issuers = inForce.filter((one) => one.resourceIdentifier.issuerCertificateIdentifier);
  return {
    covers: (finding) => {
      const exact = keyOf({ ...finding.nonCompliantResource, checkName: finding.checkName });
      const issuer = issuers.find((one) => coversIssuer(one, finding));
      const key = issuer === undefined ? exact : keyOf(issuer);
      const count = counts.get(key);
      if (count !== undefined) counts.set(key, count + 1);
      return count !== undefined;
    },
    uses: (details) =>
      suppressions.map((suppression) => {
        const findings = counts.get(keyOf(suppression));
        const ran = details[suppression.checkName]?.doppelfleet;
        // A check that lacks evidence may have missed the finding.
        const answered = ran !== undefined && ran.missing.length === 0;
        const expired = isExpired(suppression, now);
        const status =
          expired || findings === undefined
            ? 'expired'
            : findings > 0
              ? 'used'
              : answered
                ? 'unused'
                : 'not-evaluated';
        return { ...suppression, status, findings: status === 'used' ? (findings ?? 0) : 0 };
      }),
  };
}

/** An issuer has up to three names; it is meant when those that are given are its own. */
function coversIssuer(
  { checkName, resourceIdentifier }: AuditSuppression,
  finding: AuditFinding,
): boolean {
  const wanted = Object.entries(resourceIdentifier.issuerCertificateIdentifier ?? {});
  const { issuerCertificateIdentifier = {} } = finding.nonCompliantResource.resourceIdentifier;
  const own = new Map(Object.entries(issuerCertificateIdentifier));
  return (
    checkName === finding.checkName &&
    wanted.every(([name, value]) => own.get(name)?.toLowerCase() === value.toLowerCase())
  );
}

function keyOf({
  checkName,
  resourceIdentifier,
}: Pick<AuditSuppression, 'checkName' | 'resourceIdentifier'>): string {
  return suppressionKey(checkName, resourceIdentifier);
}
