/** The clocks of two sides that may hold the same connections, and the moments of both on one. Pure. */
import type { EpochMs } from '../../core/time.ts';
import { type ClockOffset, estimateOffset } from './clock-offset.ts';
import type { SideFacts } from './collect.ts';
import type { JoinClock } from './join-report.ts';
import type { MatchClock } from './match.ts';
import type { Timed } from './pair-up.ts';
import type { SideMoment, SideSession } from './side-session.ts';
import type { SidePair } from './sides.ts';

/** The clocks of a pair, and the moments of both sides on the device's. */
export interface PairClock extends MatchClock {
  readonly pair: SidePair;
}

/** The clocks of a pair of sides: the offset is estimated from what both recorded. */
export function clockOf(pair: SidePair): PairClock {
  const half = (side: SideFacts): number => (side.precisionMs > 1 ? side.precisionMs / 2 : 0);
  const halves = { device: half(pair.device), broker: half(pair.broker) };
  const coarseMs = halves.device + halves.broker;
  const started = (side: SideFacts, halfMs: number): Timed<SideSession>[] =>
    side.sessions.flatMap((session) => {
      const moment = session.start ?? (session.kind === 'refused' ? session.end : undefined);
      return moment === undefined ? [] : [{ at: moment.at + halfMs, of: session }];
    });
  const offset: ClockOffset = estimateOffset(
    started(pair.device, halves.device),
    started(pair.broker, halves.broker),
    { sameClock: pair.device.source === pair.broker.source, coarseMs },
  );
  const time = ({ vantage }: SideSession, { at }: SideMoment): EpochMs =>
    vantage === 'device' ? at + halves.device : at + halves.broker + offset.ms;
  return { pair, offset, coarseMs, time };
}

/** As the report has it. */
export function describeClock({ offset, pair: { device, broker } }: PairClock): JoinClock {
  return {
    ...offset,
    device: device.source,
    broker: broker.source,
    precisionMs: { device: device.precisionMs, broker: broker.precisionMs },
  };
}
