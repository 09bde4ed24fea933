/** AWS's semantics of a mitigation task: order, skipping, statuses, statistics, dry run, cancelling. */
import { expect, test } from 'vitest';
import type { AuditFinding } from '../../src/audit/finding.ts';
import { EXIT, UserError } from '../../src/core/errors.ts';
import { ActionFailed } from '../../src/mitigation/journal.ts';
import { actionId } from '../../src/mitigation/match.ts';
import type { Performer } from '../../src/mitigation/performer.ts';
import { runMitigationTask, type TaskJob } from '../../src/mitigation/run-task.ts';
import { REAL_CLOCK } from '../support/broker-harness.ts';
import {
  finding,
  memoryTrail,
  mitigationWith,
  QUARANTINE,
  REVOKE,
} from '../support/mitigation-samples.ts';

const FILE = '{ doppelfleetPublishParams: { file: { path: x } } }';
const ALL = mitigationWith(
  { tell: FILE, quarantine: QUARANTINE, revoke: REVOKE },
  'DEVICE_CERTIFICATE_SHARED_CHECK: [tell, quarantine, revoke]',
);

/** Performers that do nothing but be recorded; `fails` names findings and actions. */
function job(
  findings: readonly AuditFinding[],
  more: Partial<TaskJob> & { fails?: string[] } = {},
) {
  const { fails = [], ...rest } = more;
  const done: string[] = [];
  const performer: Performer = {
    foresee: async () => ({ hit: [], would: ['do it'] }),
    perform: async ({ finding: one, action }, journal) => {
      const name = `${one.findingId} ${action.actionName}`;
      await journal.step(
        `did ${name}`,
        { undo: `undo ${name}`, failsAs: 'CHANGE_FAILED' },
        async () => {
          done.push(name);
          return undefined;
        },
      );
      if (fails.includes(name)) throw new ActionFailed('STILL_ACCEPTED', 'it is still accepted');
      return { hit: [] };
    },
  };
  const trail = memoryTrail();
  const task: TaskJob = {
    taskId: 'm1',
    mitigation: ALL,
    audit: { findings, taskId: 'audit-1' },
    performers: {
      UPDATE_DEVICE_CERTIFICATE: performer,
      ADD_THINGS_TO_THING_GROUP: performer,
      PUBLISH_FINDING_TO_SNS: performer,
      DOPPELFLEET_PUBLISH_FINDING: performer,
    },
    trail,
    clock: REAL_CLOCK,
    signal: new AbortController().signal,
    dryRun: false,
    ...rest,
  };
  return { task, done, trail };
}

const shown = (executions: readonly { findingId: string; actionName: string; status: string }[]) =>
  executions.map((one) => `${one.findingId} ${one.actionName} ${one.status}`);

test('the actions of a finding run in their order; a failure skips the rest of that finding only', async () => {
  const { task, done } = job([finding({ id: 'f1' }), finding({ id: 'f2' })], {
    fails: ['f1 quarantine'],
  });
  const record = await runMitigationTask(task);
  expect(shown(record.executions)).toEqual([
    'f1 tell COMPLETED',
    'f1 quarantine FAILED',
    'f1 revoke SKIPPED',
    'f2 tell COMPLETED',
    'f2 quarantine COMPLETED',
    'f2 revoke COMPLETED',
  ]);
  expect(done).not.toContain('f1 revoke');
  expect(record.taskStatus).toBe('FAILED');
  expect(record.taskStatistics).toEqual({
    DEVICE_CERTIFICATE_SHARED_CHECK: {
      totalFindingsCount: 2,
      failedFindingsCount: 1,
      succeededFindingsCount: 1,
      skippedFindingsCount: 0,
      canceledFindingsCount: 0,
    },
  });
});

test('a failure half-way says what had been done and how to undo it', async () => {
  const { task } = job([finding()], { fails: ['f1 tell'] });
  const [failed] = (await runMitigationTask(task)).executions;
  expect(failed?.errorCode).toBe('STILL_ACCEPTED');
  expect(failed?.message).toBe(
    'it is still accepted; done so far: did f1 tell. To undo: undo f1 tell',
  );
});

test('a trail that can no longer be written ends the task, and what had been done is not lost', async () => {
  const { task, done, trail } = job([finding({ id: 'f1' }), finding({ id: 'f2' })]);
  const full: TaskJob['trail'] = {
    ...trail,
    write: (entry) => {
      if (entry.phase === 'after') throw new UserError(EXIT.io, { message: 'the disk is full' });
      trail.write(entry);
    },
  };
  const failed = runMitigationTask({ ...task, trail: full });
  await expect(failed).rejects.toMatchObject({
    exitCode: EXIT.io,
    problems: [
      { message: 'the disk is full' },
      { message: expect.stringContaining('did f1 tell. To undo: undo f1 tell') },
    ],
  });
  expect(done).toEqual(['f1 tell']);
});

test('the record names the host of a webhook, not what may be a token', async () => {
  const hook = (url: string) => `{ doppelfleetPublishParams: { webhook: { url: '${url}' } } }`;
  const mitigation = mitigationWith(
    { tell: hook('https://hooks.example:8443/T0/SECRET?key=SECRET'), plain: hook('http://a.b') },
    'DEVICE_CERTIFICATE_SHARED_CHECK: [tell, plain]',
  );
  const record = await runMitigationTask(job([finding()], { mitigation }).task);
  expect(JSON.stringify(record)).not.toContain('SECRET');
  expect(record.actionsDefinition.map(({ actionParams }) => actionParams)).toEqual([
    { doppelfleetPublishParams: { webhook: { url: 'https://hooks.example:8443/…' } } },
    { doppelfleetPublishParams: { webhook: { url: 'http://a.b/' } } },
  ]);
});

test('the record has the members of AWS and no other, but for one key of ours', async () => {
  const { task } = job([finding()]);
  const record = await runMitigationTask(task);
  expect(Object.keys(record).sort()).toEqual([
    'actionsDefinition',
    'auditCheckToActionsMapping',
    'doppelfleet',
    'endTime',
    'executions',
    'startTime',
    'target',
    'taskId',
    'taskStatistics',
    'taskStatus',
  ]);
  expect(record.target).toEqual({ auditTaskId: 'audit-1' });
  expect(record.auditCheckToActionsMapping).toEqual({
    DEVICE_CERTIFICATE_SHARED_CHECK: ['tell', 'quarantine', 'revoke'],
  });
  expect(record.actionsDefinition.map(({ name }) => name)).toEqual([
    'tell',
    'quarantine',
    'revoke',
  ]);
  const [execution] = record.executions;
  expect(execution?.actionId).toBe(actionId(ALL.actions[0] as (typeof ALL.actions)[number]));
  expect(Object.keys(execution ?? {}).sort()).toEqual([
    'actionId',
    'actionName',
    'doppelfleet',
    'endTime',
    'findingId',
    'startTime',
    'status',
    'taskId',
  ]);
});

test('suppressed findings, and those that the target leaves out, are not mitigated', async () => {
  const findings = [
    finding({ id: 'f1', suppressed: true }),
    finding({ id: 'f2' }),
    finding({ id: 'f3' }),
    finding({ id: 'f4', check: 'CONFLICTING_CLIENT_IDS_CHECK', clientId: 'c' }),
  ];
  const { task, done } = job(findings, {
    mitigation: { ...ALL, target: { findingIds: ['f1', 'f2', 'f4'] } },
  });
  const { taskStatistics } = await runMitigationTask(task);
  expect([...new Set(done.map((name) => name.slice(0, 2)))]).toEqual(['f2']);
  expect(taskStatistics.DEVICE_CERTIFICATE_SHARED_CHECK).toMatchObject({
    totalFindingsCount: 3,
    succeededFindingsCount: 1,
    skippedFindingsCount: 2,
  });
});

test('the first rule that fits the reason code counts', async () => {
  const mitigation = mitigationWith(
    { tell: FILE, revoke: REVOKE },
    `DEVICE_CERTIFICATE_KEY_QUALITY_CHECK:
    - { reasonCodes: [WEAK], actions: [tell] }
    - { actions: [tell, revoke] }`,
  );
  const check = 'DEVICE_CERTIFICATE_KEY_QUALITY_CHECK';
  const weak = { ...finding({ id: 'f1', check }), reasonForNonComplianceCode: 'WEAK' };
  const { task, done } = job([weak, finding({ id: 'f2', check })], { mitigation });
  await runMitigationTask(task);
  expect(done).toEqual(['f1 tell', 'f2 tell', 'f2 revoke']);
});

test('a dry run does nothing and leaves every execution pending', async () => {
  const { task, done } = job([finding()], { dryRun: true });
  const record = await runMitigationTask(task);
  expect(done).toEqual([]);
  expect(shown(record.executions)).toEqual([
    'f1 tell PENDING',
    'f1 quarantine PENDING',
    'f1 revoke PENDING',
  ]);
  expect(record.executions[0]?.doppelfleet.steps).toMatchObject([
    { what: 'do it', status: 'would' },
  ]);
});

test('cancelling leaves alone what has not begun, and undoes nothing', async () => {
  const stop = new AbortController();
  const { task, done } = job([finding({ id: 'f1' }), finding({ id: 'f2' })], {
    signal: stop.signal,
  });
  const { DOPPELFLEET_PUBLISH_FINDING: tell } = task.performers;
  const performers = {
    ...task.performers,
    DOPPELFLEET_PUBLISH_FINDING: {
      ...tell,
      perform: async (...args: Parameters<Performer['perform']>) => {
        stop.abort();
        return tell.perform(...args);
      },
    },
  };
  const record = await runMitigationTask({ ...task, performers });
  expect(done).toEqual(['f1 tell']);
  expect(record.taskStatus).toBe('CANCELED');
  expect(shown(record.executions).slice(1)).toEqual([
    'f1 quarantine CANCELED',
    'f1 revoke CANCELED',
    'f2 tell CANCELED',
    'f2 quarantine CANCELED',
    'f2 revoke CANCELED',
  ]);
  expect(record.taskStatistics.DEVICE_CERTIFICATE_SHARED_CHECK?.canceledFindingsCount).toBe(2);
});

test('the trail has a line before each step, with how to undo it, and one after it', async () => {
  const { task, trail } = job([finding()]);
  await runMitigationTask(task);
  const own = trail.entries.filter(({ actionName }) => actionName === 'revoke');
  expect(own.map(({ phase, what, undo, status }) => ({ phase, what, undo, status }))).toEqual([
    { phase: 'execution', what: 'began', undo: undefined, status: 'IN_PROGRESS' },
    { phase: 'before', what: 'did f1 revoke', undo: 'undo f1 revoke', status: undefined },
    { phase: 'after', what: 'did f1 revoke', undo: 'undo f1 revoke', status: 'done' },
    { phase: 'execution', what: 'ended', undo: undefined, status: 'COMPLETED' },
  ]);
});
