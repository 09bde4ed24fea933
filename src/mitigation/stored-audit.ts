/** The findings of an audit that is over: from a run's folder, a JSON file, or a folder of audits. */
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AuditResult } from '../audit/finding.ts';
import { findTask, readAudit } from '../audit/task-folder.ts';
import { isAuditResult, isFinding } from '../audit/task-record.ts';
import { EXIT, fileError, UserError } from '../core/errors.ts';
import { printable } from '../core/text.ts';

export interface StoredAudit {
  readonly audit: Pick<AuditResult, 'findings' | 'taskId'>;
  /** Where the record of a mitigation belongs. */
  readonly folder: string;
}

/**
 * `name` is a folder with a `findings.json`, a file, or a task of the folder `audits`. Throws a
 * `UserError` (64, 65).
 */
export async function storedAudit(name: string, audits: string): Promise<StoredAudit> {
  const status = await stat(name).catch(() => undefined);
  if (status === undefined && !/[/\\]|\.json$/.test(name)) {
    return { audit: await readAudit(audits, await findTask(audits, name)), folder: audits };
  }
  const isFolder = status?.isDirectory() ?? false;
  const file = isFolder ? join(name, 'findings.json') : name;
  return { audit: await readFindings(file), folder: isFolder ? name : dirname(name) };
}

async function readFindings(file: string): Promise<StoredAudit['audit']> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw fileError(error, 'read', printable(file));
  }
  if (isAuditResult(value)) return value;
  // As `audits findings --json` prints them, and AWS lists them.
  if (typeof value === 'object' && value !== null && 'findings' in value) {
    const { findings } = value;
    if (Array.isArray(findings) && findings.every(isFinding)) {
      return { findings, taskId: findings[0]?.taskId ?? '' };
    }
  }
  throw new UserError(EXIT.invalidInput, {
    file,
    message: 'these are no findings of an audit',
    hint: "name a run's folder, or what audit --json has printed",
  });
}
