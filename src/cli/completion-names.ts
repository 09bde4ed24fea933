/**
 * Names that the shell's completion offers besides commands and options: scenarios, scripts,
 * brokers, fixes. They are choices only while a completion is asked for, since files and URLs are
 * allowed as well.
 */
import { BROKERS, builtInScenarios, builtInScripts, FIXES } from '../index.ts';

/** Names by the option or positional that they stand for. */
export type CompletionNames = Readonly<Record<string, readonly string[]>>;

/** Empty unless these arguments are the shell asking what fits. */
export async function completionNames(argv: readonly string[]): Promise<CompletionNames> {
  if (!argv.includes('--get-yargs-completions')) return {};
  const scenarios = [...(await builtInScenarios()), ...(await builtInScripts())];
  return { scenario: scenarios, broker: Object.keys(BROKERS), fix: Object.keys(FIXES) };
}
