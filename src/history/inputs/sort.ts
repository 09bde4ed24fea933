/**
 * Opens what was named and tells of each file what it is: a history of ours, a log of another format,
 * something else that lay in the folder, or evidence that is there but can't be read. The last two
 * must not be mixed up: what is missing is never a pass.
 */
import path from 'node:path';
import { EXIT, type Problem, UserError } from '../../core/errors.ts';
import { printable } from '../../core/text.ts';
import { beginningText, detectFormat } from '../formats/detect.ts';
import {
  type EvidenceFormat,
  type FormatId,
  type FormatOptions,
  isTextFormat,
  type TextFormat,
} from '../formats/format.ts';
import { FORMATS } from '../formats/registry.ts';
import { HISTORY_FILE, type NamedFile } from './expand.ts';
import { isRotationOfOne, type Part, partOf } from './group.ts';
import { Input, type OpenedInput, PackedOtherwise } from './open.ts';

export interface SortOptions extends FormatOptions {
  /** By content when it is not named. */
  readonly format?: FormatId;
  readonly stdin?: AsyncIterable<Buffer>;
}

/** A file of a folder or a pattern that must be evidence, and of which nothing can be used. */
export interface LostFile {
  readonly path: string;
  /** A sentence that names the file. */
  readonly damage: string;
}

export interface SortedInputs {
  readonly own: readonly Input[];
  readonly parts: readonly Part[];
  readonly lost: readonly LostFile[];
  /** Files of folders and patterns that are of another kind. */
  readonly leftOut: readonly string[];
}

/** Of the problems that stop everything, so many are told. */
const PROBLEMS_MAX = 20;

/** Throws a {@link UserError} (65) for what was named and is no evidence, or when nothing is any. */
export async function sortInputs(
  files: readonly NamedFile[],
  options: SortOptions,
): Promise<SortedInputs> {
  const own: Input[] = [];
  const parts: Part[] = [];
  const refused: Refused[] = [];
  const problems: Problem[] = [];
  for (const { path: file, found } of files) {
    let opened: OpenedInput | undefined;
    try {
      opened = await Input.open(file, options.stdin ?? process.stdin);
      const part = sorted(opened, options);
      if (part === undefined) own.push(opened.input);
      else parts.push(part);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      if (found) refused.push({ file, opened, error });
      problems.push(...error.problems);
    }
  }
  const named = files.some(({ found }) => !found);
  const usable = own.length + parts.length;
  if (problems.length > 0 && (usable === 0 || (named && problems.length > refused.length))) {
    throw new UserError(EXIT.invalidInput, problems.slice(0, PROBLEMS_MAX));
  }
  const lost: LostFile[] = [];
  const leftOut: string[] = [];
  for (const one of refused) {
    const damage = damageOf(one, parts);
    if (damage === undefined) leftOut.push(one.file);
    else lost.push({ path: one.file, damage });
  }
  return { own, parts, lost, leftOut };
}

interface Refused {
  readonly file: string;
  /** Undefined when not even its beginning could be read. */
  readonly opened: OpenedInput | undefined;
  readonly error: UserError;
}

/** A part of a source, or undefined for a history of ours. */
function sorted({ input, beginning }: OpenedInput, options: SortOptions): Part | undefined {
  const text = beginningText(beginning, input.name);
  const id = options.format ?? detectFormat(text, input.name, options);
  const format: EvidenceFormat = FORMATS[id];
  if (!isTextFormat(format)) return undefined;
  checkOptions(format, text, input.name, options);
  return partOf(input, format, text, options);
}

/** Why a refused file is lost evidence, or undefined when it is of another kind. */
function damageOf({ file, opened, error }: Refused, parts: readonly Part[]): string | undefined {
  const name = printable(file);
  const [problem] = error.problems;
  if (opened?.damage !== undefined) return `${name} is ${opened.damage}`;
  const unread = `${name} could not be read: ${problem?.message ?? ''}`;
  if (path.basename(file).replace(/\.gz$/i, '') === HISTORY_FILE) return unread;
  if (opened === undefined && !(error instanceof PackedOtherwise)) return unread;
  // A log that was just rotated is empty and lacks nothing.
  if (opened?.beginning.length === 0) return undefined;
  return isRotationOfOne(file, parts) ? unread : undefined;
}

function checkOptions(
  format: TextFormat,
  beginning: string,
  file: string,
  options: SortOptions,
): void {
  const refusal = format.refuses?.(beginning, options);
  if (refusal === undefined) return;
  throw new UserError(EXIT.invalidInput, {
    file,
    message: refusal,
    hint: 'say with --map which is which, such as clientId=client,at=ts,kind=event',
  });
}
