/** Zod's issues as sentences with a place: what is wrong, where, and what to write instead. */
import type { z } from 'zod';
import type { Problem } from '../core/errors.ts';
import { nearest, printable } from '../core/text.ts';
import type { ParsedDocument } from '../core/yaml-document.ts';
import { type SchemaHints, type SchemaNode, schemaHints } from './schema-hints.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];
type Words = Pick<Problem, 'message' | 'hint'>;

const MISSING = 'this key is required';

/** What kind of file has the problems; a scenario by default. */
export interface FileKind {
  /** Such as `a scenario`. */
  readonly noun: string;
  /** What to begin with when there is no map at all. */
  readonly begin: string;
  /** JSON Schema as zod writes it, for hints. */
  readonly schema?: SchemaNode;
}

const SCENARIO: FileKind = {
  noun: 'a scenario',
  begin: 'begin with name, purpose, fleet and duration; the built-in scenarios are examples',
};

interface Source {
  readonly document: ParsedDocument;
  readonly file: string;
  readonly hints: SchemaHints;
  readonly kind: FileKind;
}

export function zodProblems(
  error: z.ZodError,
  document: ParsedDocument,
  file: string,
  kind = SCENARIO,
): Problem[] {
  const source = { document, file, hints: schemaHints(document.value, kind.schema), kind };
  return error.issues.flatMap((issue) => issueProblems(issue, [], source));
}

function issueProblems(issue: Issue, base: Path, source: Source): Problem[] {
  const path = [...base, ...issue.path];
  const { document, hints } = source;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        ...place(path, source),
        ...document.locateKey(path, key),
        ...unknownKey(key, path, hints),
      }));
    case 'invalid_key': {
      const key = String(path.at(-1));
      const [why] = issue.issues;
      return [
        {
          ...place(path, source),
          ...document.locateKey(path.slice(0, -1), key),
          message: `"${printable(key, 60)}" can't be a name here`,
          hint: why && isOurs(why) ? why.message : 'write a name of at most 64 characters',
        },
      ];
    }
    case 'invalid_union': {
      const branch = nearestBranch(issue.errors);
      if (branch !== undefined && !branch.every(isMismatch)) {
        return branch.flatMap((inner) => issueProblems(inner, path, source));
      }
      return [{ ...place(path, source), ...unionWords(issue, path, hints) }];
    }
    default:
      return [{ ...place(path, source), ...wording(issue, path, source) }];
  }
}

function place(path: Path, { document, file }: Source): Omit<Problem, 'message'> {
  const written = path.map((part) => printable(String(part), 80)).join('.');
  return { file, ...document.locate(path), ...(written === '' ? {} : { path: written }) };
}

/** The branch of a union that the author most likely meant: the one that fails deepest or least. */
function nearestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const depth = (issues: readonly Issue[]) =>
    Math.max(
      0,
      ...issues.map((issue) => issue.path.length + (issue.code === 'unrecognized_keys' ? 0.5 : 0)),
    );
  const misfit = (issues: readonly Issue[]) => (issues.some(isMismatch) ? 1 : 0);
  return [...branches]
    .filter((issues) => issues.length > 0)
    .sort((a, b) => misfit(a) - misfit(b) || depth(b) - depth(a) || a.length - b.length)[0];
}

/** The value is of another kind altogether than this branch wants. */
function isMismatch(issue: Issue): boolean {
  return (
    issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value')
  );
}

/** None of the forms fits: what is there, and which forms there are. */
function unionWords(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  path: Path,
  hints: SchemaHints,
): Words {
  const { input } = issue;
  if (issue.discriminator === undefined) return unfit(input, path, hints);
  // The place is that of the key by which the forms are told apart.
  const map = typeof input === 'object' && input !== null ? input : {};
  const given: unknown = Object.entries(map).find(([key]) => key === issue.discriminator)?.[1];
  const parent = path.slice(0, -1);
  return given === undefined
    ? { message: MISSING, hint: hints.formsAt(parent) }
    : {
        ...unfit(given, path, hints),
        hint: suggestion(given, path, hints) ?? hints.formsAt(parent),
      };
}

function wording(issue: Issue, path: Path, { hints, kind }: Source): Words {
  const forms = () => hints.formsAt(path);
  switch (issue.code) {
    case 'custom': {
      const hint: unknown = issue.params?.hint;
      return { message: issue.message, hint: typeof hint === 'string' ? hint : forms() };
    }
    case 'invalid_type':
      if (path.length === 0) return notAMap(issue.input, kind);
      if (issue.input !== undefined) return unfit(issue.input, path, hints, issue);
      return { message: MISSING, hint: isOurs(issue) ? issue.message : forms() };
    case 'too_small':
      return isOurs(issue) && issue.origin === 'array'
        ? { message: 'the list is empty', hint: issue.message }
        : { message: isOurs(issue) ? issue.message : small(issue), hint: forms() };
    case 'too_big':
      return { message: `must be at most ${issue.maximum}${unitOf(issue.origin)}`, hint: forms() };
    default:
      return unfit(issue.input, path, hints, issue);
  }
}

/** `"stedy" is not allowed here`, with the nearest word or all forms as hint. */
function unfit(input: unknown, path: Path, hints: SchemaHints, issue?: Issue): Words {
  if (input === undefined) return { message: MISSING, hint: hints.formsAt(path) };
  return {
    message: input === null ? 'there is nothing here' : `${shown(input)} is not allowed here`,
    hint:
      suggestion(input, path, hints) ??
      (issue && isOurs(issue) ? issue.message : hints.formsAt(path, input)),
  };
}

function suggestion(input: unknown, path: Path, hints: SchemaHints): string | undefined {
  const near = typeof input === 'string' ? nearest(input, hints.wordsAt(path)) : undefined;
  return near === undefined ? undefined : `did you mean ${near}?`;
}

function unknownKey(key: string, path: Path, hints: SchemaHints): Words {
  const known = hints.keysAt(path);
  if (known.includes(key)) {
    return {
      message: `the key "${printable(key, 60)}" does not go with the others here`,
      hint: hints.formsAt(path),
    };
  }
  const near = nearest(key, known);
  return {
    message: `unknown key "${printable(key, 60)}"`,
    hint: near ? `did you mean ${near}?` : `known here are ${known.join(', ')}`,
  };
}

function notAMap(input: unknown, { noun, begin }: FileKind): Words {
  return {
    message:
      input === null || input === undefined
        ? 'the file is empty'
        : `${noun} is a map of keys, this is ${shown(input)}`,
    hint: begin,
  };
}

function small({ minimum, origin }: Extract<Issue, { code: 'too_small' }>): string {
  return origin === 'string' ? 'must not be empty' : `must be at least ${minimum}${unitOf(origin)}`;
}

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters';
  return origin === 'array' ? ' entries' : '';
}

/** Messages of ours say what to write; zod's own say what it expected, in the words of code. */
function isOurs(issue: Issue): boolean {
  return /^(write|a group|must be longer)/.test(issue.message);
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  return typeof value === 'string' ? `"${printable(value, 60)}"` : printable(String(value), 60);
}
