/**
 * Pairs of a secure and an insecure configuration. A pair holds if the secure side is met and the
 * insecure one unmet: then the scenario can tell them apart, and each is as its name says. Pure.
 */
import type { MqttVersion } from '../core/ids.ts';
import { mergeOutcomes, type Outcome } from '../verdict/outcome.ts';
import { type CellKey, type CellResult, cellId } from './cell.ts';

export type PairSide = Omit<CellKey, 'mqttVersion'>;

export interface PairPlan {
  /** What it is about, such as `R1`. */
  readonly requirement: string;
  readonly title: string;
  readonly secure: PairSide;
  readonly insecure: PairSide;
  /** Those that both sides can do. */
  readonly versions: readonly MqttVersion[];
}

export interface PairInVersion {
  readonly mqttVersion: MqttVersion;
  readonly secure: Outcome;
  readonly insecure: Outcome;
  readonly outcome: Outcome;
  readonly because: string;
}

export interface PairResult extends PairPlan {
  /** Met: the pair holds in every version. */
  readonly outcome: Outcome;
  readonly because: string;
  readonly results: readonly PairInVersion[];
}

/** What became of the pairs, from the results of their cells. */
export function judgePairs(
  pairs: readonly PairPlan[],
  cells: readonly CellResult[],
): readonly PairResult[] {
  const byId = new Map(cells.map((cell) => [cellId(cell), cell]));
  return pairs.map((pair) => {
    const results = pair.versions.map((mqttVersion) =>
      judgePair(
        mqttVersion,
        byId.get(cellId({ ...pair.secure, mqttVersion })),
        byId.get(cellId({ ...pair.insecure, mqttVersion })),
      ),
    );
    const outcome = mergeOutcomes(results.map((result) => result.outcome));
    const told = results.find((result) => result.outcome === outcome);
    const because = told?.because ?? 'no MQTT version is left in which both sides can be tried';
    return { ...pair, outcome, because, results };
  });
}

function judgePair(
  mqttVersion: MqttVersion,
  secure: CellResult | undefined,
  insecure: CellResult | undefined,
): PairInVersion {
  const outcomes = {
    mqttVersion,
    secure: secure?.outcome ?? 'inconclusive',
    insecure: insecure?.outcome ?? 'inconclusive',
  } as const;
  if (outcomes.secure === 'unmet') {
    const because = `the secure side is unmet: ${secure?.because ?? ''}`;
    return { ...outcomes, outcome: 'unmet', because };
  }
  if (outcomes.insecure === 'met') {
    const because = 'the insecure side is met: the scenario does not tell the two apart';
    return { ...outcomes, outcome: 'unmet', because };
  }
  if (outcomes.secure === 'met' && outcomes.insecure === 'unmet') {
    return { ...outcomes, outcome: 'met', because: 'the secure side is met, the insecure is not' };
  }
  const open = outcomes.secure === 'inconclusive' ? secure : insecure;
  const name = outcomes.secure === 'inconclusive' ? 'secure' : 'insecure';
  const because = `the ${name} side is inconclusive: ${open?.because ?? 'it was not run'}`;
  return { ...outcomes, outcome: 'inconclusive', because };
}

/** Cells that are unmet on purpose: the insecure sides of pairs that hold. */
export function excusedCells(pairs: readonly PairResult[]): ReadonlySet<string> {
  return new Set(
    pairs.flatMap(({ insecure, results }) =>
      results
        .filter(({ outcome }) => outcome === 'met')
        .map(({ mqttVersion }) => cellId({ ...insecure, mqttVersion })),
    ),
  );
}
