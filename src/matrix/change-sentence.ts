/**
 * A change of a cell as one sentence that says what it means for the user: the risk in the words of
 * the scenario, not the colour of a cell. Pure.
 */
import type { MqttVersion } from '../core/ids.ts';
import type { BaselineCell, ChangeKind } from './baseline.ts';
import { type CellKey, type CellResult, configurationName } from './cell.ts';

/** An expectation that is, or was, unmet. */
interface Unmet {
  readonly text: string;
  readonly risk?: string;
}

interface Change {
  readonly key: CellKey;
  readonly kind: ChangeKind;
  readonly before: BaselineCell | undefined;
  readonly after: CellResult | undefined;
  readonly appeared: readonly Unmet[];
  readonly ended: readonly Unmet[];
}

/** `mosquitto/own-topics, MQTT 5: after this change <risk> (<scenario>)`. */
export function changeSentence(change: Change): string {
  const { key } = change;
  return `${changePlace(key, [key.mqttVersion])}: ${predicate(change)}`;
}

/** What a sentence begins with: `mosquitto/own-topics, MQTT 5`. */
export function changePlace(
  key: Omit<CellKey, 'mqttVersion'>,
  versions: readonly MqttVersion[],
): string {
  return `${configurationName(key)}, MQTT ${versions.join(' and ')}`;
}

function predicate({ key, kind, before, after, appeared, ended }: Change): string {
  const { scenario } = key;
  switch (kind) {
    case 'worse':
      return `after this change ${clause(appeared) ?? unmetFor(after)} (${scenario})`;
    case 'better':
      return `after this change ${mended(ended)} (${scenario})`;
    case 'shifted': {
      const parts = [clause(appeared), ended.length > 0 ? mended(ended) : undefined];
      return `after this change ${parts.filter((part) => part !== undefined).join('; and ')} (${scenario})`;
    }
    case 'lost':
      return `${scenario} was ${before?.outcome} and can't be told any more: ${after?.because ?? ''}`;
    case 'gained':
      return after?.outcome === 'unmet'
        ? `${scenario} could not be told before; now ${clause(appeared) ?? unmetFor(after)}`
        : `${scenario} could not be told before; now it is met`;
    case 'new':
      return after?.outcome === 'unmet'
        ? `${scenario} is not in the baseline; ${clause(appeared) ?? unmetFor(after)}`
        : `${scenario} is not in the baseline; it is ${after?.outcome}`;
    case 'vanished':
      return `${scenario} is no longer part of the matrix; it was ${before?.outcome}`;
  }
}

function clause(unmet: readonly Unmet[]): string | undefined {
  const [first] = unmet;
  if (first === undefined) return undefined;
  return `${first.risk ?? `this no longer holds: ${first.text}`}${more(unmet)}`;
}

function mended(unmet: readonly Unmet[]): string {
  const [first] = unmet;
  if (first === undefined) return 'all is met';
  const what = first.risk === undefined ? `this holds: ${first.text}` : undefined;
  return `${what ?? `it no longer happens that ${first.risk}`}${more(unmet)}`;
}

function more({ length }: readonly Unmet[]): string {
  return length > 1 ? `, and ${length - 1} more` : '';
}

function unmetFor(after: CellResult | undefined): string {
  return `it is unmet: ${after?.because ?? ''}`;
}
