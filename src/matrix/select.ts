/**
 * Which cells of a matrix are wanted: patterns on `broker/configuration/scenario`, brokers and MQTT
 * versions. In a pattern `*` stands for any characters, the slash included. Pure.
 */
import type { MqttVersion } from '../core/ids.ts';
import { type CellKey, cellName, configurationName } from './cell.ts';

export interface CellSelection {
  /** A cell is wanted if any of them fits; all are, if there is none. */
  readonly only?: readonly string[];
  readonly brokers?: readonly string[];
  readonly mqttVersions?: readonly MqttVersion[];
}

/** Whether a cell is wanted, for any number of cells. */
export function cellFilter(selection: CellSelection): (key: CellKey) => boolean {
  const { only = [], brokers = [], mqttVersions = [] } = selection;
  const patterns = only.map(globPattern);
  return (key) =>
    (patterns.length === 0 || patterns.some((fits) => fits(key))) &&
    (brokers.length === 0 || brokers.includes(key.broker)) &&
    (mqttVersions.length === 0 || mqttVersions.includes(key.mqttVersion));
}

/** A pattern without the scenario stands for all of its configuration's; likewise for a broker. */
function globPattern(pattern: string): (key: CellKey) => boolean {
  const parts = pattern.split('*');
  return (key) =>
    [cellName(key), configurationName(key), key.broker].some((name) => globFits(parts, name));
}

/** Each part at its first place after the one before: no other choice can do better. */
function globFits(parts: readonly string[], name: string): boolean {
  const [first = '', ...middle] = parts;
  const last = middle.pop();
  if (last === undefined) return name === first;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of middle) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}
