/**
 * The exact form in which our writer puts an event on a line, as one pattern: a line of this form is
 * an event that the careful reader takes, and whatever parser reads it finds the same values (no
 * key twice, no odd number, no escape but the plainest). Other lines may be events too. Pure.
 */
import { CLOSE_REASONS } from '../event.ts';

const CHARACTER = '(?:[^"\\\\\\x00-\\x1f]|\\\\["\\\\bfnrt])';
const TEXT = `"${CHARACTER}*"`;
/** Below the careful reader's limits by their number of digits. */
const NUMBER = '(?:0|[1-9]\\d{0,11})';
const TIME = '(?:0|[1-9]\\d{0,13})';
const TWO_BYTES =
  '(?:0|[1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d\\d|655[0-2]\\d|6553[0-5])';
const DIGEST = '"[0-9a-f]{64}"';
const NAME = '"[a-zA-Z]{1,40}"';
const PRINCIPAL =
  `\\{"kind":(?:"certificate-id","value":${DIGEST}` +
  `|"(?:common-name|distinguished-name|username)","value":${TEXT})\\}`;

const optional = (key: string, value: string): string => `(?:,"${key}":${value})?`;

const LINE = [
  `\\{"event":${NUMBER}`,
  ',"kind":"(?:connected|connect-failed|closed)"',
  ',"vantage":"(?:broker|device)"',
  `,"at":${TIME}`,
  optional('sourceAt', TIME),
  `,"sessionId":"${CHARACTER}+"`,
  `,"clientId":${TEXT}`,
  optional('principal', PRINCIPAL),
  optional('certificateId', DIGEST),
  optional('ip', TEXT),
  optional('port', TWO_BYTES),
  optional('protocolVersion', '[345]'),
  optional('keepAliveSeconds', TWO_BYTES),
  optional('cleanStart', '(?:true|false)'),
  optional('reason', `"(?:${CLOSE_REASONS.join('|')})"`),
  optional('abandonedAt', TIME),
  optional('inferred', `\\[${NAME}(?:,${NAME}){0,31}\\]`),
  optional('raw', TEXT),
  '\\}\\n',
].join('');

/** Longer lines may hold a text over its limit, which the pattern does not count. */
export const CANONICAL_LENGTH_MAX = 1_000;

/** With its line feed, from `lastIndex` on; to be made anew for each use, as it keeps a place. */
export function canonicalLine(): RegExp {
  return new RegExp(LINE, 'y');
}
