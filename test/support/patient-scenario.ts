/**
 * A built-in scenario for a busy machine: how late our own connects are is a question of the machine
 * and not of the code, and no test may depend on it.
 */
import { type LoadedScenario, loadScenario } from '../../src/index.ts';

export async function patientScenario(name: string): Promise<LoadedScenario> {
  const loaded = await loadScenario(name);
  const { scenario } = loaded;
  const limits = { ...scenario.limits, latenessP99: 60_000 };
  return { ...loaded, scenario: { ...scenario, limits } };
}
