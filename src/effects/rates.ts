/** How much comes within a span of time: the busiest, and who exceeds a limit. */

/** Most of the instants that any half-open span of `spanMs` holds; they need no order. */
export function busiest(instants: readonly number[], spanMs: number): number {
  const sorted = Float64Array.from(instants).sort();
  let most = 0;
  let first = 0;
  sorted.forEach((instant, place) => {
    while ((sorted[first] ?? instant) <= instant - spanMs) first++;
    most = Math.max(most, place - first + 1);
  });
  return most;
}

/** Keys of which a span of `spanMs` holds more than `max` instants. */
export function keysAbove(
  instants: Iterable<readonly [key: string, at: number]>,
  max: number,
  spanMs: number,
): ReadonlySet<string> {
  const byKey = new Map<string, number[]>();
  for (const [key, at] of instants) {
    const list = byKey.get(key);
    if (list === undefined) byKey.set(key, [at]);
    else list.push(at);
  }
  const above = [...byKey].filter(([, list]) => list.length > max && busiest(list, spanMs) > max);
  return new Set(above.map(([key]) => key));
}
