/**
 * Scenarios × configurations × MQTT versions, and what the pairs name: each cell once, in the order
 * of the file. What a broker or a scenario can't do in a version is left out and said so. Pure.
 */
import type { MqttVersion } from '../core/ids.ts';
import { type CellKey, cellId } from './cell.ts';
import type { PairPlan, PairSide } from './pair.ts';

export interface MatrixDefinition {
  readonly versions: readonly MqttVersion[];
  readonly configurations: readonly Pick<CellKey, 'broker' | 'configuration'>[];
  readonly scenarios: readonly string[];
  readonly pairs: readonly PairDefinition[];
  /** The versions that a broker speaks. */
  readonly spoken: (broker: string) => readonly MqttVersion[];
  /** The versions that a scenario is about; every one by default. */
  readonly about?: (scenario: string) => readonly MqttVersion[];
}

export interface PairDefinition extends Omit<PairPlan, 'versions'> {
  /** Those of the matrix by default. */
  readonly versions?: readonly MqttVersion[];
}

export interface ExpandedMatrix {
  readonly cells: readonly CellKey[];
  readonly pairs: readonly PairPlan[];
  /** Cells that are none because the broker does not speak their version. */
  readonly leftOut: readonly CellKey[];
}

/** The cells of a matrix, each once. */
export function expandMatrix(definition: MatrixDefinition): ExpandedMatrix {
  const cells = new Map<string, CellKey>();
  const leftOut = new Map<string, CellKey>();
  const fits = (side: PairSide, version: MqttVersion): boolean => {
    if (!definition.spoken(side.broker).includes(version)) {
      note(leftOut, side, version);
      return false;
    }
    return definition.about?.(side.scenario).includes(version) ?? true;
  };
  for (const configuration of definition.configurations) {
    for (const scenario of definition.scenarios) {
      for (const version of definition.versions) {
        const side = { ...configuration, scenario };
        if (fits(side, version)) note(cells, side, version);
      }
    }
  }
  const pairs = definition.pairs.map(({ versions, ...pair }) => {
    const wanted = (versions ?? definition.versions).filter((version) =>
      // Both are asked, so that each broker that does not speak it is named.
      [pair.secure, pair.insecure].map((side) => fits(side, version)).every(Boolean),
    );
    for (const version of wanted) {
      note(cells, pair.secure, version);
      note(cells, pair.insecure, version);
    }
    return { ...pair, versions: wanted };
  });
  return { cells: [...cells.values()], pairs, leftOut: [...leftOut.values()] };
}

function note(keys: Map<string, CellKey>, side: PairSide, mqttVersion: MqttVersion): void {
  const { broker, configuration, scenario } = side;
  const key = { broker, configuration, scenario, mqttVersion };
  keys.set(cellId(key), key);
}

/** What was left out, as sentences. */
export function leftOutNotes({ leftOut }: ExpandedMatrix): readonly string[] {
  const notes = leftOut.map(
    ({ broker, mqttVersion }) =>
      `${broker} does not speak MQTT ${mqttVersion}: its cells in that version are left out`,
  );
  return [...new Set(notes)];
}

/** The part of a matrix whose cells are wanted; of the pairs, those that are wanted on both sides. */
export function selectCells(
  { cells, pairs, leftOut }: ExpandedMatrix,
  wanted: (key: CellKey) => boolean,
): ExpandedMatrix {
  const left = pairs.flatMap((pair) => {
    const versions = pair.versions.filter(
      (mqttVersion) =>
        wanted({ ...pair.secure, mqttVersion }) && wanted({ ...pair.insecure, mqttVersion }),
    );
    return versions.length === 0 && pair.versions.length > 0 ? [] : [{ ...pair, versions }];
  });
  return { cells: cells.filter(wanted), pairs: left, leftOut: leftOut.filter(wanted) };
}
