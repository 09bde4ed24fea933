/** Scheduled audits in the folder of audits: `schedules/<name>.json`, each with its state. */
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { EXIT, fileError, systemCode, UserError } from '../core/errors.ts';
import { withFileLock } from '../core/file-lock.ts';
import { writeFileAtomic } from '../core/files.ts';
import { nearest, printable } from '../core/text.ts';
import { isScheduleName, type ScheduledAudit, scheduleProblems } from './schedule.ts';
import type { ScheduleState } from './scheduled-run.ts';
import { makeFolder } from './task-folder.ts';

export interface KeptSchedule {
  readonly schedule: ScheduledAudit;
  /** Undefined before its first run. */
  readonly state?: ScheduleState;
}

/**
 * Creates a scheduled audit, or changes one and keeps its state. Throws a {@link UserError} (64)
 * with everything that is wrong with it.
 */
export async function putSchedule(folder: string, schedule: ScheduledAudit): Promise<KeptSchedule> {
  const problems = scheduleProblems(schedule);
  if (problems.length > 0) throw new UserError(EXIT.usage, problems);
  const name = schedule.scheduledAuditName;
  return withSchedule(folder, name, async () => {
    const known = await readSchedule(folder, name);
    const kept = { ...known, schedule };
    await writeSchedule(folder, kept);
    return kept;
  });
}

/** Removes a scheduled audit with its state; its tasks stay. */
export async function removeSchedule(folder: string, name: string): Promise<void> {
  await loadSchedule(folder, name);
  await withSchedule(folder, name, async () => {
    await rm(scheduleFile(folder, name), { force: true });
  });
}

/** In alphabetical order of their names. */
export async function keptSchedules(folder: string): Promise<readonly KeptSchedule[]> {
  const names = await scheduleNames(folder);
  return Promise.all(names.map((name) => loadSchedule(folder, name)));
}

/** Throws a {@link UserError} (64) when there is none of that name. */
export async function loadSchedule(folder: string, name: string): Promise<KeptSchedule> {
  const known = isScheduleName(name) ? await readSchedule(folder, name) : undefined;
  if (known !== undefined) return known;
  const near = nearest(name, await scheduleNames(folder));
  throw new UserError(EXIT.usage, {
    message: `there is no scheduled audit "${printable(name, 80)}" in ${printable(folder)}`,
    hint: near
      ? `did you mean ${near}?`
      : `create it: audits schedule ${isScheduleName(name) ? name : '<name>'} --frequency daily`,
  });
}

export async function writeSchedule(folder: string, kept: KeptSchedule): Promise<void> {
  const file = scheduleFile(folder, kept.schedule.scheduledAuditName);
  await writeFileAtomic(file, `${JSON.stringify(kept, null, 2)}\n`);
}

/** Runs `work` as the only one that uses the scheduled audit. */
export async function withSchedule<T>(
  folder: string,
  name: string,
  work: () => Promise<T>,
): Promise<T> {
  await makeFolder(path.join(folder, 'schedules'));
  const lock = path.join(folder, 'schedules', `.${name}.lock`);
  return withFileLock(lock, `the scheduled audit ${name}`, work);
}

async function scheduleNames(folder: string): Promise<readonly string[]> {
  try {
    const names = await readdir(path.join(folder, 'schedules'));
    return names
      .filter((name) => name.endsWith('.json'))
      .map((name) => name.slice(0, -'.json'.length))
      .filter(isScheduleName)
      .sort();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw fileError(error, 'read', printable(folder));
  }
}

async function readSchedule(folder: string, name: string): Promise<KeptSchedule | undefined> {
  const file = scheduleFile(folder, name);
  let text = '';
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw fileError(error, 'read', printable(file));
  }
  const kept = parsed(text);
  if (kept?.schedule?.scheduledAuditName === name && isSound(kept)) return kept;
  throw new UserError(EXIT.invalidInput, {
    file,
    message: 'the scheduled audit is damaged',
    hint: 'remove the file and create it again; its next run is then a first run',
  });
}

function parsed(text: string): KeptSchedule | undefined {
  try {
    return JSON.parse(text) as KeptSchedule;
  } catch {
    return undefined;
  }
}

/** People may edit the file: what it says is held against the same rules as the command. */
function isSound({ schedule, state }: KeptSchedule): boolean {
  const { scheduledAuditName, timeOfDay, timeZone, targetCheckNames = [] } = schedule;
  const texts = [scheduledAuditName, timeOfDay, timeZone];
  if (!texts.every((text) => typeof text === 'string') || !Array.isArray(targetCheckNames)) {
    return false;
  }
  const { lastRunAt, lastTaskId, anchorDay } = state ?? {
    lastRunAt: 0,
    lastTaskId: '',
    anchorDay: 0,
  };
  return (
    scheduleProblems(schedule).length === 0 &&
    Number.isSafeInteger(lastRunAt) &&
    Number.isSafeInteger(anchorDay) &&
    typeof lastTaskId === 'string'
  );
}

function scheduleFile(folder: string, name: string): string {
  return path.join(folder, 'schedules', `${name}.json`);
}
