/** Times as sources write them, to whole epoch milliseconds. Pure. */

/** The last millisecond of the year 9999; later stamps are mistakes. */
const AT_MAX = 253_402_300_799_999;

/** Parts of `2026-11-20 21:31:10.006844+00:00`, with `T`, `/`, a comma or without a zone too. */
const ISO =
  /^(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?: ?(Z|UTC|[+-]\d\d(?::?\d\d)?))?$/;

/** Epoch ms of a date and time; `zoneMinutes` (east of UTC) counts when it names no zone. */
export function parseStamp(text: string, zoneMinutes = 0): number | undefined {
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', zone] = match;
  const local = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
    Number(fraction.slice(0, 3).padEnd(3, '0')),
  );
  // The 31st of February would run on into March.
  if (new Date(local).getUTCDate() !== Number(day) || Number(month) > 12) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined;
  const offset = zone === undefined ? zoneMinutes : (parseZone(zone) ?? 0);
  return checked(local - offset * 60_000);
}

/** Minutes east of UTC: `+02:00`, `-0530`, `+2`, `Z`, `UTC`; undefined when it is none. */
export function parseZone(text: string): number | undefined {
  if (/^(z|utc|gmt)$/i.test(text)) return 0;
  const match = /^([+-])(\d{1,2})(?::?(\d\d))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign, hours, minutes = '0'] = match;
  const total = Number(hours) * 60 + Number(minutes);
  if (Number(minutes) > 59 || total > 14 * 60) return undefined;
  return sign === '-' ? -total : total;
}

/**
 * Epoch ms of a number of seconds, milli-, micro- or nanoseconds since 1970, told apart by size:
 * seconds reach the year 5138, milliseconds begin in 1973.
 */
function parseEpoch(value: number): number | undefined {
  const size = Math.abs(value);
  if (size < 1e11) return checked(value * 1000);
  if (size < 1e14) return checked(value);
  return checked(size < 1e17 ? value / 1e3 : value / 1e6);
}

/** A number, a number as text, or a date and time. */
export function parseTime(value: unknown, zoneMinutes = 0): number | undefined {
  if (typeof value === 'number') return parseEpoch(value);
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return parseEpoch(Number(text));
  return parseStamp(text, zoneMinutes);
}

function checked(ms: number): number | undefined {
  const at = Math.floor(ms);
  return Number.isSafeInteger(at) && at >= 0 && at <= AT_MAX ? at : undefined;
}
