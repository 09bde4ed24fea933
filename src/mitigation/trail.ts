/**
 * The audit trail: who did what when, one line of NDJSON before each step and one after it, on the
 * disk before the step begins. What a crash leaves says what has been changed and how to undo it.
 */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { EXIT, fileError, UserError } from '../core/errors.ts';
import { printable } from '../core/text.ts';
import type { EpochMs } from '../core/time.ts';

/** Raised when a field changes its meaning. */
const TRAIL_VERSION = 1;
/** So many mitigations of one folder are recorded beside one another. */
const RECORDS_MAX = 1000;

/** One line of the trail; `undo` on the line before a step, since the line after may never come. */
export interface TrailEntry {
  readonly at: EpochMs;
  readonly phase: 'before' | 'after' | 'task' | 'execution' | 'attempt';
  readonly findingId?: string;
  readonly actionName?: string;
  readonly what: string;
  readonly status?: string;
  readonly detail?: string;
  readonly undo?: string;
}

export interface Trail {
  readonly file: string;
  /** Returns when the line is on the disk. Throws a `UserError` (74) when it can't be. */
  write(entry: TrailEntry): void;
  close(): void;
}

export interface MitigationFiles {
  readonly record: string;
  readonly trail: Trail;
}

/** Opens a new trail in a folder, numbered where there are others, with its header. */
export function openTrail(
  folder: string,
  about: {
    /** What the files are called: `mitigation` for `mitigation-trail.ndjson`. */
    readonly name: 'mitigation' | 'rotation';
    readonly taskId: string;
    readonly tool: string;
    readonly now: EpochMs;
  },
): MitigationFiles {
  const { name, taskId, tool, now } = about;
  for (let number = 1; number <= RECORDS_MAX; number++) {
    const suffix = number === 1 ? '' : `-${number}`;
    const file = join(folder, `${name}-trail${suffix}.ndjson`);
    const descriptor = openNew(file);
    if (descriptor === undefined) continue;
    const who = { user: userName(), pid: process.pid, tool };
    const header = { doppelfleet: `${name}-trail`, version: TRAIL_VERSION, taskId, who, at: now };
    const trail = trailOn(descriptor, file);
    writeLine(descriptor, file, header);
    return { record: join(folder, `${name}${suffix}.json`), trail };
  }
  throw new UserError(EXIT.io, {
    message: `there are ${RECORDS_MAX} trails of mitigations in ${printable(folder)}`,
    hint: 'choose another folder',
  });
}

/** A trail that leaves nothing, for a dry run. */
export const NO_TRAIL: Trail = { file: '', write: () => {}, close: () => {} };

function trailOn(descriptor: number, file: string): Trail {
  let open = true;
  return {
    file,
    write: (entry) => writeLine(descriptor, file, entry),
    close: () => {
      if (open) closeSync(descriptor);
      open = false;
    },
  };
}

function openNew(file: string): number | undefined {
  try {
    return openSync(file, 'ax', 0o600);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return undefined;
    throw fileError(error, 'write', file);
  }
}

function writeLine(descriptor: number, file: string, line: object): void {
  try {
    writeSync(descriptor, `${JSON.stringify(line)}\n`);
    fsyncSync(descriptor);
  } catch (error) {
    throw fileError(error, 'write', file);
  }
}

/** Containers may run under a user that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? ''}`;
  }
}
