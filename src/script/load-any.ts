/**
 * Loads a scenario of either kind: a fleet or a script, by the name of a built-in one or by file.
 * Behind a name may stand a variant of a script: `session-theft:shared-certificate`.
 */
import { EXIT, UserError } from '../core/errors.ts';
import { nearest, printable } from '../core/text.ts';
import { parseYaml } from '../core/yaml-document.ts';
import { builtInScenarios, type LoadedScenario, loadScenario } from '../scenario/load.ts';
import { readScenarioText } from '../scenario/scenario-text.ts';
import { builtInScripts, findBuiltInScript, type LoadedScript, loadScriptFile } from './load.ts';

export type LoadedAny =
  | { readonly kind: 'fleet'; readonly fleet: LoadedScenario }
  | { readonly kind: 'script'; readonly script: LoadedScript };

/** Throws a {@link UserError}: 64 for a name that there is not, 65 with every problem of a file. */
export async function loadAnyScenario(reference: string): Promise<LoadedAny> {
  const { name, variant } = splitVariant(reference);
  if (isFile(name)) {
    const text = await readScenarioText(name);
    if (variant !== undefined || isScript(text, name)) {
      return { kind: 'script', script: await loadScriptFile(name, variant) };
    }
    return { kind: 'fleet', fleet: await loadScenario(name) };
  }
  const file = await findBuiltInScript(name);
  if (file !== undefined) return { kind: 'script', script: await loadScriptFile(file, variant) };
  const fleets = await builtInScenarios();
  if (fleets.includes(name) && variant === undefined) {
    return { kind: 'fleet', fleet: await loadScenario(name) };
  }
  if (fleets.includes(name)) {
    throw new UserError(EXIT.usage, {
      message: `${name} is a fleet, and only scripts have variants`,
      hint: `leave :${variant} out`,
    });
  }
  const near = nearest(name, [...fleets, ...(await builtInScripts())]);
  throw new UserError(EXIT.usage, {
    message: `no built-in scenario is named "${printable(name, 80)}"`,
    hint: near
      ? `did you mean ${near}? A file is named by its path, such as ./mine.yaml`
      : '`doppelfleet list` shows the names; a file is named by its path, such as ./mine.yaml',
  });
}

/** Whether a reference names a file, rather than a built-in scenario. */
export function isFile(reference: string): boolean {
  return /\.ya?ml$/i.test(reference) || /[/\\]/.test(reference);
}

/** `name:variant`; a colon elsewhere, as after a drive's letter, belongs to the name. */
export function splitVariant(reference: string): {
  readonly name: string;
  readonly variant?: string;
} {
  const [, name, variant] = /^(.+):([a-z0-9]+(?:-[a-z0-9]+)*)$/.exec(reference) ?? [];
  return name === undefined || variant === undefined ? { name: reference } : { name, variant };
}

/** A file that has clients or steps is a script; what is wrong is told by the kind it is. */
function isScript(text: string, file: string): boolean {
  const { value } = parseYaml(text, file);
  if (typeof value !== 'object' || value === null) return false;
  return Object.hasOwn(value, 'steps') || Object.hasOwn(value, 'clients');
}
