/**
 * How far two clocks are apart, from the connections that both sides recorded. Pairs whose key
 * (address and client ID, address, client ID) is unique on both sides vote with the difference of
 * their stamps; where there are too few, all pairs of equal keys do. The true pairs agree to within
 * the latency of a connect, all others lie scattered: the densest window wins, its median counts.
 */
import { CLOCK_VOTES_MAX, CLOCK_VOTES_OF_KEY_MAX, JOIN_TOLERANCE_MS } from '../../core/limits.ts';
import type { Timed } from './pair-up.ts';
import type { SideSession } from './side-session.ts';

export interface ClockOffset {
  /** Added to the broker's stamps it gives the device's clock, in ms. */
  readonly ms: number;
  /** 95 of 100 of the pairs agree with it to within so many ms. */
  readonly spreadMs: number;
  /** On how many pairs it rests. */
  readonly pairs: number;
  /** By what they were pairs; `none`: nothing was common, and the clocks are taken as equal. */
  readonly basis: 'address' | 'client-id' | 'none';
  /** Pairs are few or disagree, so that another offset is nearly as likely. */
  readonly doubtful: boolean;
}

export interface OffsetOptions {
  /** Both sides were stamped by one clock: only what is plausible then may vote. */
  readonly sameClock: boolean;
  /** How much a stamp may be off because of its precision, in ms; both sides together. */
  readonly coarseMs: number;
}

type Key = (session: SideSession) => string | undefined;

/** Most latencies of connects differ by less… */
const WINDOW_MS = 50;
/** …and those of a busy machine by no more. */
const AGREED_MS = 250;
/** Fewer pairs may agree by chance; of keys that are not unique, some always do. */
const UNIQUE_PAIRS_MIN = 2;
const PAIRS_MIN = 3;

interface Tier {
  readonly basis: 'address' | 'client-id';
  readonly key: Key;
  /** Only keys that either side has once. */
  readonly unique: boolean;
  readonly pairsMin: number;
}

const KEYS: readonly Pick<Tier, 'basis' | 'key'>[] = [
  { basis: 'address', key: addressAndClient },
  { basis: 'address', key: addressOf },
  { basis: 'client-id', key: ({ clientId }) => (clientId === '' ? undefined : clientId) },
];

/** From the surest; the first on which enough pairs agree counts. */
const TIERS: readonly Tier[] = [
  ...KEYS.map((tier) => ({ ...tier, unique: true, pairsMin: UNIQUE_PAIRS_MIN })),
  ...KEYS.map((tier) => ({ ...tier, unique: false, pairsMin: PAIRS_MIN })),
];

/** `127.0.0.1|40000`; undefined where one of the two is missing. */
export function addressOf({ ip, port }: SideSession): string | undefined {
  return ip === undefined || port === undefined ? undefined : `${ip}|${port}`;
}

/** {@link addressOf} with the client ID behind it, which may hold anything. */
export function addressAndClient(session: SideSession): string | undefined {
  const address = addressOf(session);
  return address === undefined ? undefined : `${address}|${session.clientId}`;
}

export function estimateOffset(
  devices: readonly Timed<SideSession>[],
  brokers: readonly Timed<SideSession>[],
  options: OffsetOptions,
): ClockOffset {
  let best: ClockOffset | undefined;
  for (const { basis, key, unique, pairsMin } of TIERS) {
    const votes = votesOf(devices, brokers, key, unique, options);
    const found = consensus(votes, options.coarseMs);
    if (found === undefined) continue;
    const agreed = unique ? found.pairs * 2 >= votes.length : !found.doubtful;
    if (agreed && found.pairs >= pairsMin) return { ...found, basis };
    if (found.pairs > (best?.pairs ?? 0)) best = { ...found, basis, doubtful: !agreed };
  }
  // Of one clock it is known that it does not differ from itself: chance pairs don't change that.
  const plausible = !options.sameClock || Math.abs(best?.ms ?? 0) <= AGREED_MS + options.coarseMs;
  if (best !== undefined && plausible) return best;
  return { ms: 0, spreadMs: 0, pairs: 0, basis: 'none', doubtful: false };
}

/** Differences device − broker of the pairs with equal keys. */
function votesOf(
  devices: readonly Timed<SideSession>[],
  brokers: readonly Timed<SideSession>[],
  key: Key,
  unique: boolean,
  { sameClock, coarseMs }: OffsetOptions,
): number[] {
  const votes: number[] = [];
  const theirs = grouped(brokers, key);
  for (const [name, ours] of grouped(devices, key)) {
    const others = theirs.get(name) ?? [];
    if (unique && (ours.length > 1 || others.length > 1)) continue;
    const left = ours.slice(0, Math.max(1, Math.floor(CLOCK_VOTES_OF_KEY_MAX / others.length)));
    for (const device of left) {
      for (const broker of others.slice(0, CLOCK_VOTES_OF_KEY_MAX)) {
        const difference = device.at - broker.at;
        if (sameClock && Math.abs(difference) > JOIN_TOLERANCE_MS + coarseMs) continue;
        votes.push(difference);
      }
    }
    if (votes.length > CLOCK_VOTES_MAX) break;
  }
  return votes;
}

/** Times by key, without those that have none. */
export function grouped(
  all: readonly Timed<SideSession>[],
  key: Key,
): Map<string, Timed<SideSession>[]> {
  const groups = new Map<string, Timed<SideSession>[]>();
  for (const one of all) {
    const name = key(one.of);
    if (name === undefined) continue;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [one]);
    else group.push(one);
  }
  return groups;
}

/**
 * The median of the densest window, and what lies around it; of windows as dense, the one nearest to
 * no difference. `doubtful` if a window elsewhere has nearly as many votes.
 */
function consensus(votes: number[], coarseMs: number) {
  const sorted = votes.sort((a, b) => a - b);
  const windowMs = WINDOW_MS + 2 * coarseMs;
  const best = densest(sorted, windowMs);
  if (best.size === 0) return undefined;
  // Without a negative zero, which JSON has not.
  const ms = Math.round(best.middle) + 0;
  const far = AGREED_MS + coarseMs;
  const inside: number[] = [];
  for (const vote of sorted) if (Math.abs(vote - ms) <= far) inside.push(Math.abs(vote - ms));
  inside.sort((a, b) => a - b);
  const spreadMs = Math.round(inside[Math.ceil(inside.length * 0.95) - 1] ?? 0);
  const rival = densest(
    sorted.filter((vote) => Math.abs(vote - ms) > far),
    windowMs,
  );
  return { ms, spreadMs, pairs: inside.length, doubtful: rival.size * 10 > best.size * 9 };
}

function densest(sorted: readonly number[], windowMs: number) {
  let best = { size: 0, middle: 0 };
  let start = 0;
  for (let end = 1; end <= sorted.length; end++) {
    while ((sorted[end - 1] ?? 0) - (sorted[start] ?? 0) > windowMs) start++;
    const size = end - start;
    if (size < best.size) continue;
    const half = (start + end - 1) / 2;
    const middle = ((sorted[Math.floor(half)] ?? 0) + (sorted[Math.ceil(half)] ?? 0)) / 2;
    if (size > best.size || Math.abs(middle) < Math.abs(best.middle)) best = { size, middle };
  }
  return best;
}
