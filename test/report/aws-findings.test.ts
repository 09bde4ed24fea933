import { beforeAll, describe, expect, test } from 'vitest';
import type { AuditResult } from '../../src/audit/finding.ts';
import { renderExport } from '../../src/report/exports/registry.ts';
import { HOSTILE_IDS } from '../support/audit-results.ts';
import { certificate, EPOCH } from '../support/history-events.ts';
import {
  describeAuditFinding,
  listAuditFindings,
  listRelatedResources,
  mustFit,
} from '../support/json-schemas.ts';
import { auditOf, hostileAudit, plainEvents } from '../support/real-audit.ts';

let plain: AuditResult;
let hostile: AuditResult;
beforeAll(async () => {
  [plain, hostile] = [await auditOf(plainEvents), await hostileAudit()];
});

const json = (audit: AuditResult, variant?: string) =>
  JSON.parse(renderExport('aws-findings', audit, variant === undefined ? {} : { variant }));

describe('the findings of a real audit', () => {
  test('have the members that AWS prints and no others', () => {
    const { findings } = json(plain);
    expect(findings).toHaveLength(2);
    expect(findings[1]).toEqual({
      findingId: expect.stringMatching(/^[0-9a-f]{32}$/),
      taskId: plain.taskId,
      checkName: 'DEVICE_CERTIFICATE_SHARED_CHECK',
      taskStartTime: (EPOCH + 60_000) / 1000,
      findingTime: (EPOCH + 60_000) / 1000,
      severity: 'CRITICAL',
      nonCompliantResource: {
        resourceType: 'DEVICE_CERTIFICATE',
        resourceIdentifier: { deviceCertificateId: certificate('c') },
      },
      relatedResources: [
        {
          resourceType: 'CLIENT_ID',
          resourceIdentifier: { clientId: 'two' },
          additionalInfo: { CONNECTION_TIME: String(EPOCH + 1_000) },
        },
        {
          resourceType: 'CLIENT_ID',
          resourceIdentifier: { clientId: 'one' },
          additionalInfo: {
            CONNECTION_TIME: String(EPOCH),
            DISCONNECTION_TIME: String(EPOCH + 5_000),
          },
        },
      ],
      reasonForNonCompliance: 'Certificate shared by one or more devices.',
      reasonForNonComplianceCode: 'CERTIFICATE_SHARED_BY_MULTIPLE_DEVICES',
      isSuppressed: false,
    });
  });

  test('keep every hostile client ID as it was and fit the API model', () => {
    const list = json(hostile);
    mustFit(listAuditFindings, list);
    mustFit(describeAuditFinding, json(hostile, 'describe'));
    mustFit(listRelatedResources, json(hostile, 'related'));
    const clients = list.findings.map(
      (one: AuditResult['findings'][number]) =>
        one.nonCompliantResource.resourceIdentifier.clientId,
    );
    expect(new Set(clients)).toEqual(new Set([...HOSTILE_IDS, undefined]));
  });

  test('list ten related resources in the describe view and all of them in the related view', () => {
    const shared = hostile.findings.find(
      ({ relatedResources = [] }) => relatedResources.length > 10,
    );
    const id = shared?.findingId ?? '';
    expect(json(hostile, 'describe')[id].finding.relatedResources).toEqual(
      shared?.relatedResources?.slice(0, 10),
    );
    expect(json(hostile, 'related')[id]).toEqual({ relatedResources: shared?.relatedResources });
  });

  test('carry our key only where it is asked for', () => {
    expect(JSON.stringify(json(plain))).not.toContain('doppelfleet');
    expect(() => mustFit(listAuditFindings, json(plain, 'doppelfleet'))).toThrow('doppelfleet');
    expect(json(plain, 'doppelfleet').findings[0].doppelfleet).toEqual(
      plain.findings[0]?.doppelfleet,
    );
  });

  test('leave out what AWS does not know: other identifiers, our own checks', () => {
    const [finding] = plain.findings;
    if (finding === undefined) throw new Error('no finding');
    const { nonCompliantResource } = finding;
    const resourceIdentifier = { ...nonCompliantResource.resourceIdentifier, serial: '1' };
    const audit: AuditResult = {
      ...plain,
      findings: [
        { ...finding, nonCompliantResource: { ...nonCompliantResource, resourceIdentifier } },
        { ...finding, checkName: 'SHARED_PRINCIPAL_CHECK' },
      ],
    };
    mustFit(listAuditFindings, json(audit));
    expect(json(audit).findings).toHaveLength(1);
    expect(json(audit, 'doppelfleet').findings).toHaveLength(2);
  });
});
