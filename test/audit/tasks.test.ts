import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { compareAudits } from '../../src/audit/compare.ts';
import { auditHistory } from '../../src/audit/engine.ts';
import type { AuditFinding, AuditResult } from '../../src/audit/finding.ts';
import { describeFinding, filterFindings, listRelatedResources } from '../../src/audit/findings.ts';
import { describeTask } from '../../src/audit/task.ts';
import {
  findTask,
  keepTask,
  keptTasks,
  RETENTION_DAYS,
  readAudit,
} from '../../src/audit/task-folder.ts';
import { UserError } from '../../src/core/errors.ts';
import {
  certificate,
  EPOCH,
  header,
  historyText,
  session,
  temporaryFile,
  temporaryFolder,
} from '../support/history-events.ts';

const DAY = 86_400_000;
const CONFLICT = 'CONFLICTING_CLIENT_IDS_CHECK';
const SHARED = 'DEVICE_CERTIFICATE_SHARED_CHECK';
const HOSTILE = 'pump\u2028\n\u0000"';

/** Takeovers of two clients; certificate a is shared by `many` clients. */
function events(many: number) {
  return [
    ...session('1', HOSTILE, 'c', [1_000, 20_000], 'session-taken-over'),
    ...session('2', HOSTILE, 'c', [20_000, 50_000]),
    ...Array.from({ length: many }, (_, n) =>
      session(`m${n}`, `many-${n}`, 'a', [5_000 + n, 40_000]),
    ).flat(),
  ];
}

async function audited(options: Parameters<typeof auditHistory>[1] = {}, many = 12) {
  const file = await temporaryFile(historyText(events(many), header(['broker'])));
  return auditHistory([file], options);
}

const byCheck = (audit: AuditResult, check: string): AuditFinding => {
  const finding = audit.findings.find((one) => one.checkName === check);
  if (finding === undefined) throw new Error(`no finding of ${check}`);
  return finding;
};

describe('a task', () => {
  test('has the fields of DescribeAuditTask and no others', async () => {
    const audit = await audited({ checks: [CONFLICT, SHARED] });
    expect(describeTask(audit)).toEqual({
      taskStatus: 'COMPLETED',
      taskType: 'ON_DEMAND_AUDIT_TASK',
      taskStartTime: audit.taskStartTime,
      taskStatistics: {
        totalChecks: 2,
        inProgressChecks: 0,
        waitingForDataCollectionChecks: 0,
        compliantChecks: 0,
        nonCompliantChecks: 2,
        failedChecks: 0,
        canceledChecks: 0,
      },
      auditDetails: {
        [CONFLICT]: {
          checkRunStatus: 'COMPLETED_NON_COMPLIANT',
          checkCompliant: false,
          totalResourcesCount: 13,
          nonCompliantResourcesCount: 1,
          suppressedNonCompliantResourcesCount: 0,
        },
        [SHARED]: {
          checkRunStatus: 'COMPLETED_NON_COMPLIANT',
          checkCompliant: false,
          totalResourcesCount: 2,
          nonCompliantResourcesCount: 1,
          suppressedNonCompliantResourcesCount: 0,
        },
      },
    });
  });

  test('has failed when no check could answer', async () => {
    const audit = await audited({ window: '2020-01-01..2020-01-02', checks: [CONFLICT, SHARED] });
    expect(audit).toMatchObject({ taskStatus: 'FAILED', taskStatistics: { failedChecks: 2 } });
  });

  test('has an ID of its own for every choice of options', async () => {
    const ids = await Promise.all(
      [{}, { awsCompat: true }, { semantics: { relatedMax: 5 } }, { toleranceMs: 7 }].map(
        async (options) => (await audited(options)).taskId,
      ),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('a kept audit', () => {
  test('is read as it was, whatever clients are called', async () => {
    const folder = await temporaryFolder();
    const audit = await audited();
    await keepTask(folder, audit, EPOCH);
    const kept = await findTask(folder, audit.taskId.slice(0, 6));
    expect(await readAudit(folder, kept)).toEqual(audit);
    expect(await findTask(folder, 'latest')).toEqual(kept);
    // Kept again it is the same task.
    await keepTask(folder, audit, EPOCH);
    expect(await keptTasks(folder)).toHaveLength(1);
  });

  test('is listed newest first, and deleted after 90 days', async () => {
    const folder = await temporaryFolder();
    const at = async (days: number) => {
      const now = EPOCH + DAY + days * DAY;
      await keepTask(folder, await audited({ window: 'on-demand', now }), EPOCH + 400 * DAY);
    };
    await at(0);
    await at(RETENTION_DAYS);
    expect((await keptTasks(folder)).map(({ startedAt }) => startedAt)).toEqual([
      EPOCH + DAY + RETENTION_DAYS * DAY,
      EPOCH + DAY,
    ]);
    await at(RETENTION_DAYS + 1);
    expect(await keptTasks(folder)).toHaveLength(2);
    expect(await readdir(path.join(folder, 'tasks'))).toHaveLength(4);
  });

  test('outlives a slip in the time that another is given', async () => {
    const folder = await temporaryFolder();
    await keepTask(folder, await audited({ window: 'on-demand', now: EPOCH + DAY }), EPOCH);
    const far = EPOCH + 36_500 * DAY;
    await keepTask(folder, await audited({ window: 'on-demand', now: far }), EPOCH + DAY);
    expect(await keptTasks(folder)).toHaveLength(2);
  });

  test('that is damaged or missing is a sentence', async () => {
    const folder = await temporaryFolder();
    await expect(findTask(folder, 'latest')).rejects.toThrow('there is no audit "latest"');
    const audit = await audited();
    await keepTask(folder, audit, EPOCH);
    await expect(findTask(folder, '../..')).rejects.toThrow(UserError);
    const kept = await findTask(folder, 'latest');
    const names = await readdir(path.join(folder, 'tasks'));
    for (const name of names.sort()) {
      await writeFile(path.join(folder, 'tasks', name), '{"taskId": "');
      await expect(readAudit(folder, kept)).rejects.toThrow('the kept audit is damaged');
    }
  });
});

describe('findings', () => {
  test('are described with ten related resources and listed with all', async () => {
    const finding = byCheck(await audited(), SHARED);
    expect(finding.relatedResources).toHaveLength(12);
    expect(describeFinding(finding).relatedResources).toEqual(
      finding.relatedResources?.slice(0, 10),
    );
    expect(describeFinding(finding).doppelfleet.relatedTotal).toBe(12);
    expect(listRelatedResources(finding).relatedResources).toHaveLength(12);
    const first = listRelatedResources(finding, { maxResults: 7 });
    expect(first.nextToken).toBe('7');
    const second = listRelatedResources(finding, { maxResults: 7, ...first });
    expect([...first.relatedResources, ...second.relatedResources]).toEqual(
      finding.relatedResources,
    );
    expect(second.nextToken).toBeUndefined();
  });

  test('list as many related resources as asked for, and say how many there are', async () => {
    const finding = byCheck(await audited({ semantics: { relatedMax: 3 } }), SHARED);
    expect(finding.relatedResources).toHaveLength(3);
    expect(finding.doppelfleet.relatedTotal).toBe(12);
  });

  test('name an evicted session by its certificate, or by its client ID', async () => {
    const byCertificate = byCheck(await audited(), CONFLICT).relatedResources;
    const byClient = byCheck(
      await audited({ semantics: { conflictRelated: 'client-id' } }),
      CONFLICT,
    ).relatedResources;
    const DISCONNECTION_TIME = String(EPOCH + 20_000);
    expect(byCertificate).toEqual([
      {
        resourceType: 'DEVICE_CERTIFICATE',
        resourceIdentifier: { deviceCertificateId: certificate('c') },
        additionalInfo: { DISCONNECTION_TIME },
      },
    ]);
    expect(byClient).toEqual([
      {
        resourceType: 'CLIENT_ID',
        resourceIdentifier: { clientId: HOSTILE },
        additionalInfo: { DISCONNECTION_TIME, PRINCIPAL_ID: certificate('c') },
      },
    ]);
  });

  test('are filtered by all that is asked for', async () => {
    const { findings } = await audited({
      suppressions: [
        {
          checkName: CONFLICT,
          resourceIdentifier: { clientId: HOSTILE },
          suppressIndefinitely: true,
        },
      ],
    });
    const names = (filter: Parameters<typeof filterFindings>[1]) =>
      filterFindings(findings, filter).map((one) => one.checkName);
    expect(names({})).toEqual([CONFLICT, SHARED]);
    expect(names({ checkName: SHARED })).toEqual([SHARED]);
    expect(names({ suppressed: true })).toEqual([CONFLICT]);
    expect(names({ suppressed: false })).toEqual([SHARED]);
    expect(names({ resource: HOSTILE })).toEqual([CONFLICT]);
    expect(names({ resource: certificate('A').slice(0, 8) })).toEqual([SHARED]);
    expect(names({ resource: 'aaa' })).toEqual([]);
    expect(names({ diagnosis: 'shared-certificate' })).toEqual([SHARED]);
    expect(names({ diagnosis: 'shared-certificate', suppressed: true })).toEqual([]);
  });

  test('count resources with an event in the window, when that is asked for', async () => {
    const window = '2026-01-01T00:00:30Z..2026-01-01T00:00:45Z';
    const total = async (resourcesCounted: 'sessions' | 'events') => {
      const { auditDetails } = await audited({ window, semantics: { resourcesCounted } });
      return [CONFLICT, SHARED].map(
        (check) => auditDetails[check as typeof SHARED]?.totalResourcesCount,
      );
    };
    expect(await total('sessions')).toEqual([13, 2]);
    expect(await total('events')).toEqual([12, 1]);
  });
});

describe('two audits', () => {
  test('differ by what is new, gone and still there', async () => {
    const both = await audited();
    const one = await audited({}, 1);
    const { findingId } = byCheck(both, CONFLICT);
    const gone = compareAudits(both, one);
    expect(gone.gone.map((finding) => finding.checkName)).toEqual([SHARED]);
    expect(gone.still.map(({ after }) => after.findingId)).toEqual([findingId]);
    expect([...gone.new, ...gone.undecided]).toEqual([]);
    expect(compareAudits(one, both).new.map((finding) => finding.checkName)).toEqual([SHARED]);
    expect(compareAudits(both, both)).toMatchObject({
      new: [],
      gone: [],
      undecided: [],
      notes: [],
    });
  });

  test('leave undecided what the second could not find again', async () => {
    const both = await audited();
    const without = await audited({ checks: [CONFLICT] });
    const comparison = compareAudits(both, without);
    expect(comparison.undecided.map((finding) => finding.checkName)).toEqual([SHARED]);
    expect(comparison.gone).toEqual([]);
    expect(comparison.notes.join()).toContain('only in the first');
    const empty = await audited({ window: '2020-01-01..2020-01-02' });
    expect(compareAudits(both, empty).undecided).toHaveLength(2);
  });

  test('made with different options are compared with a warning', async () => {
    const comparison = compareAudits(await audited(), await audited({ awsCompat: true }));
    expect(comparison.notes.join()).toContain('different options');
  });
});
