/**
 * What a connection event must look like before it is written and after it is read. One function
 * for both ends, so that a history we write is a history we accept. Hand-written because it runs
 * once per event: a schema library costs several times the parsing.
 */
import { MQTT_STRING_LENGTH_MAX } from '../core/limits.ts';
import { CLOSE_REASONS } from './event.ts';

/** The last millisecond of the year 9999; later stamps are mistakes. */
const AT_MAX = 253_402_300_799_999;
const EVENT_NUMBER_MAX = 1_000_000_000_000;
const SESSION_ID_LENGTH_MAX = 1_024;
const IP_LENGTH_MAX = 255;
const INFERRED_MAX = 32;

const KINDS: ReadonlySet<unknown> = new Set(['connected', 'connect-failed', 'closed']);
const VANTAGES: ReadonlySet<unknown> = new Set(['broker', 'device']);
const REASONS: ReadonlySet<unknown> = new Set(CLOSE_REASONS);
const PRINCIPAL_KINDS: ReadonlySet<unknown> = new Set([
  'certificate-id',
  'common-name',
  'distinguished-name',
  'username',
]);
const CERTIFICATE_ID = /^[0-9a-f]{64}$/;
const FIELD_NAME = /^[a-zA-Z]{1,40}$/;
const LONE_SURROGATE = /\p{Surrogate}/u;

type Fields = Readonly<Record<string, unknown>>;

/** What is wrong with an event's fields, or undefined. Unknown fields are let through. */
export function eventProblem(event: object): string | undefined {
  const fields = event as Fields;
  if (!KINDS.has(fields.kind)) return 'kind must be connected, connect-failed or closed';
  if (!VANTAGES.has(fields.vantage)) return 'vantage must be broker or device';
  if (!isTimestamp(fields.at)) return 'at must be whole epoch milliseconds (year 1970 to 9999)';
  if (!isText(fields.sessionId, SESSION_ID_LENGTH_MAX) || fields.sessionId === '') {
    return `sessionId must be 1 to ${SESSION_ID_LENGTH_MAX} characters`;
  }
  if (!isText(fields.clientId, MQTT_STRING_LENGTH_MAX)) {
    return `clientId must be well-formed text of at most ${MQTT_STRING_LENGTH_MAX} characters`;
  }
  return optionalProblem(fields);
}

/** As {@link eventProblem}, for a line of a file: the event number too. */
export function numberedEventProblem(event: object): string | undefined {
  const number = (event as Fields).event;
  return isWhole(number, EVENT_NUMBER_MAX)
    ? eventProblem(event)
    : 'event must be the event number, a whole number from 0';
}

/** Whole milliseconds since 1970, up to the year 9999. */
export function isTimestamp(value: unknown): value is number {
  return isWhole(value, AT_MAX);
}

function optionalProblem(fields: Fields): string | undefined {
  for (const [name, valid, expected] of OPTIONAL) {
    const value = fields[name];
    if (value !== undefined && !valid(value)) return `${name} must be ${expected}`;
  }
  return undefined;
}

const OPTIONAL: readonly (readonly [string, (value: unknown) => boolean, string])[] = [
  ['sourceAt', isTimestamp, 'whole epoch milliseconds'],
  ['principal', isPrincipal, 'a kind and a value (64 lower-case hex digits for certificate-id)'],
  ['certificateId', isCertificateId, '64 lower-case hex digits'],
  ['ip', (value) => isText(value, IP_LENGTH_MAX), 'an address'],
  ['port', (value) => isWhole(value, 65_535), 'a port number'],
  ['protocolVersion', (value) => value === 3 || value === 4 || value === 5, '3, 4 or 5'],
  ['keepAliveSeconds', (value) => isWhole(value, 65_535), 'whole seconds up to 65535'],
  ['cleanStart', (value) => typeof value === 'boolean', 'true or false'],
  ['reason', (value) => REASONS.has(value), `one of ${CLOSE_REASONS.join(', ')}`],
  ['abandonedAt', isTimestamp, 'whole epoch milliseconds'],
  ['inferred', isFieldNames, 'a list of field names'],
  ['raw', (value) => typeof value === 'string', 'text'],
];

function isWhole(value: unknown, max: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= max;
}

/** A lone surrogate has no UTF-8 form: two such client IDs would become one in the store. */
function isText(value: unknown, lengthMax: number): value is string {
  return typeof value === 'string' && value.length <= lengthMax && !LONE_SURROGATE.test(value);
}

function isCertificateId(value: unknown): boolean {
  return typeof value === 'string' && CERTIFICATE_ID.test(value);
}

function isPrincipal(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, value: name } = value as Fields;
  return kind === 'certificate-id'
    ? isCertificateId(name)
    : PRINCIPAL_KINDS.has(kind) && isText(name, MQTT_STRING_LENGTH_MAX);
}

function isFieldNames(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length <= INFERRED_MAX &&
    value.every((name) => typeof name === 'string' && FIELD_NAME.test(name))
  );
}
