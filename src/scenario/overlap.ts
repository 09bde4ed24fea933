/**
 * Whether two claims meet: surely, perhaps, or never. Devices that come and go meet surely only if
 * one stays longer than the other is away and there is time enough; everything else that is
 * possible is left to chance. Pure.
 */
import { OVERLAP_TOLERANCE_MS, PRESENCE_MARGIN_MS } from '../core/limits.ts';
import type { Claim } from './claims.ts';

const MARGIN = PRESENCE_MARGIN_MS;
/** Two sessions that overlap for so long are seen to, whatever the latencies. */
const SEEN_MS = 1.5 * OVERLAP_TOLERANCE_MS;

/** Sessions of the two may exist at one time. */
export function mayMeet(a: Claim, b: Claim): boolean {
  return a.fromMs < b.toMs + MARGIN && b.fromMs < a.toMs + MARGIN;
}

/** At some time both are surely connected, together for at least the margin, undisturbed. */
export function surelyMeet(a: Claim, b: Claim): boolean {
  if (a.sureFromMs > b.sureFromMs) return surelyMeet(b, a);
  const togetherMs = Math.min(a.sureToMs, b.sureToMs) - b.sureFromMs;
  if (togetherMs < MARGIN) return false;
  if (!a.cycle && !b.cycle) return longestMs(togetherMs, a, b) >= SEEN_MS;
  if (a.fight || b.fight) return false;
  if (!a.cycle) return stay(b) >= MARGIN;
  if (stay(a) < MARGIN || stay(b) < MARGIN) return false;
  const missesMs = a.cycle.awayMsMax + 2 * MARGIN;
  if (stay(b) >= missesMs && togetherMs >= missesMs) return true;
  return stay(a) >= away(b) + 2 * MARGIN && togetherMs >= fullTurn(a, b);
}

/**
 * One of the two surely connects while the other is connected. `crowded`: connects with their
 * client ID are throttled, so that one which comes and goes may keep the other out.
 */
export function surelyCollide(a: Claim, b: Claim, crowded: boolean): boolean {
  if (a.sureFromMs > b.sureFromMs) return surelyCollide(b, a, crowded);
  const togetherMs = Math.min(a.sureToMs, b.sureToMs) - b.sureFromMs;
  if (!a.cycle && !b.cycle) return togetherMs >= MARGIN || comesUpon(a, b, crowded);
  if (crowded) return false;
  if (!a.cycle) return comesUpon(a, b, crowded) || togetherMs >= away(b) + 2 * MARGIN;
  const missesMs = a.cycle.awayMsMax + MARGIN;
  if (stay(b) >= missesMs && togetherMs >= missesMs + MARGIN) return true;
  return stay(a) >= away(b) + MARGIN && togetherMs >= fullTurn(a, b);
}

/** The later one connects while the earlier one is there, however short it stays itself. */
function comesUpon(a: Claim, b: Claim, crowded: boolean): boolean {
  return !crowded && b.fromMs >= a.fromMs + MARGIN && b.fromMs <= a.sureToMs - MARGIN;
}

/**
 * What fights for their client IDs leave of `togetherMs` in one piece, at least: within the shortest
 * delay each device connects at most once, and so many cuts leave so many pieces and one more.
 */
function longestMs(togetherMs: number, a: Claim, b: Claim): number {
  const delays = [a, b].map(({ fight }) => fight?.retryMsMin ?? Number.POSITIVE_INFINITY);
  const cuts = (a.fight?.devices ?? 0) + (b.fight?.devices ?? 0);
  return Math.min(togetherMs, ...delays) / (cuts + 1);
}

/** Long enough for `a` to come anew and for `b` to find it. */
function fullTurn(a: Claim, b: Claim): number {
  return (a.cycle?.stayMsMax ?? 0) + away(a) + away(b) + 2 * MARGIN;
}

function stay({ cycle }: Claim): number {
  return cycle?.stayMsMin ?? Number.POSITIVE_INFINITY;
}

function away({ cycle }: Claim): number {
  return cycle?.awayMsMax ?? 0;
}
