/**
 * Reads scenario files: YAML → validated scenario, or every problem with line, column and path.
 * The only part of `scenario/` that touches files.
 */
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXIT, inOrder, type Problem, UserError } from '../core/errors.ts';
import { nearest, printable } from '../core/text.ts';
import { parseYaml } from '../core/yaml-document.ts';
import { meaningProblems } from './meaning.ts';
import { digestOf, readScenarioText } from './scenario-text.ts';
import { type Scenario, scenarioSchema } from './schema.ts';
import { zodProblems } from './zod-problems.ts';

export interface LoadedScenario {
  readonly scenario: Scenario;
  readonly file: string;
  /** SHA-256 of the validated scenario, hex: equal for files that mean the same. */
  readonly digest: string;
}

/** The folder of the built-in scenarios, in the checkout and in the package alike. */
const BUILT_IN = fileURLToPath(new URL('../../scenarios/', import.meta.url));

/** Validates the text of a scenario file. Throws a {@link UserError} with every problem. */
export function parseScenario(text: string, file: string): Scenario {
  const document = parseYaml(text, file);
  const problems: Problem[] = [...document.problems];
  if (problems.length === 0) {
    const parsed = scenarioSchema.safeParse(document.value, { reportInput: true });
    if (parsed.success) {
      const meaning = meaningProblems(parsed.data);
      if (meaning.length === 0) return parsed.data;
      for (const { path, ...rest } of meaning) {
        problems.push({ file, ...document.locate(path), path: path.join('.'), ...rest });
      }
    } else {
      problems.push(...zodProblems(parsed.error, document, file));
    }
  }
  throw new UserError(EXIT.invalidInput, inOrder(problems));
}

/** Loads a scenario by file path or by the name of a built-in one. */
export async function loadScenario(nameOrFile: string): Promise<LoadedScenario> {
  const file = await resolveScenario(nameOrFile);
  const text = await readScenarioText(file);
  const scenario = parseScenario(text, file);
  return { scenario, file, digest: scenarioDigest(scenario) };
}

/** SHA-256 over the validated scenario with its keys in order. */
export function scenarioDigest(scenario: Scenario): string {
  return digestOf(scenario);
}

/** Names of the built-in scenarios, in order. */
export async function builtInScenarios(): Promise<readonly string[]> {
  const files = await readdir(BUILT_IN);
  return files
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => basename(name, '.yaml'))
    .sort();
}

async function resolveScenario(nameOrFile: string): Promise<string> {
  if (/\.ya?ml$/i.test(nameOrFile) || /[/\\]/.test(nameOrFile)) return nameOrFile;
  const names = await builtInScenarios();
  if (names.includes(nameOrFile)) return join(BUILT_IN, `${nameOrFile}.yaml`);
  const near = nearest(nameOrFile, names);
  throw new UserError(EXIT.usage, {
    message: `no built-in scenario is named "${printable(nameOrFile, 80)}"`,
    hint: near
      ? `did you mean ${near}? A file is named by its path, such as ./mine.yaml`
      : '`doppelfleet list scenarios` shows the names; a file is named by its path, such as ./mine.yaml',
  });
}
