/**
 * Days and times of day in a time zone, with its changes of daylight saving time. A day is a whole
 * number: days since 1970-01-01 in the zone's own calendar. Pure but for the zone data of Node.
 */
import { DAY_MS, type EpochMs } from '../core/time.ts';

/** Whether `zone` is an IANA name that this Node knows, such as `Europe/Berlin` or `UTC`. */
export function isTimeZone(zone: string): boolean {
  try {
    formatFor(zone);
    return true;
  } catch {
    return false;
  }
}

/** The calendar day of an instant. */
export function dayOf(at: EpochMs, zone: string): number {
  return Math.floor((at + offsetMs(at, zone)) / DAY_MS);
}

/**
 * The instant of a time of day. One that the day lacks (clocks go forward) is later by the gap; of
 * one that it has twice (clocks go back) the first counts: as Temporal's `compatible`.
 */
export function instantOf(day: number, minutes: number, zone: string): EpochMs {
  const wall = day * DAY_MS + minutes * 60_000;
  const before = wall - offsetMs(wall - DAY_MS, zone);
  const after = wall - offsetMs(wall + DAY_MS, zone);
  const real = [before, after].filter((at) => at + offsetMs(at, zone) === wall);
  return real.length > 0 ? Math.min(...real) : before;
}

/** 0 is Sunday. */
export function weekdayOf(day: number): number {
  return (((day + 4) % 7) + 7) % 7;
}

/** Day of the month, and how many days that month has. */
export function monthDayOf(day: number): { readonly date: number; readonly last: number } {
  const at = new Date(day * DAY_MS);
  const next = new Date(at);
  next.setUTCDate(1);
  next.setUTCMonth(at.getUTCMonth() + 1);
  return { date: at.getUTCDate(), last: new Date(next.getTime() - DAY_MS).getUTCDate() };
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatFor(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formats.set(zone, format);
  return format;
}

/** How far the zone's clocks are ahead of UTC. */
function offsetMs(at: EpochMs, zone: string): number {
  const whole = Math.floor(at / 1000) * 1000;
  const parts = new Map(
    formatFor(zone)
      .formatToParts(whole)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  const wall = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  return wall - whole;
}
