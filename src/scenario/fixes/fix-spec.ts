/**
 * Fixes as people name them on the command line: a fix of the scenario, a strategy with parameters
 * (`client-id-uuid:uuid=v5-certificate,on=clones`), or several joined by `+`. Pure.
 */
import { EXIT, UserError } from '../../core/errors.ts';
import { FIX_IDS } from '../../core/ids.ts';
import { nearest, printable } from '../../core/text.ts';
import type { Scenario } from '../schema.ts';
import { scenarioJsonSchema } from '../schema.ts';
import { schemaHints } from '../schema-hints.ts';
import { applyParts, type FixProblem } from './apply.ts';
import { type FixParams, fixParams } from './params.ts';
import { fixOf } from './registry.ts';

/** A fix that was chosen, and what it consists of. */
export interface FixChoice {
  /** As it was written. */
  readonly name: string;
  readonly parts: readonly FixParams[];
}

/**
 * The fixes that `specs` name, each once. A fix of the scenario goes before a strategy of the same
 * name; `timeScale` scales strategies written out here, those of the scenario are scaled with it.
 * Throws a `UserError` (64) with everything that is wrong with any of them.
 */
export function parseFixSpecs(
  specs: readonly string[],
  scenario: Scenario,
  timeScale = 1,
): readonly FixChoice[] {
  const problems: FixProblem[] = [];
  const choices = [...new Set(specs)].map((spec): FixChoice => {
    const parsed = parseSpec(spec, scenario, timeScale);
    const told = (words: readonly FixProblem[]) =>
      problems.push(
        ...words.map(({ message, hint }) => ({
          message: `--fix ${printable(spec, 120)}: ${message}`,
          hint,
        })),
      );
    if ('problems' in parsed) {
      told(parsed.problems);
      return { name: spec, parts: [] };
    }
    const applied = applyParts(scenario, parsed.parts);
    if ('problems' in applied) told(applied.problems);
    return { name: spec, parts: parsed.parts };
  });
  if (problems.length > 0) throw new UserError(EXIT.usage, problems);
  return choices;
}

type Parsed<T> = T | { readonly problems: readonly FixProblem[] };

function parseSpec(
  spec: string,
  scenario: Scenario,
  timeScale: number,
): Parsed<{ readonly parts: readonly FixParams[] }> {
  const parsed = spec.split('+').map((part) => parsePart(part.trim(), scenario, timeScale));
  const problems = parsed.flatMap((one) => ('problems' in one ? one.problems : []));
  if (problems.length > 0) return { problems };
  return { parts: parsed.flatMap((one) => ('parts' in one ? one.parts : [])) };
}

function parsePart(
  part: string,
  scenario: Scenario,
  timeScale: number,
): Parsed<{ readonly parts: readonly FixParams[] }> {
  const colon = part.indexOf(':');
  const name = colon < 0 ? part : part.slice(0, colon);
  const own = Object.hasOwn(scenario.fixes, name) ? scenario.fixes[name] : undefined;
  if (own !== undefined && colon < 0) return { parts: own };
  if (!FIX_IDS.some((id) => id === name)) {
    if (own !== undefined) {
      return refuse(
        `${name} is a fix of the scenario and takes no parameters here`,
        'write the strategy itself, with all its parameters',
      );
    }
    return refuse(...unknownFix(name, scenario));
  }
  const readable: Parsed<{ readonly given: Parameters }> =
    colon < 0 ? { given: {} } : readParameters(part.slice(colon + 1));
  if ('problems' in readable) return readable;
  const { given } = readable;
  const read = fixParams.safeParse({ strategy: name, ...given });
  if (read.success) {
    const scaled = timeScale === 1 ? undefined : fixOf(read.data).scaled?.(read.data, timeScale);
    return { parts: [scaled ?? read.data] };
  }
  return { problems: parameterProblems(name, given, read.error.issues) };
}

function unknownFix(name: string, scenario: Scenario): readonly [message: string, hint: string] {
  const own = Object.keys(scenario.fixes);
  const near = nearest(name, [...own, ...FIX_IDS]);
  const all = `${own.length > 0 ? `${own.join(', ')} of ${scenario.name}, or ` : ''}a strategy: ${FIX_IDS.join(', ')}`;
  return [
    `there is no fix "${printable(name, 60)}"`,
    near === undefined ? `known are ${all}` : `did you mean ${near}?`,
  ];
}

type Parameters = Readonly<Record<string, unknown>>;

/** `uuid=v4-kept,on=a,on=b`: texts, whole numbers, and a list for a name that is there again. */
function readParameters(text: string): Parsed<{ readonly given: Parameters }> {
  const values = new Map<string, unknown>();
  const problems: FixProblem[] = [];
  for (const word of text.split(',')) {
    const [, key, value] = /^([A-Za-z]+)=(.+)$/.exec(word.trim()) ?? [];
    if (key === undefined || value === undefined) {
      problems.push({
        message: `"${printable(word, 60)}" is no parameter`,
        hint: 'write <strategy>:<name>=<value>,<name>=<value>',
      });
    } else if (key === 'strategy') {
      problems.push({ message: 'strategy is no parameter', hint: 'name it before the colon' });
    } else if (key === 'on') {
      values.set(key, [...[values.get(key) ?? []].flat(), value]);
    } else if (values.has(key)) {
      problems.push({ message: `${key} is there twice`, hint: 'give it one value' });
    } else {
      values.set(key, /^\d+$/.test(value) ? Number(value) : value);
    }
  }
  return problems.length > 0 ? { problems } : { given: Object.fromEntries(values) };
}

function parameterProblems(
  strategy: string,
  given: Parameters,
  issues: readonly { readonly path: readonly PropertyKey[]; readonly code?: string | undefined }[],
): readonly FixProblem[] {
  const hints = schemaHints({ fixes: { x: { strategy, ...given } } }, scenarioJsonSchema());
  const known = hints.keysAt(['fixes', 'x']).filter((key) => key !== 'strategy');
  const unknown = Object.keys(given).filter((key) => !known.includes(key));
  const wrong = [...new Set(issues.map(({ path }) => String(path[0] ?? '')))].filter((key) =>
    known.includes(key),
  );
  return [
    ...unknown.map((key) => {
      const near = nearest(key, known);
      const all = known.length > 0 ? `it has ${known.join(', ')}` : 'it has none';
      return {
        message: `${strategy} has no parameter "${printable(key, 60)}"`,
        hint: near === undefined ? all : `did you mean ${near}?`,
      };
    }),
    ...wrong.map((key) => {
      const value = given[key];
      const hint = hints.formsAt(['fixes', 'x', key]);
      return value === undefined
        ? { message: `${strategy} needs ${key}`, hint: `${hint}, as ${key}=<value>` }
        : { message: `${key}=${printable([value].flat().join(','), 60)} is not allowed`, hint };
    }),
  ];
}

function refuse(message: string, hint: string): { readonly problems: readonly FixProblem[] } {
  return { problems: [{ message, hint }] };
}
