/**
 * `suppressions.yaml`: a list under `suppressions`, each entry with AWS's fields. Every problem is
 * reported at its line. Written by commands too, which keep comments and order.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { EXIT, fileError, type Problem, systemCode, UserError } from '../core/errors.ts';
import { withFileLock } from '../core/file-lock.ts';
import { writeFileAtomic } from '../core/files.ts';
import { nearest, printable } from '../core/text.ts';
import { editYamlList, type ParsedDocument, parseYaml } from '../core/yaml-document.ts';
import { type AuditSuppression, suppressionKey, suppressionName } from './suppression.ts';
import { parseSuppression } from './suppression-entry.ts';
import { makeFolder } from './task-folder.ts';

/** Where the suppressions of a folder of audits stand. */
export function suppressionsFile(folder: string): string {
  return path.join(folder, 'suppressions.yaml');
}

/**
 * Reads suppressions. A file that does not exist holds none, unless it is `required`. Throws a
 * {@link UserError} (65) with every problem, each with its line.
 */
export async function readSuppressions(
  file: string,
  { required = false }: { readonly required?: boolean } = {},
): Promise<readonly AuditSuppression[]> {
  return parseSuppressions((await readText(file, required)) ?? '', file);
}

/** Reads suppressions from text; the first entry of a check and resource is at index 0, and so on. */
export function parseSuppressions(text: string, file: string): readonly AuditSuppression[] {
  if (text.trim() === '') return [];
  const document = parseYaml(text, file);
  const problems: Problem[] = [...document.problems];
  const suppressions = problems.length > 0 ? [] : entries(document, file, problems);
  if (problems.length > 0) throw new UserError(EXIT.invalidInput, problems);
  return suppressions;
}

function entries(document: ParsedDocument, file: string, problems: Problem[]): AuditSuppression[] {
  const { value } = document;
  // A file of comments alone is empty.
  if (value === null || value === undefined) return [];
  const { suppressions = [], ...others } = isMap(value) ? value : { suppressions: value };
  for (const key of Object.keys(others)) {
    const near = nearest(key, ['suppressions']);
    const hint = near ? `did you mean ${near}?` : 'only `suppressions` stands here';
    const message = `unknown key "${printable(key, 60)}"`;
    problems.push({ file, ...document.locateKey([], key), message, hint });
  }
  if (suppressions === null) return [];
  if (!Array.isArray(suppressions)) {
    const message = 'suppressions is not a list';
    const hint = 'begin each entry with a hyphen: "- checkName: …"';
    problems.push({ file, ...document.locate(['suppressions']), message, hint });
    return [];
  }
  const base = isMap(value) ? ['suppressions'] : [];
  const places = new Map<string, number>();
  return suppressions.flatMap((entry: unknown, index) => {
    const at: readonly PropertyKey[] = [...base, index];
    const add = (within: readonly string[], problem: Omit<Problem, 'file' | 'path'>) => {
      const full = [...at, ...within];
      const key = problem.message.startsWith('unknown key') ? full.pop() : undefined;
      const place =
        key === undefined ? document.locate(full) : document.locateKey(full, String(key));
      problems.push({ file, ...place, path: [...at, ...within].join('.'), ...problem });
    };
    const suppression = parseSuppression(entry, add);
    if (suppression === undefined) return [];
    const key = suppressionKey(suppression.checkName, suppression.resourceIdentifier);
    const first = places.get(key);
    if (first !== undefined) {
      const message = `suppresses the same as entry ${first}: ${suppressionName(suppression)}`;
      add([], { message, hint: 'keep one of the two' });
    }
    places.set(key, first ?? index + 1);
    return [suppression];
  });
}

/** Adds a suppression to a file, or makes the file. Throws a {@link UserError} when it has it. */
export async function addSuppression(file: string, suppression: AuditSuppression): Promise<void> {
  await edit(file, (text, known) => {
    const key = suppressionKey(suppression.checkName, suppression.resourceIdentifier);
    if (known.some((one) => suppressionKey(one.checkName, one.resourceIdentifier) === key)) {
      throw new UserError(EXIT.usage, {
        message: `there is a suppression of ${suppressionName(suppression)} already`,
        hint: 'remove it first, or edit it in the file',
      });
    }
    return editYamlList(text, 'suppressions', { append: forPeople(suppression) });
  });
}

/** Removes the suppressions that `matches` names; returns them. */
export async function removeSuppressions(
  file: string,
  matches: (suppression: AuditSuppression) => boolean,
): Promise<readonly AuditSuppression[]> {
  let removed: readonly AuditSuppression[] = [];
  await edit(file, (text, known) => {
    const remove = [...known.keys()].filter((index) => {
      const suppression = known[index];
      return suppression !== undefined && matches(suppression);
    });
    removed = known.filter(matches);
    return remove.length === 0 ? text : editYamlList(text, 'suppressions', { remove });
  });
  return removed;
}

async function edit(
  file: string,
  change: (text: string, known: readonly AuditSuppression[]) => string,
): Promise<void> {
  await makeFolder(path.dirname(file));
  await withFileLock(`${file}.lock`, 'the file of suppressions', async () => {
    const before = await readText(file, false);
    const text = before ?? '# Findings to live with; see `doppelfleet audits suppress --help`.\n';
    const known = parseSuppressions(before ?? '', file);
    const after = change(text, known);
    if (after !== before) await writeFileAtomic(file, after);
  });
}

/** Dates as people write them. */
function forPeople({ expirationDate, ...rest }: AuditSuppression): unknown {
  const { checkName, resourceIdentifier, suppressIndefinitely, description } = rest;
  return {
    checkName,
    resourceIdentifier,
    ...(expirationDate === undefined
      ? { suppressIndefinitely }
      : { expirationDate: new Date(expirationDate * 1000).toISOString() }),
    ...(description === undefined ? {} : { description }),
  };
}

async function readText(file: string, required: boolean): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (!required && systemCode(error) === 'ENOENT') return undefined;
    throw fileError(error, 'read', printable(file));
  }
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
