/** Where a finding is, for SARIF: its resource as a logical, its histories as physical location. Pure. */
import type { AuditFinding, AuditSource, FindingResource } from '../../audit/finding.ts';
import { printable } from '../../core/text.ts';
import { resourceId, resourceKey, resourceLabel } from './resources.ts';
import { sarifMessage } from './sarif-text.ts';

export interface SarifLocation {
  readonly id?: number;
  readonly message?: { readonly text: string };
  readonly physicalLocation?: {
    readonly artifactLocation: { readonly uri: string; readonly index: number };
    readonly region: { readonly startLine: number };
  };
  readonly logicalLocations?: readonly {
    readonly name: string;
    readonly fullyQualifiedName: string;
    readonly kind: 'resource';
  }[];
}

/** As many related resources as AWS's describe view lists. */
const RELATED_MAX = 10;

export interface Histories {
  readonly sources: readonly AuditSource[];
  /** Of the sources, in their order. */
  readonly uris: readonly string[];
  /** The same, each once, as `run.artifacts` has them. */
  readonly artifacts: readonly string[];
}

export function sarifLocations(
  finding: AuditFinding,
  { sources, uris, artifacts }: Histories,
): {
  readonly locations: readonly SarifLocation[];
  readonly relatedLocations?: readonly SarifLocation[];
} {
  const logicalLocations = [logical(finding.nonCompliantResource)];
  const proof = new Set(proving(finding, sources).map((source) => uris[source] ?? ''));
  const files = [...proof].map((uri) => ({
    // Evidence is many lines; the numbers of its events stand among the properties. Code scanning
    // wants a line all the same.
    physicalLocation: {
      artifactLocation: { uri, index: artifacts.indexOf(uri) },
      region: { startLine: 1 },
    },
    logicalLocations,
  }));
  const related = (finding.relatedResources ?? []).slice(0, RELATED_MAX).map((resource, i) => ({
    id: i + 1,
    message: sarifMessage(relatedText(resource)),
    logicalLocations: [logical(resource)],
  }));
  return {
    locations: files.length > 0 ? files : [{ logicalLocations }],
    ...(related.length > 0 ? { relatedLocations: related } : {}),
  };
}

/** Indexes of the histories that hold its evidence; the first history when it names no event. */
function proving({ doppelfleet }: AuditFinding, sources: readonly AuditSource[]): number[] {
  const all = sources.map((source, index) => ({ from: source.evidenceOffset, index }));
  const order = all.toSorted((a, b) => a.from - b.from);
  const holders = new Set<number>();
  for (const number of doppelfleet.evidence) {
    const holder = order.findLast(({ from }) => from <= number);
    if (holder !== undefined) holders.add(holder.index);
  }
  if (holders.size === 0 && sources.length > 0) holders.add(0);
  return [...holders].sort((a, b) => a - b);
}

function logical(resource: FindingResource) {
  return {
    name: printable(resourceId(resource), 200),
    fullyQualifiedName: `${resource.resourceType}/${resourceKey(resource)}`,
    kind: 'resource' as const,
  };
}

function relatedText(resource: FindingResource): string {
  const info = Object.entries(resource.additionalInfo ?? {});
  const facts = info.map(([name, value]) => `${name} ${value}`).join(', ');
  return facts === '' ? resourceLabel(resource) : `${resourceLabel(resource)}: ${facts}`;
}
