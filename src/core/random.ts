/**
 * Seeded randomness as a value. A {@link RandomState} is one unsigned 32-bit integer; drawing
 * returns the number and the next state, so that a state machine can carry its own randomness.
 * `forkRandom` gives an independent stream for a label: a new consumer never shifts the others.
 */

export type RandomState = number;

/** FNV-1a over UTF-16 code units; stable across versions and machines. */
export function hash32(text: string, start = 0x811c9dc5): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return mix(hash);
}

/** The stream for `label` under `seed`. */
export function forkRandom(seed: number, label: string): RandomState {
  return hash32(label, mix(seed ^ 0x9e3779b9));
}

/** Uniform in [0, 1) with 32 bits, and the state that follows (mulberry32). */
export function nextRandom(state: RandomState): readonly [value: number, next: RandomState] {
  const next = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(next ^ (next >>> 15), next | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return [((t ^ (t >>> 14)) >>> 0) / 2 ** 32, next];
}

function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
