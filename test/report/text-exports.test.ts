/** CSV, Markdown, JUnit and the notification, of real audits. */
import { parse } from 'csv-parse/sync';
import { beforeAll, describe, expect, test } from 'vitest';
import type { AuditFinding, AuditResult } from '../../src/audit/finding.ts';
import { UserError } from '../../src/core/errors.ts';
import { asffFindings } from '../../src/report/exports/asff.ts';
import { renderExport } from '../../src/report/exports/registry.ts';
import { HOSTILE_IDS } from '../support/audit-results.ts';
import { certificate, EPOCH } from '../support/history-events.ts';
import { auditNotification, mustFit } from '../support/json-schemas.ts';
import { auditOf, hostileAudit, plainEvents, quietEvents } from '../support/real-audit.ts';
import { parseXml, type XmlElement } from '../support/xml-well-formed.ts';

let plain: AuditResult;
let quiet: AuditResult;
let hostile: AuditResult;
beforeAll(async () => {
  plain = await auditOf(plainEvents);
  quiet = await auditOf(quietEvents, { now: EPOCH + 86_400_000 });
  hostile = await hostileAudit();
});

const suppressFirst = (audit: AuditResult): AuditResult => ({
  ...audit,
  findings: audit.findings.map((one, i): AuditFinding => ({ ...one, isSuppressed: i === 0 })),
});

describe('CSV', () => {
  const rows = (audit: AuditResult, variant?: string) =>
    parse(renderExport('csv', audit, variant === undefined ? {} : { variant }), {
      columns: true,
    }) as Record<string, string>[];

  test('has a row for each finding, and with related resources one for each of them', () => {
    expect(rows(plain).map(({ row, resourceId }) => [row, resourceId])).toEqual([
      ['finding', 'dev'],
      ['finding', certificate('c')],
    ]);
    const related = rows(plain, 'related').filter(({ row }) => row === 'related');
    expect(related.at(-2)).toMatchObject({
      resourceId: certificate('c'),
      relatedResourceId: 'two',
      connectionTime: String(EPOCH + 1_000),
      disconnectionTime: '',
    });
  });

  test('ends lines with CRLF and leads formulas with an apostrophe', () => {
    const text = renderExport('csv', hostile);
    expect(text.split('\r\n')[0]).toBe(
      '"row","findingId","taskId","taskStartTime","checkName","severity","resourceType",' +
        '"resourceId","reasonCode","reason","isSuppressed","diagnosis","confidence","because",' +
        '"occurrences","lastOccurrence","relatedTotal","evidence","inferred","fixes",' +
        '"relatedResourceType","relatedResourceId","connectionTime","disconnectionTime","principalId"',
    );
    const cells = rows(hostile).map(({ resourceId }) => resourceId);
    for (const id of ["=cmd|'/C calc'!A0", '+1+1', '-2+3', '@SUM(1)', '\t=1', '\r=1', "'already"]) {
      expect(cells).toContain(`'${id}`);
    }
    const ids = cells.map((cell) => cell?.replace(/^'/, ''));
    expect(ids).toEqual(expect.arrayContaining([...HOSTILE_IDS]));
  });
});

describe('Markdown', () => {
  test('shows checks, findings and their diagnosis', () => {
    const text = renderExport('markdown', plain);
    expect(text).toContain('| `CONFLICTING_CLIENT_IDS_CHECK` | ❌ non-compliant | 1 | 0 | 3 |');
    expect(text).toContain('client ID `dev`');
    expect(text).toContain('rival-devices');
    expect(renderExport('markdown', quiet)).toContain('No findings.');
  });

  test('shows what is new, gone and still there', () => {
    const [first, second] = plain.findings;
    if (first === undefined || second === undefined) throw new Error('no findings');
    const previous: AuditResult = { ...plain, findings: [first] };
    const changed = renderExport('markdown', plain, { previous });
    expect(changed).toContain('| new | 1 | device certificate `cccc');
    expect(changed).toContain('| gone | 0 |');
    expect(changed).toContain('| still there | 1 | client ID `dev` |');
    const gone = renderExport('markdown', quiet, { previous });
    expect(gone).toContain('| gone | 1 | client ID `dev` |');
    const asff = renderExport('markdown', quiet, { previous: asffFindings(previous, {}) });
    expect(asff).toContain('Not compared');
  });

  test('does not call gone what no check looked for', async () => {
    const narrow = await auditOf(quietEvents, { checks: ['DEVICE_CERTIFICATE_SHARED_CHECK'] });
    const text = renderExport('markdown', narrow, { previous: plain });
    expect(text).toContain('| gone | 1 | device certificate');
    expect(text).toContain('| undecided | 1 | client ID `dev` |');
  });

  test('stays under the megabyte that GitHub takes, with the rest counted', () => {
    const [first] = plain.findings;
    if (first === undefined) throw new Error('no finding');
    const many = Array.from({ length: 5_000 }, (_, i): AuditFinding => {
      const clientId = `${i}${'&'.repeat(60_000)}`;
      const nonCompliantResource = {
        ...first.nonCompliantResource,
        resourceIdentifier: { clientId },
      };
      return { ...first, findingId: String(i), nonCompliantResource };
    });
    const text = renderExport('markdown', { ...plain, findings: many }, { previous: quiet });
    expect(text.length).toBeLessThan(500_000);
    expect(text).toContain('… and 4,900 more findings.');
  });
});

describe('JUnit', () => {
  const casesOf = (audit: AuditResult): readonly XmlElement[] =>
    parseXml(renderExport('junit', audit))
      .children.flatMap((suite) => suite.children)
      .filter(({ name }) => name === 'testcase');

  test('fails the check and each finding, skips what is suppressed', () => {
    const cases = casesOf(suppressFirst(plain));
    expect(cases.map((one) => [one.attributes.name, one.children[0]?.name])).toEqual([
      ['the check is compliant', 'failure'],
      ['client ID dev', 'skipped'],
      ['the check is compliant', 'failure'],
      [expect.stringMatching(/^device certificate cccc/), 'failure'],
    ]);
  });

  test('has an error for an inconclusive check and nothing for a compliant one', async () => {
    const blind = await auditOf(quietEvents.map(({ certificateId: _, ...event }) => event));
    const results = casesOf(blind).map((one) => [one.attributes.classname, one.children[0]?.name]);
    expect(results).toContainEqual(['doppelfleet.audit.CONFLICTING_CLIENT_IDS_CHECK', undefined]);
    expect(results).toContainEqual(['doppelfleet.audit.DEVICE_CERTIFICATE_SHARED_CHECK', 'error']);
  });

  test('gives every case of a hostile audit a name of its own', () => {
    const names = casesOf(hostile).map(
      ({ attributes }) => `${attributes.classname} ${attributes.name}`,
    );
    expect(new Set(names).size).toBe(names.length);
    expect(Math.max(...names.map((name) => name.length))).toBeLessThan(300);
  });
});

describe('the notification of an audit’s end', () => {
  const notification = (audit: AuditResult, options = {}) => {
    const value = JSON.parse(renderExport('sns', audit, options));
    mustFit(auditNotification, value);
    return value;
  };

  test('has a list of checks, flat counts and milliseconds', () => {
    const task = { taskType: 'SCHEDULED_AUDIT_TASK', scheduledAuditName: 'nightly' } as const;
    const { auditDetails, ...rest } = notification(
      { ...plain, ...task },
      { account: '123456789012' },
    );
    expect(rest).toEqual({
      accountId: '123456789012',
      taskId: plain.taskId,
      taskStatus: 'COMPLETED',
      taskType: 'SCHEDULED_AUDIT_TASK',
      scheduledAuditName: 'nightly',
      failedChecksCount: 0,
      canceledChecksCount: 0,
      nonCompliantChecksCount: 2,
      compliantChecksCount: 0,
      totalChecksCount: 2,
      taskStartTime: EPOCH + 60_000,
    });
    expect(auditDetails[0]).toEqual({
      checkName: 'CONFLICTING_CLIENT_IDS_CHECK',
      checkRunStatus: 'COMPLETED_NON_COMPLIANT',
      nonCompliantResourcesCount: 1,
      totalResourcesCount: 3,
      suppressedNonCompliantResourcesCount: 0,
    });
  });

  test('spells the suppressed count as it is told, or leaves it out', () => {
    const keys = (variant: string) => Object.keys(notification(plain, { variant }).auditDetails[0]);
    expect(keys('schema-1.0').join()).not.toContain('uppressed');
    expect(keys('singular')).toContain('suppressedNonCompliantResourceCount');
  });
});

describe('options that no export could use', () => {
  test.each([{ account: '123' }, { region: 'Ireland; rm -rf' }, { variant: 'toString' }])(
    '%j is refused',
    (options) => {
      expect(() => renderExport('csv', plain, options)).toThrow(UserError);
    },
  );
});
