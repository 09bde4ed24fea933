/**
 * The three kinds of trouble are kept apart: what happens in the world is data (an event, an
 * outcome); a mistake of the user is a {@link UserError} that names what, where and what to do; a
 * bug of ours is an assertion and keeps its stack.
 */

import { printable } from './text.ts';

/** Characters of a file name that are shown; Linux allows paths of 4096. */
const FILE_NAME_SHOWN_MAX = 4096;

/** Exit codes are an API; see the README. 74 follows sysexits.h for a disk that is full or read-only. */
export const EXIT = {
  met: 0,
  unmet: 1,
  inconclusive: 2,
  usage: 64,
  invalidInput: 65,
  unavailable: 69,
  internal: 70,
  io: 74,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** One thing that is wrong: what, where (file, line, column, path in the document), what to do. */
export interface Problem {
  readonly message: string;
  readonly hint?: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  /** Path inside the document, such as `fleet.pumps.devices`. */
  readonly path?: string;
}

/** A mistake that the user can mend. Carries every problem found, never only the first. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly exitCode: ExitCode;
  readonly problems: readonly Problem[];

  constructor(exitCode: ExitCode, problems: Problem | readonly Problem[], cause?: unknown) {
    const all = Array.isArray(problems) ? (problems as readonly Problem[]) : [problems as Problem];
    super(all.map(formatProblem).join('\n'), cause === undefined ? undefined : { cause });
    this.exitCode = exitCode;
    this.problems = all;
  }
}

/** `scenario.yaml:4:7 fleet.pumps.devices: must be at least 1 — give a positive whole number` */
export function formatProblem(problem: Problem): string {
  const file =
    problem.file === undefined ? undefined : printable(problem.file, FILE_NAME_SHOWN_MAX);
  const position = [file, problem.line, problem.column].filter((part) => part !== undefined);
  const where = [position.join(':'), problem.path].filter((part) => part).join(' ');
  const hint = problem.hint === undefined ? '' : ` — ${problem.hint}`;
  return `${where === '' ? '' : `${where}: `}${problem.message}${hint}`;
}

/** The `code` of a Node system error (`ENOENT`, `ENOSPC`, `ECONNREFUSED`, …), or undefined. */
export function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** Turns a file system error into a user's error that names the file; anything else passes through. */
export function fileError(error: unknown, doing: string, file: string): unknown {
  const code = systemCode(error) ?? '';
  const [message, exitCode, hint] = (Object.hasOwn(FILE_ERRORS, code) && FILE_ERRORS[code]) || [];
  if (message === undefined || exitCode === undefined) return error;
  return new UserError(
    exitCode,
    {
      message: `cannot ${doing} ${printable(file, FILE_NAME_SHOWN_MAX)}: ${message}`,
      ...(hint ? { hint } : {}),
    },
    error,
  );
}

const FILE_ERRORS: Readonly<Record<string, readonly [string, ExitCode, string?]>> = {
  ENOENT: ['no such file or folder', EXIT.invalidInput, 'check the path'],
  ENOTDIR: ['a part of the path is not a folder', EXIT.invalidInput, 'check the path'],
  EEXIST: ['something else has that name', EXIT.invalidInput, 'choose another name'],
  EISDIR: ['it is a folder', EXIT.invalidInput, 'name a file'],
  EACCES: ['permission denied', EXIT.io, 'check the owner and mode'],
  EPERM: ['operation not permitted', EXIT.io, 'check the owner and mode'],
  EROFS: ['the file system is read-only', EXIT.io, 'choose another folder'],
  ENOSPC: ['the disk is full', EXIT.io, 'free some space or choose another folder'],
  EDQUOT: ['the disk quota is used up', EXIT.io, 'free some space or choose another folder'],
  EFBIG: [
    'the file has reached the size limit',
    EXIT.io,
    'raise the limit (ulimit -f) or choose another folder',
  ],
  EMFILE: ['too many open files', EXIT.io, 'raise the limit (ulimit -n)'],
};

/** Problems as one reads the file, whatever found them. */
export function inOrder(problems: readonly Problem[]): readonly Problem[] {
  return [...problems].sort(
    (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
}
