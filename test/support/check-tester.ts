/**
 * Runs one audit check over tables of tiny literal histories:
 *
 *     checkTester('CONFLICTING_CLIENT_IDS_CHECK', {
 *       compliant: [{ name: 'a sentence', events: [...] }],
 *       nonCompliant: [{ name: 'a sentence', events: [...], finding: { occurrences: 1 } }],
 *       inconclusive: [{ name: 'a sentence', events: [...], missing: ['certificateId'] }],
 *     });
 */
import { describe, expect, test } from 'vitest';
import { auditStore } from '../../src/audit/engine.ts';
import type { AuditFinding, FindingDetail } from '../../src/audit/finding.ts';
import type { AuditOptions } from '../../src/audit/options.ts';
import type { CheckId } from '../../src/core/ids.ts';
import type { ObservedEvent, Vantage } from '../../src/history/event.ts';
import { openHistoryStore } from '../../src/history/store.ts';
import { EPOCH, numbered } from './history-events.ts';

export interface CheckCase {
  /** The rule as a sentence. */
  readonly name: string;
  readonly events: readonly ObservedEvent[];
  /** Vantages of the header; by default those of the events. */
  readonly vantages?: readonly Vantage[];
  /** When the evidence ends, in ms from {@link EPOCH}. */
  readonly endsAt?: number;
  readonly options?: Omit<AuditOptions, 'checks'>;
}

export interface NonCompliantCase extends CheckCase {
  /** Client IDs or certificate IDs that are found; `finding` speaks of the first. */
  readonly resources: readonly string[];
  readonly finding?: Partial<FindingDetail>;
}

export interface InconclusiveCase extends CheckCase {
  /** Beginnings of what is named as missing, in order. */
  readonly missing: readonly string[];
}

export interface CheckCases {
  readonly compliant: readonly CheckCase[];
  readonly nonCompliant: readonly NonCompliantCase[];
  readonly inconclusive: readonly InconclusiveCase[];
}

export function checkTester(check: CheckId, cases: CheckCases): void {
  describe(`${check} finds nothing when`, () => {
    test.each(cases.compliant)('$name', async (given) => {
      const { findings, details } = await auditEvents(check, given);
      expect(findings).toEqual([]);
      expect(details).toMatchObject({
        checkRunStatus: 'COMPLETED_COMPLIANT',
        checkCompliant: true,
        doppelfleet: { status: 'compliant', missing: [] },
      });
    });
  });
  describe(`${check} finds`, () => {
    test.each(cases.nonCompliant)('$name', async (given) => {
      const { findings, details } = await auditEvents(check, given);
      expect(findings.map(resourceOf)).toEqual(given.resources);
      expect(findings[0]?.doppelfleet).toMatchObject(given.finding ?? {});
      expect(details).toMatchObject({
        checkRunStatus: 'COMPLETED_NON_COMPLIANT',
        checkCompliant: false,
        nonCompliantResourcesCount: given.resources.length,
        doppelfleet: { status: 'non-compliant' },
      });
    });
  });
  describe(`${check} is inconclusive when`, () => {
    test.each(cases.inconclusive)('$name', async (given) => {
      const { findings, details } = await auditEvents(check, given);
      expect(findings).toEqual([]);
      expect(details).toMatchObject({ checkRunStatus: 'FAILED', checkCompliant: false });
      expect(details?.doppelfleet.status).toBe('inconclusive');
      expect(details?.message).toBe(details?.doppelfleet.missing.join('; '));
      expect(details?.doppelfleet.missing).toEqual(
        given.missing.map((beginning) => expect.stringMatching(new RegExp(`^${beginning}`))),
      );
    });
  });
}

export const resourceOf = ({ nonCompliantResource }: AuditFinding): string | undefined => {
  const { clientId, deviceCertificateId, caCertificateId, ...others } =
    nonCompliantResource.resourceIdentifier;
  const { issuerCertificateIdentifier, doppelfleetPrincipal } = others;
  const issuer = issuerCertificateIdentifier?.issuerId;
  return clientId ?? deviceCertificateId ?? caCertificateId ?? issuer ?? doppelfleetPrincipal;
};

/** Audits literal events with one check, without a file. */
async function auditEvents(check: CheckId, given: Omit<CheckCase, 'name'>) {
  const vantages = given.vantages ?? given.events.map((event) => event.vantage);
  const store = await openHistoryStore();
  try {
    store.append(0, numbered(given.events));
    const endedAt = given.endsAt === undefined ? undefined : EPOCH + given.endsAt;
    const audit = await auditStore(
      store,
      [{ run: 0, hasBroker: vantages.includes('broker'), startedAt: EPOCH, endedAt }],
      { ...given.options, checks: [check] },
    );
    return { ...audit, details: audit.auditDetails[check] };
  } finally {
    await store.close();
  }
}
