/**
 * Pairs the moments of two sides that share a key, one to one. First those that are each other's
 * nearest by a clear margin; then, among the rest, groups with as many on either side, in their
 * order. What is left over could be paired in more than one way: that is said, never guessed. Pure.
 */

/** Something with the moment that counts for pairing, in ms on a clock that both sides share. */
export interface Timed<T> {
  readonly at: number;
  readonly of: T;
}

export interface PairLimits {
  /** Moments further apart are no pair. */
  readonly toleranceMs: number;
  /** The second nearest must be further away than the nearest by more than this. */
  readonly marginMs: number;
}

export interface Pairing<T> {
  readonly pairs: readonly (readonly [left: T, right: T])[];
  /** Groups of which each member could be paired with another of the group. */
  readonly ambiguous: readonly { readonly left: readonly T[]; readonly right: readonly T[] }[];
}

export function pairUp<T>(
  left: readonly Timed<T>[],
  right: readonly Timed<T>[],
  limits: PairLimits,
): Pairing<T> {
  const lefts = inOrder(left);
  const rights = inOrder(right);
  const nearestRight = lefts.map(({ at }) => nearest(rights, at));
  const nearestLeft = rights.map(({ at }) => nearest(lefts, at));
  const pairs: [T, T][] = [];
  const taken = { left: new Set<number>(), right: new Set<number>() };
  for (const [i, { at, of }] of lefts.entries()) {
    const found = nearestRight[i];
    const other = found === undefined ? undefined : rights[found.place];
    if (found === undefined || other === undefined) continue;
    const back = nearestLeft[found.place];
    const distance = Math.abs(other.at - at);
    const second = Math.min(found.second, back?.second ?? Number.POSITIVE_INFINITY);
    if (distance > limits.toleranceMs || back?.place !== i) continue;
    if (second - distance <= limits.marginMs) continue;
    pairs.push([of, other.of]);
    taken.left.add(i);
    taken.right.add(found.place);
  }
  const rest = pairInOrder(
    lefts.filter((_, i) => !taken.left.has(i)),
    rights.filter((_, i) => !taken.right.has(i)),
    limits.toleranceMs,
  );
  return { pairs: [...pairs, ...rest.pairs], ambiguous: rest.ambiguous };
}

function inOrder<T>(all: readonly Timed<T>[]): readonly Timed<T>[] {
  return all.length < 2 ? all : [...all].sort((a, b) => a.at - b.at);
}

/** The place of the nearest, and how far away the second nearest is. */
function nearest<T>(
  sorted: readonly Timed<T>[],
  at: number,
): { readonly place: number; readonly second: number } | undefined {
  if (sorted.length === 0) return undefined;
  const after = firstFrom(sorted, at);
  const distance = (place: number): number => {
    const one = sorted[place];
    return one === undefined ? Number.POSITIVE_INFINITY : Math.abs(one.at - at);
  };
  const place = distance(after - 1) <= distance(after) ? after - 1 : after;
  return { place, second: Math.min(distance(place - 1), distance(place + 1)) };
}

/** The first place whose moment is not before `at`. */
function firstFrom<T>(sorted: readonly Timed<T>[], at: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle]?.at ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Groups that are linked by moments within the tolerance, each paired in order or not at all. */
function pairInOrder<T>(
  lefts: readonly Timed<T>[],
  rights: readonly Timed<T>[],
  toleranceMs: number,
): Pairing<T> {
  const pairs: [T, T][] = [];
  const ambiguous: { left: T[]; right: T[] }[] = [];
  let group: { left: Timed<T>[]; from: number; to: number } | undefined;
  const finish = (): void => {
    if (group === undefined) return;
    const { left } = group;
    const right = rights.slice(group.from, group.to);
    const fits =
      left.length === right.length &&
      left.every(({ at }, i) => Math.abs((right[i]?.at ?? at) - at) <= toleranceMs);
    if (fits) {
      for (const [i, { of }] of left.entries()) {
        const other = right[i];
        if (other !== undefined) pairs.push([of, other.of]);
      }
    } else ambiguous.push({ left: left.map(({ of }) => of), right: right.map(({ of }) => of) });
    group = undefined;
  };
  let to = 0;
  for (const one of lefts) {
    const from = firstFrom(rights, one.at - toleranceMs);
    to = Math.max(to, from);
    while ((rights[to]?.at ?? Number.POSITIVE_INFINITY) <= one.at + toleranceMs) to++;
    if (to === from) continue;
    if (group !== undefined && from >= group.to) finish();
    if (group === undefined) group = { left: [one], from, to };
    else {
      group.left.push(one);
      group.to = Math.max(group.to, to);
    }
  }
  finish();
  return { pairs, ambiguous };
}
