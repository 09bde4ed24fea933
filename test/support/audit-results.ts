/** Audits for the tests of exports: real ones of hostile histories, and arbitrary ones. */
import fc from 'fast-check';
import type { AuditFinding, AuditResult, FindingResource } from '../../src/audit/finding.ts';
import { CERTIFICATE_DIAGNOSES, CHECK_IDS, DIAGNOSES } from '../../src/core/ids.ts';
import type { ObservedEvent } from '../../src/history/event.ts';
import { certificate, session } from './history-events.ts';

/** Client IDs that try to be something else in JSON, HTML, XML, CSV, Markdown, SARIF or a terminal. */
export const HOSTILE_IDS: readonly string[] = [
  'quote"\'s',
  'line\r\nbreak\n\n# heading',
  '<script>alert(1)</script>',
  ']]><!-- -->&lt;',
  "=cmd|'/C calc'!A0",
  '+1+1',
  '-2+3',
  '@SUM(1)',
  '\t=1',
  '\r=1',
  "'already",
  '\uFF1D1+1',
  'a|b\\|c\\',
  '`code` ``more``',
  '[link](https://evil.example/)![img](x)',
  '{0} {{1}}',
  '@octocat #1 GH-2 https://evil.example www.evil.example a@b.example',
  'nul\u0000byte',
  '\u001b[31mred\u202Ereversed',
  '👩‍🚀 émoji',
  '__proto__',
  'toString',
  'a/b/../c#+',
  '-- - 1. +',
  ' ',
  '',
  'x'.repeat(65_535),
  '"'.repeat(65_535),
];

/** Each ID: two sessions that evict one another, and two on one certificate that overlap. */
export function hostileEvents(): ObservedEvent[] {
  return HOSTILE_IDS.flatMap((clientId, i) => {
    const at = 10_000 * i;
    const digit = i % 2 === 0 ? 'a' : 'b';
    return [
      ...session(`${i}a`, clientId, '1', [at, at + 1_000], 'session-taken-over'),
      ...session(`${i}b`, clientId, '2', [at + 1_000, at + 2_000], 'session-taken-over'),
      ...session(`${i}c`, clientId, '1', [at + 2_000, at + 3_000]),
      ...session(`${i}d`, clientId, digit, [at + 4_000, at + 9_000]),
      ...session(`${i}e`, `${i} twin`, digit, [at + 5_000, at + 8_000]),
    ];
  });
}

const text = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...HOSTILE_IDS.filter((id) => id.length < 200)) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
  { weight: 1, arbitrary: fc.constantFrom('\ud800', 'x\udfff|', '\uFEFF=1', '\u2028"') },
);
const id = fc.stringMatching(/^[0-9a-f]{32}$/);
const count = fc.nat({ max: 1_000_000 });
const seconds = fc.double({ min: 0, max: 1e12, noNaN: true });

const resource: fc.Arbitrary<FindingResource> = fc
  .tuple(
    fc.oneof(
      text.map((clientId) => ({
        resourceType: 'CLIENT_ID' as const,
        resourceIdentifier: { clientId },
      })),
      fc.constantFrom('a', '0').map((digit) => ({
        resourceType: 'DEVICE_CERTIFICATE' as const,
        resourceIdentifier: { deviceCertificateId: certificate(digit) },
      })),
      text.map((issuerCertificateSubject) => ({
        resourceType: 'ISSUER_CERTIFICATE' as const,
        resourceIdentifier: { issuerCertificateIdentifier: { issuerCertificateSubject } },
      })),
    ),
    fc.option(fc.dictionary(fc.constantFrom('CONNECTION_TIME', 'PRINCIPAL_ID'), text), {
      nil: undefined,
    }),
  )
  .map(([named, additionalInfo]) => ({
    ...named,
    ...(additionalInfo === undefined ? {} : { additionalInfo }),
  }));

const finding: fc.Arbitrary<AuditFinding> = fc
  .record({
    findingId: id,
    taskId: id,
    checkName: fc.constantFrom(...CHECK_IDS),
    taskStartTime: seconds,
    findingTime: seconds,
    severity: fc.constantFrom('CRITICAL', 'HIGH', 'MEDIUM', 'LOW'),
    nonCompliantResource: resource,
    reasonForNonCompliance: text,
    reasonForNonComplianceCode: fc.constantFrom('CODE_ONE', 'CODE_TWO'),
    isSuppressed: fc.boolean(),
    relatedResources: fc.array(resource, { maxLength: 14, size: 'max' }),
    doppelfleet: fc.record({
      diagnosis: fc.constantFrom(...DIAGNOSES, ...CERTIFICATE_DIAGNOSES),
      confidence: fc.constantFrom('certain', 'likely', 'ambiguous'),
      because: text,
      evidence: fc.array(count, { maxLength: 5 }),
      evidenceTotal: count,
      relatedTotal: count,
      occurrences: count,
      lastOccurrence: fc.double({ noNaN: true }),
      inferred: fc.array(text, { maxLength: 2 }),
      fixes: fc.array(text, { maxLength: 2 }),
    }),
  })
  .map((one) => {
    const { relatedResources, ...rest } = one;
    return relatedResources.length > 0 ? one : rest;
  });

const details = fc
  .record({
    status: fc.constantFrom('compliant', 'non-compliant', 'inconclusive'),
    total: count,
    found: count,
    missing: fc.array(text, { maxLength: 2 }),
  })
  .map(({ status, total, found, missing }) => ({
    checkRunStatus: (
      {
        compliant: 'COMPLETED_COMPLIANT',
        'non-compliant': 'COMPLETED_NON_COMPLIANT',
        inconclusive: 'FAILED',
      } as const
    )[status],
    checkCompliant: status === 'compliant',
    totalResourcesCount: total,
    nonCompliantResourcesCount: found,
    suppressedNonCompliantResourcesCount: 0,
    ...(missing.length > 0 ? { message: missing.join('; ') } : {}),
    doppelfleet: { status, missing, window: { from: 0, to: 1 } },
  }));

/** Any audit that the types allow, with hostile text wherever text is. */
export const anyAudit: fc.Arbitrary<AuditResult> = fc.record({
  taskId: id,
  taskStartTime: seconds,
  findings: fc.uniqueArray(finding, { maxLength: 5, selector: ({ findingId }) => findingId }),
  auditDetails: fc.dictionary(fc.constantFrom(...CHECK_IDS), details, { noNullPrototype: true }),
  sources: fc.array(
    fc.record({
      file: text,
      broker: text,
      runId: text,
      events: count,
      evidenceOffset: count,
      complete: fc.boolean(),
      unreadableLines: count,
      examples: fc.constant([]),
    }),
    { maxLength: 3 },
  ),
  statistics: fc.constant({
    sessions: 0,
    clientIds: 0,
    certificates: 0,
    takeovers: 0,
    certificatesJoined: 0,
  }),
  notes: fc.array(text, { maxLength: 3 }),
});
