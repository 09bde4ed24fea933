/**
 * One cell of the matrix: a scenario on a configuration in one MQTT version, and what came of it.
 * Plain JSON: results are stored, compared with a baseline and rendered again.
 */
import type { MqttVersion } from '../core/ids.ts';
import type { Outcome } from '../verdict/outcome.ts';

/** What identifies a cell, in the order in which tables are read. */
export interface CellKey {
  readonly broker: string;
  readonly configuration: string;
  /** Name of the scenario, with its variant if it has one: `session-theft:shared-certificate`. */
  readonly scenario: string;
  readonly mqttVersion: MqttVersion;
}

/** One expectation of a cell's scenario. */
export interface CellExpectation {
  readonly text: string;
  readonly outcome: Outcome;
  readonly because: string;
  /** What it means for the user that this is unmet, as a clause without subject «it». */
  readonly risk?: string;
}

export interface CellResult extends CellKey {
  readonly outcome: Outcome;
  /** Why, as one sentence: the first unmet expectation, else the first inconclusive one. */
  readonly because: string;
  readonly expectations: readonly CellExpectation[];
  readonly brokerVersion?: string;
  /** Where the evidence lies, relative to the matrix' folder; absent if nothing was started. */
  readonly folder?: string;
  readonly durationMs: number;
  /** One command that runs this cell alone. */
  readonly reproduce: string;
}

/** `mosquitto/mutual-tls`: the configuration as tables and people name it. */
export function configurationName({
  broker,
  configuration,
}: Pick<CellKey, 'broker' | 'configuration'>): string {
  return `${broker}/${configuration}`;
}

/** `mosquitto/mutual-tls/session-takeover`: what `--only` patterns are held against. */
export function cellName(key: Omit<CellKey, 'mqttVersion'>): string {
  return `${configurationName(key)}/${key.scenario}`;
}

/** A text that is the same for two keys only if they name the same cell. */
export function cellId(key: CellKey): string {
  return JSON.stringify([key.broker, key.configuration, key.scenario, key.mqttVersion]);
}

/** By broker, configuration, scenario and version, in code units: the same order everywhere. */
export function compareCells(a: CellKey, b: CellKey): number {
  for (const field of ['broker', 'configuration', 'scenario', 'mqttVersion'] as const) {
    if (a[field] !== b[field]) return a[field] < b[field] ? -1 : 1;
  }
  return 0;
}
