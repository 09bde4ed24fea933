/** Changes single groups of a scenario and leaves everything else as it is. Pure. */
import type { Group } from '../group-schema.ts';
import type { Scenario } from '../schema.ts';

/**
 * The scenario with `change` applied to the groups `on`, all when left out; undefined when nothing
 * changes. A `change` that gives undefined, or an equal group, changes nothing.
 */
export function changedGroups(
  scenario: Scenario,
  on: readonly string[] | undefined,
  change: (group: Group, name: string) => Group | undefined,
): Scenario | undefined {
  let changed = false;
  const fleet = Object.fromEntries(
    Object.entries(scenario.fleet).map(([name, group]) => {
      const next = on === undefined || on.includes(name) ? change(group, name) : undefined;
      if (next === undefined || isSame(group, next)) return [name, group];
      changed = true;
      return [name, next];
    }),
  );
  return changed ? { ...scenario, fleet } : undefined;
}

/** Equal as data, whatever the order of keys. */
export function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const entries = definedEntries(a);
  const others = new Map(definedEntries(b));
  return (
    entries.length === others.size &&
    entries.every(([key, value]) => others.has(key) && isSame(value, others.get(key)))
  );
}

function definedEntries(value: object): readonly (readonly [string, unknown])[] {
  return Object.entries(value).filter(([, inner]) => inner !== undefined);
}
