/**
 * What a matrix file names as a scenario: a built-in one, or a file relative to it, with a variant
 * if one is wanted; a fleet to drive or a script to follow.
 */
import { isAbsolute, join } from 'node:path';
import type { LoadedScenario } from '../scenario/load.ts';
import { type LoadedScript, scriptName } from '../script/load.ts';
import { isFile, loadAnyScenario } from '../script/load-any.ts';

interface Named {
  /** As cells name it: `session-theft:shared-certificate`. */
  readonly name: string;
  readonly file: string;
}

export type MatrixScenario = Named &
  (
    | { readonly kind: 'fleet'; readonly fleet: LoadedScenario }
    | { readonly kind: 'script'; readonly script: LoadedScript }
  );

/** Loads a scenario. Throws a `UserError` if there is none, or with every problem of its file. */
export async function loadMatrixScenario(
  reference: string,
  folder: string,
): Promise<MatrixScenario> {
  const relative = isFile(reference) && !isAbsolute(reference);
  const loaded = await loadAnyScenario(relative ? join(folder, reference) : reference);
  return loaded.kind === 'fleet'
    ? { ...loaded, name: loaded.fleet.scenario.name, file: loaded.fleet.file }
    : { ...loaded, name: scriptName(loaded.script), file: loaded.script.file };
}

/** Whether it changes files under its broker, or makes it reload: others must not share that one. */
export function changesBroker(scenario: MatrixScenario): boolean {
  if (scenario.kind === 'fleet') return false;
  const { steps } = scenario.script.script;
  return steps.some(
    (step) =>
      step.broker !== undefined || step.repeat?.steps.some((inner) => inner.broker !== undefined),
  );
}
