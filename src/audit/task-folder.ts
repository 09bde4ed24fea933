/**
 * Audits kept in a folder: `tasks/<start>-<task ID>.json` holds all but the findings, which stand
 * beside it, one per line. The record is written last, so that a task that is listed is whole.
 */
import { createReadStream } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { EXIT, fileError, systemCode, UserError } from '../core/errors.ts';
import { makeFolders, writeFileAtomic, writeLinesAtomic } from '../core/files.ts';
import { printable } from '../core/text.ts';
import { DAY_MS, type EpochMs } from '../core/time.ts';
import type { AuditFinding, AuditResult } from './finding.ts';
import { isFinding, isTaskRecord, type TaskRecord } from './task-record.ts';

/** How long AWS keeps findings; a task is deleted when a younger one is kept after that time. */
export const RETENTION_DAYS = 90;

/** A kept task, by the name of its file. */
export interface KeptTask {
  readonly taskId: string;
  readonly startedAt: EpochMs;
}

const TASK_FILE =
  /^(\d{4}-\d{2}-\d{2})T(\d{2})-(\d{2})-(\d{2}\.\d{3})Z-([a-zA-Z0-9-]{1,40})\.json$/;

/**
 * Keeps an audit, and deletes those that started more than {@link RETENTION_DAYS} before it or
 * before `present`, whichever is earlier: a slip in a given time does not empty the folder.
 */
export async function keepTask(
  folder: string,
  audit: AuditResult,
  present: EpochMs,
): Promise<void> {
  const { findings, ...record } = audit;
  const startedAt = Math.round(audit.taskStartTime * 1000);
  const tasks = path.join(folder, 'tasks');
  await makeFolder(tasks);
  const name = fileName({ taskId: audit.taskId, startedAt });
  await writeLinesAtomic(path.join(tasks, findingsName(name)), lines(findings));
  await writeFileAtomic(path.join(tasks, name), `${JSON.stringify(record, null, 2)}\n`);
  await pruneTasks(folder, Math.min(startedAt, present) - RETENTION_DAYS * DAY_MS);
}

function* lines(findings: readonly AuditFinding[]): Generator<string> {
  for (const finding of findings) yield JSON.stringify(finding);
}

async function pruneTasks(folder: string, before: EpochMs): Promise<void> {
  for (const task of await keptTasks(folder)) {
    if (task.startedAt >= before) continue;
    const file = path.join(folder, 'tasks', fileName(task));
    await rm(file, { force: true });
    await rm(path.join(path.dirname(file), findingsName(fileName(task))), { force: true });
  }
}

/** Newest first, as AWS lists them. Empty when there is no such folder. */
export async function keptTasks(folder: string): Promise<readonly KeptTask[]> {
  const tasks = path.join(folder, 'tasks');
  let names: string[] = [];
  try {
    names = await readdir(tasks);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw fileError(error, 'read', printable(tasks));
  }
  const kept = names.flatMap((name) => {
    const [, day, hours, minutes, seconds, taskId = ''] = TASK_FILE.exec(name) ?? [];
    const startedAt = Date.parse(`${day}T${hours}:${minutes}:${seconds}Z`);
    return Number.isNaN(startedAt) ? [] : [{ taskId, startedAt }];
  });
  return kept.sort((a, b) => b.startedAt - a.startedAt || (a.taskId < b.taskId ? -1 : 1));
}

/** The task that `wanted` names: its ID, the beginning of one, or `latest`. */
export async function findTask(folder: string, wanted: string): Promise<KeptTask> {
  const tasks = await keptTasks(folder);
  const fitting = wanted === 'latest' ? tasks.slice(0, 1) : tasks.filter(startsWith(wanted));
  const exact = fitting.find(({ taskId }) => taskId === wanted);
  const [found, other] = exact === undefined ? fitting : [exact];
  if (found !== undefined && other === undefined) return found;
  throw new UserError(EXIT.usage, {
    message:
      found === undefined
        ? `there is no audit "${printable(wanted, 80)}" in ${printable(folder)}`
        : `${fitting.length} audits in ${printable(folder)} begin with ${printable(wanted, 80)}`,
    hint: 'audits list shows them',
  });
}

const startsWith =
  (wanted: string) =>
  ({ taskId }: KeptTask): boolean =>
    wanted.length >= 4 && taskId.startsWith(wanted);

/** A kept task without its findings. */
export async function readTask(folder: string, task: KeptTask): Promise<TaskRecord> {
  const file = path.join(folder, 'tasks', fileName(task));
  const value = parsed(await readText(file));
  if (isTaskRecord(value)) return value;
  throw damaged(file);
}

/** A kept task with all its findings. Throws a {@link UserError} (65) where a file is damaged. */
export async function readAudit(folder: string, task: KeptTask): Promise<AuditResult> {
  const record = await readTask(folder, task);
  const file = path.join(folder, 'tasks', findingsName(fileName(task)));
  const findings: AuditFinding[] = [];
  try {
    for await (const line of textLines(file)) {
      const value = parsed(line);
      if (!isFinding(value)) throw damaged(file);
      findings.push(value);
    }
  } catch (error) {
    throw fileError(error, 'read', printable(file));
  }
  return { ...record, findings };
}

/** Line feeds only: client IDs may hold other characters that break lines. */
async function* textLines(file: string): AsyncGenerator<string> {
  let parts: string[] = [];
  for await (const chunk of createReadStream(file, 'utf8') as AsyncIterable<string>) {
    const [first = '', ...more] = chunk.split('\n');
    parts.push(first);
    for (const next of more) {
      const line = parts.join('');
      if (line !== '') yield line;
      parts = [next];
    }
  }
  if (parts.join('') !== '') yield parts.join('');
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw fileError(error, 'read', printable(file));
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function damaged(file: string): UserError {
  return new UserError(EXIT.invalidInput, {
    file,
    message: 'the kept audit is damaged',
    hint: 'remove the file, and audit its histories again',
  });
}

/** Makes a folder of audits; its parents too. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await makeFolders(folder);
  } catch (error) {
    throw fileError(error, 'create', printable(folder));
  }
}

function fileName({ taskId, startedAt }: KeptTask): string {
  return `${new Date(startedAt).toISOString().replaceAll(':', '-')}-${taskId}.json`;
}

function findingsName(taskFile: string): string {
  return taskFile.replace(/\.json$/, '.findings.ndjson');
}
