/**
 * Plays a script: one step after the other, each judged as it ends. A judged step that fails does
 * not stop it, since what comes after may be worse; a failed control does, since nothing that comes
 * after would mean anything.
 */
import { mergeOutcomes, type Outcome } from '../verdict/outcome.ts';
import { describeStep, riskWords } from './describe.ts';
import type { LoadedScript } from './load.ts';
import type { ScriptResult, StepResult } from './result.ts';
import { type Step, verbOf } from './step-schema.ts';
import { VERB_ACTIONS } from './verbs/registry.ts';
import type { Seen } from './verbs/verb.ts';
import { type ScriptPorts, World } from './world.ts';

export interface PlayObserver {
  step?(result: StepResult): void;
}

/** Plays `loaded`; its clients are disconnected when it returns. Rejects only when aborted. */
export async function playScript(
  { script, lines }: LoadedScript,
  ports: ScriptPorts,
  observer: PlayObserver = {},
): Promise<ScriptResult> {
  const world = new World(script, ports);
  const steps: StepResult[] = [];
  try {
    for (const [index, step] of script.steps.entries()) {
      if (!applies(step, ports)) continue;
      const place = { step: index + 1, ...(lines[index] ? { line: lines[index] } : {}) };
      const done = await playStep(step, world, place, (result) => {
        steps.push(result);
        observer.step?.(result);
      });
      if (!done) break;
    }
  } finally {
    await world.close();
  }
  return judgeSteps(steps);
}

type Place = Pick<StepResult, 'step' | 'line'>;

/** False when the script must stop. */
async function playStep(
  step: Step,
  world: World,
  place: Place,
  tell: (result: StepResult) => void,
): Promise<boolean> {
  const verb = verbOf(step);
  if (verb === 'repeat') {
    for (let time = 0; time < (step.repeat?.times ?? 0); time++) {
      for (const inner of step.repeat?.steps ?? []) {
        if (!applies(inner, world.ports)) continue;
        if (!(await playStep(inner, world, place, tell))) return false;
      }
    }
    return true;
  }
  const { ports } = world;
  ports.signal.throwIfAborted();
  const at = ports.now();
  const seen = await VERB_ACTIONS[verb](step, world);
  ports.signal.throwIfAborted();
  const result: StepResult = {
    ...place,
    text: describeStep(step),
    at: Math.round(at),
    elapsedMs: seen.elapsedMs ?? Math.round(ports.now() - at),
    role: step.risk === undefined ? 'control' : 'judged',
    outcome: outcomeOf(seen, step),
    because: seen.because,
    ...(step.risk === undefined ? {} : { risk: riskWords(step.risk, world.script) }),
  };
  tell(result);
  return result.role === 'judged' || result.outcome === 'met';
}

function applies({ when }: Step, { protocolVersion }: ScriptPorts): boolean {
  return when === undefined || (when.mqtt === '5') === (protocolVersion === 5);
}

function outcomeOf({ holds }: Seen, { risk }: Step): Outcome {
  if (holds === true) return 'met';
  return holds === undefined || risk === undefined ? 'inconclusive' : 'unmet';
}

/** Unmet beats a failed control beats met; without a judged step nothing was shown. */
export function judgeSteps(steps: readonly StepResult[]): ScriptResult {
  const judged = steps.filter((step) => step.role === 'judged');
  const broken = steps.filter((step) => step.outcome === 'inconclusive');
  const outcome = mergeOutcomes([...judged, ...broken].map((step) => step.outcome));
  const told =
    steps.find((step) => step.outcome === 'unmet') ?? broken[0] ?? judged.at(-1) ?? steps.at(-1);
  if (judged.length === 0 && broken.length === 0) {
    return { steps, outcome, because: 'no step of this script is about this MQTT version' };
  }
  const control = told?.role === 'control' ? ' (a control)' : '';
  const because =
    told === undefined ? 'nothing was played' : `${told.text}${control}: ${told.because}`;
  return { steps, outcome, because };
}
