/** The effects as rows with labels and units: the one list that terminals, Markdown and pages show. */
import type { FixEffects } from './fix-effects.ts';
import { THEFT_SCRIPTS } from './theft-scripts.ts';

export type EffectUnit = 'count' | 'ms' | 'per-second' | 'per-minute' | 'share' | 'yes-no';

export interface EffectRow {
  readonly id: string;
  readonly label: string;
  readonly unit: EffectUnit;
  /** Undefined: not measured; false and 0 are measured. */
  readonly value: number | boolean | undefined;
  /** One sentence that limits or explains the value. */
  readonly note?: string;
  /** Whether more of it is worse, better, or neither. */
  readonly more: 'worse' | 'better' | 'neither';
}

/** Every row, in the order in which a reader asks; the same rows for every run. */
export function effectRows(effects: FixEffects): readonly EffectRow[] {
  return [
    ...loadRows(effects),
    ...serviceRows(effects),
    ...messageRows(effects),
    ...sessionRows(effects),
    ...maskRows(effects),
    ...theftRows(effects),
  ];
}

function loadRows({ takeovers, connects, quietAfterMs, brokerCpuMs }: FixEffects) {
  return [
    row('takeovers-per-minute', 'takeovers per minute', 'per-minute', takeovers.perMinute),
    row('last-takeover', 'last takeover after', 'ms', takeovers.lastAfterMs, { more: 'neither' }),
    row('connects-per-second', 'connects per second', 'per-second', connects.perSecond),
    row('connects-peak', 'connects in the busiest second', 'count', connects.perSecondMax),
    row('quiet-after', 'quiet after the faults', 'ms', quietAfterMs),
    row('broker-cpu', "CPU time of the broker's process", 'ms', brokerCpuMs, { more: 'neither' }),
  ];
}

function serviceRows({ availability, recovery }: FixEffects) {
  const lowest = availability === undefined ? undefined : `it is ${availability.worst.device}`;
  return [
    row('availability', 'devices connected, of the time wanted', 'share', availability?.mean, {
      more: 'better',
    }),
    row('availability-worst', 'the worst device', 'share', availability?.worst.share, {
      more: 'better',
      note: lowest,
    }),
    row('connections-lost', 'connections lost unwanted', 'count', recovery.lost),
    row('recovery-median', 'back after a loss, median', 'ms', recovery.p50Ms),
    row('recovery-max', 'back after a loss, longest', 'ms', recovery.maxMs),
    row('not-back', 'lost and not back at the end', 'count', recovery.notBack),
  ];
}

function messageRows({ messages: { deliveries, unacknowledged } }: FixEffects) {
  const limit =
    deliveries === undefined || deliveries.notCounted === 0
      ? undefined
      : `at least: ${deliveries.notCounted} deliveries beyond the ledger were not counted`;
  return [
    row('messages-lost', 'messages lost', 'count', deliveries?.lost, { note: limit }),
    row('messages-duplicated', 'messages delivered twice', 'count', deliveries?.duplicated, {
      note: limit,
    }),
    row('publishes-unacknowledged', 'publishes without PUBACK', 'count', unacknowledged),
  ];
}

function sessionRows({ sessions }: FixEffects) {
  return [
    row('sessions-lost', 'kept sessions lost', 'count', sessions.lost),
    row('sessions-left-behind', 'kept sessions left behind', 'count', sessions.leftBehind),
    row(
      'sessions-left-by-change',
      'left behind by the change',
      'count',
      sessions.leftByChange ?? 0,
      {
        note: 'kept sessions under the client IDs from before the fix; what they queue is lost',
      },
    ),
  ];
}

function maskRows({ banCounter, certificatesShared, clientIds }: FixEffects) {
  const { connectsMax, windowMs } = banCounter;
  const counter = `more than ${connectsMax} connects in ${windowMs / 1000} s`;
  return [
    row('ban-client-ids', 'client IDs a flapping ban sees', 'count', banCounter.clientIds, {
      note: counter,
      more: 'neither',
    }),
    row('ban-hidden', 'devices that defeat a flapping ban', 'count', banCounter.hidden, {
      note: `${counter}, spread over several client IDs`,
    }),
    row('certificates-shared', 'certificates really shared', 'count', certificatesShared.real, {
      note: foundNote(certificatesShared.found),
    }),
    row('client-ids-predictable', 'client IDs one can guess', 'count', clientIds.predictable, {
      note: `of ${clientIds.used} in use; no client ID stops who has learnt it`,
    }),
  ];
}

function theftRows({ sessionTheft }: FixEffects) {
  if (sessionTheft === undefined) return [];
  const { trials, note } = sessionTheft;
  if (trials.length === 0) {
    return [row('session-theft', 'theft of a session possible', 'yes-no', undefined, { note })];
  }
  return trials.map(({ script, possible, because }) =>
    row(`session-theft-${script}`, THEFT_SCRIPTS[script] ?? script, 'yes-no', possible, {
      note: possible === false ? undefined : because,
    }),
  );
}

function foundNote(found: number | undefined): string {
  return found === undefined ? 'the audit did not look' : `the audit found ${found}`;
}

interface Extra {
  readonly note?: string | undefined;
  readonly more?: EffectRow['more'];
}

function row(
  id: string,
  label: string,
  unit: EffectUnit,
  value: EffectRow['value'],
  { note, more = 'worse' }: Extra = {},
): EffectRow {
  return { id, label, unit, value, more, ...(note === undefined ? {} : { note }) };
}
