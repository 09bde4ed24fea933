/**
 * Findings as a fixing session knows them: each with the groups of devices that use its identity, so
 * that a fix can be put where the finding is. Pure.
 */
import type { AuditFinding } from '../audit/finding.ts';
import { CHECK_IDS, type CheckId, type Diagnosis, FIX_IDS, type FixId } from '../core/ids.ts';
import { resolveClientId } from '../scenario/client-id.ts';
import type { FleetPlan } from '../scenario/plan.ts';

export interface OpenFinding {
  /** Equal for the same check on the same resource, from one run to the next. */
  readonly key: string;
  readonly check: CheckId;
  /** The client ID, or the name of the certificate. */
  readonly label: string;
  readonly diagnosis: Diagnosis;
  readonly because: string;
  /** Strategies that address it, as the check names them. */
  readonly fixes: readonly FixId[];
  /** Groups whose devices use the identity; empty when it is nobody's of the fleet. */
  readonly groups: readonly string[];
}

/** What is known of a certificate once it exists. */
interface KnownCertificate {
  readonly thingName: string;
  readonly certificateId: string;
  readonly serialNumber: string;
}

export interface ObservedRun {
  readonly plan: FleetPlan;
  /** By the names of the plan's certificates. */
  readonly certificates: ReadonlyMap<string, KnownCertificate>;
  /** Epoch ms from which the plan's times count. */
  readonly startedAt: number;
  readonly findings: readonly AuditFinding[];
  /** IDs of the certificates that a rotation has revoked. */
  readonly rotatedOut: ReadonlySet<string>;
}

/** The findings that still stand at the end of the run; those that a rotation ended do not. */
export function openFindings(run: ObservedRun): readonly OpenFinding[] {
  const users = identityUsers(run);
  return run.findings
    .filter((finding) => !finding.isSuppressed && !isOver(finding, run))
    .map((finding): OpenFinding => {
      const { checkName: check, doppelfleet: detail } = finding;
      const resource = resourceOf(finding);
      const user = users.get(`${kindOf(finding)} ${resource}`);
      return {
        key: `${check} ${resource}`,
        check,
        label: user?.label ?? resource,
        diagnosis: detail.diagnosis,
        because: detail.because,
        fixes: FIX_IDS.filter((id) => detail.fixes.includes(id)).sort(
          (a, b) => detail.fixes.indexOf(a) - detail.fixes.indexOf(b),
        ),
        groups: [...(user?.groups ?? [])],
      };
    })
    .sort(
      (a, b) =>
        CHECK_IDS.indexOf(a.check) - CHECK_IDS.indexOf(b.check) || (a.label < b.label ? -1 : 1),
    );
}

/** Seen for the last time before the devices had new certificates, and refused since. */
function isOver(finding: AuditFinding, { plan, startedAt, rotatedOut }: ObservedRun): boolean {
  const { deviceCertificateId: id } = finding.nonCompliantResource.resourceIdentifier;
  return (
    plan.rotation !== undefined &&
    id !== undefined &&
    rotatedOut.has(id) &&
    finding.doppelfleet.lastOccurrence <= startedAt + plan.rotation.verifyByMs
  );
}

interface Users {
  readonly label: string;
  readonly groups: Set<string>;
}

/** Who uses which client ID and which certificate, by the words of a finding. */
function identityUsers({ plan, certificates }: ObservedRun): ReadonlyMap<string, Users> {
  const users = new Map<string, Users>();
  const add = (key: string, label: string, group: string): void => {
    const known = users.get(key) ?? { label, groups: new Set() };
    known.groups.add(group);
    users.set(key, known);
  };
  for (const device of plan.devices) {
    for (const name of device.certificates) {
      const certificate = certificates.get(name);
      if (certificate === undefined) continue;
      add(`certificate ${certificate.certificateId}`, `the certificate of ${name}`, device.group);
      const clientId =
        plan.clientIdBinding === 'replaced'
          ? certificate.thingName
          : resolveClientId(device.clientId, certificate, device.random)[0];
      add(`client ${clientId}`, clientId, device.group);
    }
  }
  return users;
}

function kindOf({ nonCompliantResource }: AuditFinding): 'client' | 'certificate' {
  return nonCompliantResource.resourceIdentifier.clientId === undefined ? 'certificate' : 'client';
}

function resourceOf({ nonCompliantResource }: AuditFinding): string {
  const { clientId, deviceCertificateId, doppelfleetPrincipal } =
    nonCompliantResource.resourceIdentifier;
  return clientId ?? deviceCertificateId ?? doppelfleetPrincipal ?? '';
}
