import { beforeAll, describe, expect, test } from 'vitest';
import type { AuditFinding, AuditResult } from '../../src/audit/finding.ts';
import { UserError } from '../../src/core/errors.ts';
import { asffFindings } from '../../src/report/exports/asff.ts';
import type { AsffFinding } from '../../src/report/exports/asff-format.ts';
import type { ExportOptions } from '../../src/report/exports/export.ts';
import { parsePrevious } from '../../src/report/exports/previous.ts';
import { renderExport } from '../../src/report/exports/registry.ts';
import { HOSTILE_IDS } from '../support/audit-results.ts';
import { certificate, EPOCH } from '../support/history-events.ts';
import { batchImportFindings, mustFit } from '../support/json-schemas.ts';
import { auditOf, hostileAudit, plainEvents, quietEvents } from '../support/real-audit.ts';

const DAY = 86_400_000;
const ACCOUNT = { account: '123456789012', region: 'eu-west-1' };
let plain: AuditResult;
let quiet: AuditResult;
beforeAll(async () => {
  plain = await auditOf(plainEvents);
  quiet = await auditOf(quietEvents, { now: EPOCH + DAY });
});

const kind = (findings: readonly AsffFinding[], type: string) =>
  findings.filter(({ ProductFields }) => ProductFields.ReportType === type);

describe('an audit for AWS Security Hub', () => {
  test('has a finding for each resource, check and reason, as Device Defender sends it', () => {
    const [, shared] = asffFindings(plain, ACCOUNT);
    const id = certificate('c');
    expect(shared).toEqual({
      SchemaVersion: '2018-10-08',
      Id: `123456789012/DEVICE_CERTIFICATE/${id}/DEVICE_CERTIFICATE_SHARED_CHECK/CERTIFICATE_SHARED_BY_MULTIPLE_DEVICES`,
      ProductArn: 'arn:aws:securityhub:eu-west-1:123456789012:product/123456789012/default',
      ProductName: 'doppelfleet',
      CompanyName: 'doppelfleet',
      Region: 'eu-west-1',
      GeneratorId: plain.findings[1]?.findingId,
      AwsAccountId: '123456789012',
      Types: ['Unusual Behaviors'],
      FirstObservedAt: expect.stringMatching(/^2026-01-01T00:00:0/),
      LastObservedAt: expect.stringMatching(/^2026-01-01T00:00:0/),
      CreatedAt: '2026-01-01T00:01:00.000Z',
      UpdatedAt: '2026-01-01T00:01:00.000Z',
      Severity: { Label: 'CRITICAL', Normalized: 90 },
      Title: 'DEVICE_CERTIFICATE_SHARED_CHECK: CERTIFICATE_SHARED_BY_MULTIPLE_DEVICES',
      Description:
        `DEVICE_CERTIFICATE ${id} is reported as non-compliant for DEVICE_CERTIFICATE_SHARED_CHECK ` +
        `by Audit task ${plain.taskId}. The non-compliant reason is Certificate shared by one or ` +
        'more devices.',
      Remediation: { Recommendation: { Text: expect.any(String), Url: expect.any(String) } },
      ProductFields: expect.objectContaining({
        CheckName: 'DEVICE_CERTIFICATE_SHARED_CHECK',
        TaskId: plain.taskId,
        TaskType: 'ON_DEMAND_AUDIT_TASK',
        IsSuppressed: 'false',
        ReasonForNonComplianceCode: 'CERTIFICATE_SHARED_BY_MULTIPLE_DEVICES',
        ResourceType: 'DEVICE_CERTIFICATE',
        DeviceCertificateId: id,
        FindingId: plain.findings[1]?.findingId,
        ReportType: 'AuditFinding',
        TaskStartTime: String(EPOCH + 60_000),
      }),
      Resources: [
        {
          Type: 'Other',
          Id: id,
          Partition: 'aws',
          Region: 'eu-west-1',
          Details: {
            Other: { ResourceType: 'DEVICE_CERTIFICATE', DeviceCertificateId: id },
          },
        },
      ],
      Workflow: { Status: 'NEW' },
      RecordState: 'ACTIVE',
      FindingProviderFields: { Severity: { Label: 'CRITICAL' }, Types: ['Unusual Behaviors'] },
    });
  });

  test('has a summary for each check, archived when the check is compliant', () => {
    const task = { taskType: 'SCHEDULED_AUDIT_TASK', scheduledAuditName: 'nightly' } as const;
    const scheduled: AuditResult = { ...plain, ...task };
    const [conflict] = kind(asffFindings(scheduled, {}), 'CheckSummary');
    expect(conflict).toMatchObject({
      Id: '000000000000/SCHEDULED_AUDIT_TASK/nightly/CONFLICTING_CLIENT_IDS_CHECK',
      Title: 'CONFLICTING_CLIENT_IDS_CHECK Summary: Completed with 1 non-compliant resources',
      RecordState: 'ACTIVE',
      ProductFields: {
        ScheduledAuditName: 'nightly',
        CheckRunStatus: 'COMPLETED_NON_COMPLIANT',
        NonComopliantResourcesCount: '1',
        SuppressedNonCompliantResourcesCount: '0',
        TotalResourcesCount: '3',
      },
      Resources: [{ Type: 'AwsIotAuditTask', Id: plain.taskId }],
    });
    const summaries = kind(asffFindings(quiet, {}), 'CheckSummary');
    expect(summaries.map(({ RecordState }) => RecordState)).not.toContain('ACTIVE');
    expect(summaries[0]?.Id).toBe('000000000000/ON_DEMAND_AUDIT_TASK/CONFLICTING_CLIENT_IDS_CHECK');
    expect(kind(asffFindings(plain, { variant: 'findings' }), 'CheckSummary')).toEqual([]);
  });

  test('bounds and tells apart hostile client IDs', async () => {
    const hostile = await hostileAudit();
    const findings = JSON.parse(renderExport('asff', hostile, ACCOUNT)) as AsffFinding[];
    mustFit(batchImportFindings, findings);
    expect(new Set(findings.map(({ Id }) => Id)).size).toBe(findings.length);
    expect(hostile.findings.length).toBeGreaterThan(HOSTILE_IDS.length);
    for (const one of findings) expect(JSON.stringify(one).length).toBeLessThan(240_000);
  });

  test('says in its workflow that a finding is suppressed', () => {
    const findings = plain.findings.map((one): AuditFinding => ({ ...one, isSuppressed: true }));
    const [first] = asffFindings({ ...plain, findings }, {});
    expect(first).toMatchObject({
      Workflow: { Status: 'SUPPRESSED' },
      ProductFields: { IsSuppressed: 'true' },
      RecordState: 'ACTIVE',
    });
  });

  test('names the partition of its region', () => {
    const [first] = asffFindings(plain, { region: 'cn-north-1' });
    expect(first?.ProductArn).toMatch(/^arn:aws-cn:securityhub:cn-north-1:/);
  });
});

describe('beside the audit before', () => {
  const later = (options: ExportOptions) => asffFindings(quiet, options);

  test('what is not seen again is archived, later than it was last updated', () => {
    const previous = asffFindings(plain, ACCOUNT);
    const all = later({ ...ACCOUNT, previous });
    mustFit(batchImportFindings, JSON.parse(JSON.stringify(all)));
    const gone = kind(all, 'AuditFinding');
    expect(gone.map(({ Id, RecordState }) => [Id, RecordState])).toEqual(
      kind(previous, 'AuditFinding').map(({ Id }) => [Id, 'ARCHIVED']),
    );
    for (const { UpdatedAt } of gone) expect(UpdatedAt).toBe('2026-01-02T00:00:00.000Z');
    expect(kind(later({ ...ACCOUNT, previous: all }), 'AuditFinding')).toEqual([]);
    expect(later({ ...ACCOUNT, previous, variant: 'findings' })).toEqual(gone);
  });

  test('an audit does as well as the export that was made of it', () => {
    const previous = parsePrevious(JSON.stringify(plain), 'before.json');
    expect(later({ ...ACCOUNT, previous })).toEqual(
      later({ ...ACCOUNT, previous: asffFindings(plain, ACCOUNT) }),
    );
  });

  test('what is found again keeps the time of its creation', async () => {
    const again = await auditOf(plainEvents, { now: EPOCH + DAY });
    const all = asffFindings(again, { ...ACCOUNT, previous: asffFindings(plain, ACCOUNT) });
    expect(kind(all, 'AuditFinding')).toHaveLength(2);
    for (const finding of kind(all, 'AuditFinding')) {
      expect(finding).toMatchObject({
        CreatedAt: '2026-01-01T00:01:00.000Z',
        UpdatedAt: '2026-01-02T00:00:00.000Z',
        RecordState: 'ACTIVE',
      });
    }
  });

  test('nothing is archived by a check that was not run or could not answer', async () => {
    const previous = asffFindings(plain, ACCOUNT);
    const blind = await auditOf(
      quietEvents.map(({ certificateId: _, ...event }) => event),
      { now: EPOCH + DAY, checks: ['DEVICE_CERTIFICATE_SHARED_CHECK'] },
    );
    const kept = kind(asffFindings(blind, { ...ACCOUNT, previous }), 'AuditFinding');
    expect(kept).toEqual(kind(previous, 'AuditFinding'));
  });

  test('the findings of another account or product are refused', () => {
    const previous = asffFindings(plain, ACCOUNT);
    expect(() => later({ previous })).toThrow(UserError);
    expect(() => later({ previous })).toThrow(/123456789012/);
  });

  test.each([
    ['no JSON', '{'],
    ['another object', '{"findings":"none"}'],
    ['a list of something else', '[{"Id":"x"}]'],
    ['a time that is none', JSON.stringify([{ Id: 'x', CreatedAt: 'noon' }])],
    [
      'a finding without its parts',
      '{"taskId":"t","taskStartTime":1,"findings":[{}],"auditDetails":{}}',
    ],
    ['null', 'null'],
  ])('%s is refused by name', (_, text) => {
    expect(() => parsePrevious(text, 'before.json')).toThrow(/^before\.json: neither an audit/);
  });

  test('the input of batch-import-findings is read too', () => {
    const Findings = asffFindings(plain, ACCOUNT);
    expect(parsePrevious(JSON.stringify({ Findings }), 'x')).toEqual(Findings);
  });
});
