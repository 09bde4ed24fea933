/** Ties findings to sessions: by client ID, by certificate, and by the events that prove them. Pure. */
import type { AuditFinding } from '../audit/finding.ts';
import { resourceName } from '../audit/resource-name.ts';
import { printable } from '../core/text.ts';
import { FLAG } from './columns.ts';
import type { PageFinding } from './page-data.ts';
import type { SessionRow } from './run-sessions.ts';
import type { RunTables } from './side-rows.ts';

/** The anchor of a finding's article on the page. */
export function findingAnchor(run: number, finding: number): string {
  return `finding-${run + 1}-${finding + 1}`;
}

/** What a finding is about, as far as it is known. */
interface About {
  readonly isNamed: boolean;
  readonly clients: Set<number>;
  readonly certificates: Set<number>;
}

/** Sets the flags of the sessions that findings are about, and says what each is about. */
export function markFindings(
  run: number,
  findings: readonly AuditFinding[],
  rows: readonly SessionRow[],
  tables: RunTables,
): readonly PageFinding[] {
  const about = findings.map((finding) => resourcePlaces(finding, tables));
  markEvidence(findings, about, rows);
  const clients = new Set(about.flatMap((one) => [...one.clients]));
  const certificates = new Set(about.flatMap((one) => [...one.certificates]));
  for (const row of rows) {
    if (clients.has(row.client) || certificates.has(row.certificate)) row.flags |= FLAG.inFinding;
  }
  return findings.map((finding, place) => ({
    anchor: findingAnchor(run, place),
    label: printable(resourceName(finding.nonCompliantResource.resourceIdentifier), 80),
    clients: [...(about[place]?.clients ?? [])],
    certificates: [...(about[place]?.certificates ?? [])],
  }));
}

/** A finding about something without a lane of its own: its evidence says which lanes. */
function markEvidence(
  findings: readonly AuditFinding[],
  about: readonly About[],
  rows: readonly SessionRow[],
): void {
  const provenBy = new Map<number, number[]>();
  for (const [place, { doppelfleet }] of findings.entries()) {
    for (const event of doppelfleet.evidence) {
      provenBy.set(event, [...(provenBy.get(event) ?? []), place]);
    }
  }
  for (const row of rows) {
    const proven = [row.opened, row.closed].flatMap((event) => provenBy.get(event) ?? []);
    if (proven.length === 0) continue;
    row.flags |= FLAG.evidence;
    for (const place of proven) {
      const found = about[place];
      if (found?.isNamed === false) found.clients.add(row.client);
    }
  }
}

function resourcePlaces({ nonCompliantResource }: AuditFinding, tables: RunTables): About {
  const { clientId, deviceCertificateId } = nonCompliantResource.resourceIdentifier;
  const client = tables.clients.find(clientId);
  const certificate = tables.certificates.find(deviceCertificateId);
  return {
    isNamed: clientId !== undefined || deviceCertificateId !== undefined,
    clients: new Set(client === undefined ? [] : [client]),
    certificates: new Set(certificate === undefined ? [] : [certificate]),
  };
}
