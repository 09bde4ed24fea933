/**
 * Sessions that only one side recorded. It says something about the other side only where that has
 * records of the time at all, and where the session is not one of several that could be joined in
 * more than one way.
 */
import { JOIN_TOLERANCE_MS } from '../../core/limits.ts';
import type { EpochMs } from '../../core/time.ts';
import type { SideFacts } from './collect.ts';
import type { DisagreementTally } from './find-disagreements.ts';
import type { JoinSource } from './join-report.ts';
import { type AmbiguousGroup, wasAnswered } from './match.ts';
import type { PairClock } from './pair-clock.ts';
import type { SideSession } from './side-session.ts';
import type { ChosenSides } from './sides.ts';

interface OneSidedInput {
  readonly chosen: ChosenSides;
  readonly sources: readonly JoinSource[];
  readonly clocks: readonly PairClock[];
  readonly matched: ReadonlySet<SideSession>;
  readonly ambiguous: readonly AmbiguousGroup[];
  readonly tally: DisagreementTally;
}

export interface OneSided {
  readonly deviceOnly: readonly SideSession[];
  readonly brokerOnly: readonly SideSession[];
  /** How many of these are from a time of which the other side has no records. */
  readonly outside: number;
}

export function reportOneSided(input: OneSidedInput): OneSided {
  const { chosen, matched, tally } = input;
  const doubtful = new Set(input.ambiguous.flatMap(({ device, broker }) => [...device, ...broker]));
  let outside = 0;
  const alone = (sides: readonly SideFacts[]): readonly SideSession[] =>
    sides.flatMap((side) => {
      const seen = others(side, input);
      const lonely = side.sessions.filter(
        (session) => !matched.has(session) && !doubtful.has(session),
      );
      for (const session of lonely) {
        if (!seen(session)) outside += 1;
        else if (session.vantage === 'device') reportDevice(session, tally);
        else reportBroker(session, tally);
      }
      return lonely;
    });
  return { deviceOnly: alone(chosen.devices), brokerOnly: alone(chosen.brokers), outside };
}

function reportDevice(device: SideSession, tally: DisagreementTally): void {
  if (device.kind === 'session') {
    tally.add({ kind: 'broker-missed-session', moment: 'start', device });
  } else if (wasAnswered(device)) {
    tally.add({ kind: 'refusal-not-logged', moment: 'end', device });
  }
}

function reportBroker(broker: SideSession, tally: DisagreementTally): void {
  const kind = broker.kind === 'session' ? 'device-missed-session' : 'refusal-without-device';
  tally.add({ kind, moment: broker.kind === 'session' ? 'start' : 'end', broker });
}

/** Whether some source of the other side has records of the time of a session. */
function others(
  side: SideFacts,
  { clocks, sources }: OneSidedInput,
): (session: SideSession) => boolean {
  const spans = clocks.flatMap(({ pair, offset }): readonly (readonly [EpochMs, EpochMs])[] => {
    const isDevice = pair.device === side;
    if (!isDevice && pair.broker !== side) return [];
    const { from, to } = sources[(isDevice ? pair.broker : pair.device).source] ?? {};
    if (from === undefined || to === undefined) return [];
    const shift = isDevice ? offset.ms : -offset.ms;
    return [[from + shift - JOIN_TOLERANCE_MS, to + shift + JOIN_TOLERANCE_MS]];
  });
  return ({ start, end }) => {
    const at = (start ?? end)?.at ?? Number.NaN;
    return spans.some(([from, to]) => at >= from && at <= to);
  };
}
