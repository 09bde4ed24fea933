/** Matches become joined sessions: with the device's certificate where the broker logged none. Pure. */

import type { SideFacts } from './collect.ts';
import type { DisagreementTally } from './find-disagreements.ts';
import type { JoinedSession, JoinSource } from './join-report.ts';
import type { Match } from './match.ts';
import type { PairClock } from './pair-clock.ts';
import { Rivals } from './rivals.ts';
import { disagreementsOf } from './rules.ts';
import type { SideMoment, SideSession } from './side-session.ts';
import type { ChosenSides } from './sides.ts';

/** A match with the clocks of the two sources that it is from. */
export interface Matched {
  readonly match: Match;
  readonly clock: PairClock;
}

export interface Judging {
  readonly chosen: ChosenSides;
  readonly sources: readonly JoinSource[];
  readonly clocks: readonly PairClock[];
  readonly matched: ReadonlySet<SideSession>;
  readonly tally: DisagreementTally;
}

/** Fills in what one side lacks, marked so, and counts what both say against each other. */
export function judge(matches: readonly Matched[], judging: Judging): readonly JoinedSession[] {
  const { sources, tally } = judging;
  const rivals = new Rivals();
  for (const { match, clock } of matches) {
    if (match.device.start !== undefined) {
      rivals.add(match.broker.clientId, clock.time(match.device, match.device.start));
    }
  }
  for (const { device, broker } of judging.chosen.pairs)
    addUnmatched(rivals, device, broker, judging);
  return matches.map(({ match, clock }) => {
    const { device, broker, joinedBy } = match;
    const one = joinedSession(match, clock.offset.ms);
    const time = (session: SideSession, moment: SideMoment | undefined) =>
      moment === undefined ? undefined : clock.time(session, moment);
    const startedAt = time(device, device.start) ?? Number.NEGATIVE_INFINITY;
    const joint = {
      ...one,
      deviceEndsAt: time(device, device.end),
      brokerEndsAt: time(broker, broker.end),
      uncertaintyMs: 2 * clock.offset.spreadMs + clock.coarseMs,
      brokerTo: (sources[broker.source]?.to ?? 0) + clock.offset.ms,
      rivalBetween: (from: number, to: number) =>
        rivals.between(broker.clientId, Math.max(from, startedAt + 1), to),
    };
    for (const found of disagreementsOf(joint)) {
      // A refusal that is tied by time alone may be another's.
      if (joinedBy === 'time' && found.kind !== 'refusal-nameless') continue;
      tally.add({ ...found, device, broker });
    }
    return one;
  });
}

/** One-sided sessions evict as well as others. */
function addUnmatched(
  rivals: Rivals,
  device: SideFacts,
  broker: SideFacts,
  { clocks, matched }: Judging,
): void {
  const clock = clocks.find(({ pair }) => pair.device === device && pair.broker === broker);
  if (clock === undefined) return;
  for (const session of [...device.sessions, ...broker.sessions]) {
    if (session.start === undefined || matched.has(session)) continue;
    rivals.add(session.clientId, clock.time(session, session.start));
  }
}

function joinedSession({ device, broker, joinedBy }: Match, offsetMs: number): JoinedSession {
  const from = `device, joined by ${joinedBy}` as const;
  const lacks = device.certificateId !== undefined && broker.certificateId === undefined;
  const nameless = device.principal !== undefined && broker.principal === undefined;
  return {
    device,
    broker,
    joinedBy,
    offsetMs,
    ...(lacks && joinedBy !== 'time' ? { certificateFrom: from } : {}),
    ...(nameless && joinedBy !== 'time' ? { principalFrom: from } : {}),
  };
}
