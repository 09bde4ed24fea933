/**
 * INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK: authorities between a root and
 * active device certificates that stand in a revocation list. One finding per authority; its
 * devices are the related resources.
 */
import { plural } from '../../core/text.ts';
import type { AuditCheck, CheckContext, CheckOutcome, FindingDraft } from '../check.ts';
import type { AuditCertificate } from '../evidence.ts';
import type { FindingResource, IssuerCertificateIdentifier } from '../finding.ts';
import {
  activeCertificates,
  certificateDetail,
  certificateResource,
} from './certificate-findings.ts';
import { missingLists, type RevokedCertificate, revokedText } from './revocation.ts';

export const intermediateCaRevoked = {
  id: 'INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK',
  title: 'Intermediate CA revoked for active device certificates',
  description: 'Device certificates are active although an authority in their chain is revoked.',
  severity: 'CRITICAL',
  resourceType: 'ISSUER_CERTIFICATE',
  reasonCode: 'INTERMEDIATE_CA_REVOKED_BY_ISSUER',
  // AWS publishes the code but not the text.
  reason: 'Intermediate CA is revoked by its issuer while device certificates under it are active.',
  evidence: ['the certificates with their chains, and the revocation lists of the authorities'],
  falsePositives: ['devices that are registered no more, when their status is not known'],
  references: [
    'https://docs.aws.amazon.com/iot-device-defender/latest/devguide/audit-chk-intermediate-ca-revoked.html',
    'https://www.rfc-editor.org/rfc/rfc5280#section-5',
  ],
  fixes: [],
  onDemandLagMs: 0,
  needs: 'certificates',
  pointInTime: true,
  run,
} as const satisfies AuditCheck;

type ById = ReadonlyMap<string, AuditCertificate>;

async function run(context: CheckContext): Promise<CheckOutcome> {
  const { certificates, now, semantics } = context;
  const known = certificates?.certificates ?? [];
  const byId: ById = new Map(known.map((one) => [one.certificateId, one]));
  const devices = activeCertificates(context, 'device');
  const chains = new Map<string, readonly AuditCertificate[]>();
  const under = new Map<string, AuditCertificate[]>();
  for (const device of devices) {
    for (const authority of chainAbove(device, byId, chains)) {
      const known = under.get(authority.certificateId);
      if (known === undefined) under.set(authority.certificateId, [device]);
      else known.push(device);
    }
  }
  const intermediates = [...under.keys()].sort().flatMap((id) => byId.get(id) ?? []);
  return {
    findings: intermediates
      .filter((one): one is RevokedCertificate => one.revoked !== undefined)
      .map((one) =>
        revokedFinding(one, under.get(one.certificateId) ?? [], {
          now,
          relatedMax: semantics.relatedMax,
        }),
      ),
    resources: intermediates.length,
    missing: [...missingLists(context, intermediates), ...missingChains(devices)],
    applies: (certificates?.revocationLists.length ?? 0) > 0,
  };
}

/** Authorities above a certificate that are no roots; chains of siblings are worked out once. */
function chainAbove(
  { issuerCertificateId }: AuditCertificate,
  byId: ById,
  chains: Map<string, readonly AuditCertificate[]>,
): readonly AuditCertificate[] {
  if (issuerCertificateId === undefined) return [];
  const known = chains.get(issuerCertificateId);
  if (known !== undefined) return known;
  const chain: AuditCertificate[] = [];
  const seen = new Set<string>();
  let authority = byId.get(issuerCertificateId);
  // Cross-signed authorities can form a circle.
  while (authority !== undefined && !seen.has(authority.certificateId)) {
    seen.add(authority.certificateId);
    if (authority.subject !== authority.issuer) chain.push(authority);
    authority = byId.get(authority.issuerCertificateId ?? '');
  }
  chains.set(issuerCertificateId, chain);
  return chain;
}

function missingChains(devices: readonly AuditCertificate[]): readonly string[] {
  const orphans = devices.filter((device) => device.issuerCertificateId === undefined).length;
  return orphans === 0
    ? []
    : [`issuer: its certificate is missing for ${plural(orphans, 'device certificate')}`];
}

function revokedFinding(
  authority: RevokedCertificate,
  devices: readonly AuditCertificate[],
  { now, relatedMax }: { readonly now: number; readonly relatedMax: number },
): FindingDraft {
  const said = {
    diagnosis: 'revoked-certificate',
    confidence: 'certain',
    because: `${revokedText(authority)}; ${plural(devices.length, 'device certificate')} under it`,
  } as const;
  return {
    resource: issuerResource(authority),
    related: devices.slice(0, relatedMax).map((device) => certificateResource(device)),
    detail: {
      ...certificateDetail(said, now),
      relatedTotal: devices.length,
      occurrences: devices.length,
    },
  };
}

/** AWS's bounds of the members; a serial number that is too long for it is left out, not cut. */
function issuerResource({
  subject,
  serialNumber,
  certificateId,
}: AuditCertificate): FindingResource {
  const fits = /^[a-fA-F0-9:]{1,20}$/.test(serialNumber);
  const issuerCertificateIdentifier: IssuerCertificateIdentifier = {
    issuerCertificateSubject: subject.slice(0, 1000),
    issuerId: certificateId,
    ...(fits ? { issuerCertificateSerialNumber: serialNumber } : {}),
  };
  return {
    resourceType: 'ISSUER_CERTIFICATE',
    resourceIdentifier: { issuerCertificateIdentifier },
  };
}
