/**
 * Reads script files: YAML → validated script, with one of its variants merged in if one is named,
 * or every problem with line, column and path. All variants are validated with the file.
 */
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXIT, inOrder, type Problem, UserError } from '../core/errors.ts';
import { nearest, printable } from '../core/text.ts';
import { type ParsedDocument, parseYaml } from '../core/yaml-document.ts';
import { digestOf, readScenarioText } from '../scenario/scenario-text.ts';
import { zodProblems } from '../scenario/zod-problems.ts';
import { scriptProblems } from './meaning.ts';
import { type Script, scriptJsonSchema, scriptSchema } from './schema.ts';

export interface LoadedScript {
  readonly script: Script;
  /** Name of the variant that was merged in. */
  readonly variant?: string;
  readonly file: string;
  /** SHA-256 of the validated script, hex. */
  readonly digest: string;
  /** Line of each step in the file, from 1; 0 where it is not known. */
  readonly lines: readonly number[];
}

/** `session-theft` or `session-theft:shared-certificate`. */
export function scriptName({ script, variant }: Pick<LoadedScript, 'script' | 'variant'>): string {
  return variant === undefined ? script.name : `${script.name}:${variant}`;
}

const KIND = {
  noun: 'a script',
  begin: 'begin with name, purpose, clients and steps; the built-in scripts are examples',
};

/** The folder of the built-in scripts, in the checkout and in the package alike. */
const BUILT_IN = fileURLToPath(new URL('../../scenarios/scripts/', import.meta.url));

/** Names of the built-in scripts, in order. */
export async function builtInScripts(): Promise<readonly string[]> {
  const files = await readdir(BUILT_IN);
  return files
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => basename(name, '.yaml'))
    .sort();
}

/** Path of a built-in script; undefined if none has this name. */
export async function findBuiltInScript(name: string): Promise<string | undefined> {
  return (await builtInScripts()).includes(name) ? join(BUILT_IN, `${name}.yaml`) : undefined;
}

/** Loads a script file. Throws a {@link UserError} with every problem. */
export async function loadScriptFile(file: string, variant?: string): Promise<LoadedScript> {
  return parseScript(await readScenarioText(file), file, variant);
}

/** Validates the text of a script file and all its variants; returns the one that is wanted. */
export function parseScript(text: string, file: string, variant?: string): LoadedScript {
  const document = parseYaml(text, file);
  if (document.problems.length > 0) throw new UserError(EXIT.invalidInput, document.problems);
  const problems: Problem[] = [];
  const base = validate(document.value, [], { document, file, problems });
  if (problems.length > 0 || base === undefined) {
    throw new UserError(EXIT.invalidInput, inOrder(problems));
  }
  const scripts = new Map<string, Script>();
  for (const [name, changes] of Object.entries(base.variants)) {
    const { variants: _, ...plain } = asMap(document.value);
    const merged = { ...asMap(merge(plain, changes)), name: base.name };
    const script = validate(merged, ['variants', name], { document, file, problems });
    if (script !== undefined) scripts.set(name, script);
  }
  if (problems.length > 0) throw new UserError(EXIT.invalidInput, inOrder(problems));
  const script = variant === undefined ? base : scripts.get(variant);
  if (script === undefined) throw unknownVariant(base, variant ?? '');
  const ownSteps = variant !== undefined && Object.hasOwn(base.variants[variant] ?? {}, 'steps');
  const place = ownSteps ? ['variants', variant, 'steps'] : ['steps'];
  return {
    script,
    ...(variant === undefined ? {} : { variant }),
    file,
    digest: digestOf(script),
    lines: script.steps.map((_, index) => document.locate([...place, index]).line ?? 0),
  };
}

interface Reading {
  readonly document: ParsedDocument;
  readonly file: string;
  readonly problems: Problem[];
}

/** `base` is where the differences of a variant stand: problems are told there. */
function validate(
  value: unknown,
  base: readonly string[],
  { document, file, problems }: Reading,
): Script | undefined {
  const shifted: ParsedDocument = {
    ...document,
    value,
    locate: (path) => document.locate([...base, ...path]),
    locateKey: (path, key) => document.locateKey([...base, ...path], key),
  };
  const place = (path: readonly PropertyKey[]) => ({
    file,
    ...shifted.locate(path),
    path: [...base, ...path].map((part) => printable(String(part), 80)).join('.'),
  });
  const parsed = scriptSchema.safeParse(value, { reportInput: true });
  if (!parsed.success) {
    const kind = { ...KIND, schema: scriptJsonSchema() };
    for (const { path, ...problem } of zodProblems(parsed.error, shifted, file, kind)) {
      const whole = [...base, ...(path === undefined ? [] : [path])].join('.');
      problems.push({ ...problem, ...(whole === '' ? {} : { path: whole }) });
    }
    return undefined;
  }
  for (const { path, message, hint } of scriptProblems(parsed.data)) {
    problems.push({ ...place(path), message, hint });
  }
  return parsed.data;
}

function unknownVariant(script: Script, wanted: string): UserError {
  const names = Object.keys(script.variants);
  const near = nearest(wanted, names);
  return new UserError(EXIT.usage, {
    message: `${script.name} has no variant "${printable(wanted, 80)}"`,
    hint:
      near !== undefined
        ? `did you mean ${script.name}:${near}?`
        : names.length === 0
          ? 'it has none; leave the colon and the name out'
          : `its variants are ${names.join(', ')}`,
  });
}

/** Maps are merged key by key, everything else is replaced. */
function merge(base: unknown, changes: unknown): unknown {
  if (!isMap(base) || !isMap(changes)) return changes;
  const keys = new Set([...Object.keys(base), ...Object.keys(changes)]);
  return Object.fromEntries(
    [...keys].map((key) => [
      key,
      Object.hasOwn(changes, key)
        ? merge(Object.hasOwn(base, key) ? base[key] : undefined, changes[key])
        : base[key],
    ]),
  );
}

function asMap(value: unknown): Readonly<Record<string, unknown>> {
  return isMap(value) ? value : {};
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
