/**
 * Both sides, collected, become the report: the clocks are compared, the sessions matched, what each
 * side lacks is filled in and marked, and what they say against each other is counted. Pure.
 */
import type { SideFacts } from './collect.ts';
import { DisagreementTally } from './find-disagreements.ts';
import { JOIN_REPORT_VERSION, type JoinReport, type JoinSource } from './join-report.ts';
import { judge, type Matched } from './judge.ts';
import { type AmbiguousGroup, matchSides } from './match.ts';
import { reportOneSided } from './one-sided.ts';
import { clockOf, describeClock, type PairClock } from './pair-clock.ts';
import type { SideSession } from './side-session.ts';
import { type ChosenSides, chooseSides } from './sides.ts';

export function joinSides(sides: readonly SideFacts[], sources: readonly JoinSource[]): JoinReport {
  const chosen = chooseSides(
    sides,
    sources.map(({ file }) => file),
  );
  const { clocks, matches, ambiguous } = matchAll(chosen);
  const tally = new DisagreementTally();
  const matched = new Set(matches.flatMap(({ match }) => [match.device, match.broker]));
  const joined = judge(matches, { chosen, sources, clocks, matched, tally });
  const rest = reportOneSided({ chosen, sources, clocks, matched, ambiguous, tally });
  const count = (these: readonly SideFacts[], kind: SideSession['kind']): number =>
    these.reduce(
      (sum, { sessions }) => sum + sessions.filter((one) => one.kind === kind).length,
      0,
    );
  const joinedBy = { port: 0, 'client-id': 0, time: 0 };
  for (const one of joined) joinedBy[one.joinedBy] += 1;
  return {
    joinVersion: JOIN_REPORT_VERSION,
    sources,
    clocks: clocks.map(describeClock),
    counts: {
      joined: joinedBy,
      deviceSessions: count(chosen.devices, 'session'),
      brokerSessions: count(chosen.brokers, 'session'),
      deviceRefusals: count(chosen.devices, 'refused'),
      brokerRefusals: count(chosen.brokers, 'refused'),
      deviceOnly: rest.deviceOnly.length,
      brokerOnly: rest.brokerOnly.length,
      ambiguous: ambiguous.reduce((sum, one) => sum + one.device.length + one.broker.length, 0),
      outside: rest.outside,
      certificatesFromDevice: joined.filter((one) => one.certificateFrom !== undefined).length,
    },
    disagreements: tally.result(),
    remarks: [...chosen.remarks, ...remarksOf(chosen, sources, clocks)],
    joined,
    deviceOnly: rest.deviceOnly,
    brokerOnly: rest.brokerOnly,
    ambiguous,
  };
}

/** Pair after pair of sources; a session that is joined is gone for the next pair. */
function matchAll({ pairs }: ChosenSides): {
  readonly clocks: readonly PairClock[];
  readonly matches: readonly Matched[];
  readonly ambiguous: readonly AmbiguousGroup[];
} {
  const gone = new Set<SideSession>();
  const clocks: PairClock[] = [];
  const matches: Matched[] = [];
  let ambiguous: AmbiguousGroup[] = [];
  for (const pair of pairs) {
    const clock = clockOf(pair);
    clocks.push(clock);
    const free = ({ sessions }: SideFacts): readonly SideSession[] =>
      gone.size === 0 ? sessions : sessions.filter((session) => !gone.has(session));
    const found = matchSides(free(pair.device), free(pair.broker), clock);
    for (const match of found.matches) {
      matches.push({ match, clock });
      if (pairs.length > 1) gone.add(match.device).add(match.broker);
    }
    ambiguous.push(...found.ambiguous);
  }
  if (pairs.length > 1) ambiguous = stillOpen(ambiguous, gone);
  return { clocks, matches, ambiguous };
}

function stillOpen(
  groups: readonly AmbiguousGroup[],
  gone: ReadonlySet<SideSession>,
): AmbiguousGroup[] {
  const seen = new Set<SideSession>(gone);
  const open: AmbiguousGroup[] = [];
  for (const group of groups) {
    const device = group.device.filter((session) => !seen.has(session));
    const broker = group.broker.filter((session) => !seen.has(session));
    if (device.length === 0 || broker.length === 0) continue;
    for (const session of [...device, ...broker]) seen.add(session);
    open.push({ device, broker });
  }
  return open;
}

function remarksOf(
  { devices, brokers }: ChosenSides,
  sources: readonly JoinSource[],
  clocks: readonly PairClock[],
): readonly string[] {
  const remarks: string[] = [];
  if (devices.length === 0) remarks.push("no source has the devices' side: nothing can be joined");
  if (brokers.length === 0) remarks.push("no source has the broker's side: nothing can be joined");
  if (clocks.some(({ offset }) => offset.doubtful)) {
    remarks.push('the clocks could be apart by another offset nearly as well: joins may be wrong');
  }
  if (
    clocks.some(
      ({ pair, offset }) => pair.device.source !== pair.broker.source && offset.pairs === 0,
    )
  ) {
    remarks.push('the sides have no connection in common: the clocks were taken as equal');
  }
  if (clocks.some(({ pair }) => pair.broker.precisionMs > 1)) {
    remarks.push("the broker's stamps count whole seconds: its times are good to half of one");
  }
  if (sources.some(({ complete, unreadableLines }) => !complete || unreadableLines > 0)) {
    remarks.push(
      'evidence was cut short or has lines that could not be read: a record that seems missing may be there',
    );
  }
  return remarks;
}
