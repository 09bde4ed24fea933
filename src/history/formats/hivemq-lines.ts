/**
 * The grammar of HiveMQ's event log: one line, its stamp taken off, to what it says. Pure.
 * Client IDs and the reasons that clients give are free text, so a line can have several readings;
 * all are returned. Source: EventLog.java of HiveMQ Community Edition; HiveMQ knowledge base.
 */
import type { CloseReason } from '../event.ts';

export interface HivemqReading {
  readonly kind: 'connected' | 'graceful' | 'lost' | 'refused-by-broker';
  readonly clientId: string;
  /** Undefined where the log has UNKNOWN. */
  readonly ip: string | undefined;
  readonly cleanStart?: boolean;
  readonly reason?: CloseReason;
}

const HEAD = 'Client ID: ';
const WHO = /^(.*), IP: ([^\s,]+)$/s;
const CONNECTED =
  /^(.*), IP: ([^\s,]+), Clean Start: (true|false|UNKNOWN), Session Expiry: (?:\d+|UNKNOWN) connected\.$/s;
const GRACEFUL = ' disconnected gracefully.';
const GIVEN = `${GRACEFUL} Reason given by client: `;
const LOST = ' disconnected ungracefully.';
const LOST_FROM = /^(.*) disconnected ungracefully from [^\s,]+ on port: [^\s,]+\.$/s;
const BY_BROKER = ' was disconnected. reason: ';
/** A line with more readings than this was made to have them. */
const READINGS_MAX = 8;

/** Whether a line without its stamp is about one connection. */
export function isAboutClient(body: string): boolean {
  return body.startsWith(HEAD);
}

/** All that a line about a client can mean; none when it is cut off or not understood. */
export function readHivemqLine(body: string): readonly HivemqReading[] {
  const text = body.slice(HEAD.length);
  const connected = CONNECTED.exec(text);
  if (connected !== null) {
    const [, clientId = '', ip = '', cleanStart] = connected;
    const known = cleanStart === 'UNKNOWN' ? {} : { cleanStart: cleanStart === 'true' };
    return [{ kind: 'connected', clientId, ip: orUnknown(ip), ...known }];
  }
  const ends = [
    ...who(text.endsWith(GRACEFUL) ? text.slice(0, -GRACEFUL.length) : undefined, 'graceful'),
    ...who(text.endsWith(LOST) ? text.slice(0, -LOST.length) : LOST_FROM.exec(text)?.[1], 'lost'),
  ];
  const given = splitsAt(text, GIVEN).flatMap(([before]) => who(before, 'graceful'));
  // What the broker gives as a reason does not end like a line; a client ID may.
  const broken = ends.length > 0 || !text.endsWith('.') ? [] : splitsAt(text, BY_BROKER);
  const byBroker = broken.flatMap(([before, words]) =>
    who(before, 'refused-by-broker').map((reading) => ({ ...reading, reason: reasonIn(words) })),
  );
  return [...ends, ...given, ...byBroker].slice(0, READINGS_MAX);
}

function who(before: string | undefined, kind: HivemqReading['kind']): HivemqReading[] {
  const match = before === undefined ? null : WHO.exec(before);
  return match === null ? [] : [{ kind, clientId: match[1] ?? '', ip: orUnknown(match[2] ?? '') }];
}

function splitsAt(text: string, mark: string): (readonly [string, string])[] {
  const splits: (readonly [string, string])[] = [];
  for (
    let at = text.indexOf(mark);
    at >= 0 && splits.length < READINGS_MAX;
    at = text.indexOf(mark, at + 1)
  ) {
    splits.push([text.slice(0, at), text.slice(at + mark.length)]);
  }
  return splits;
}

function orUnknown(word: string): string | undefined {
  return word === 'UNKNOWN' || word === 'null' ? undefined : word;
}

const REASONS: readonly (readonly [RegExp, CloseReason])[] = [
  [/another client connected/i, 'session-taken-over'],
  [/\bidle\b|keep.?alive/i, 'keep-alive-timeout'],
  [/authenti|authori[sz]|permission|credential/i, 'auth-error'],
  [/overload|quota|rate limit|throttl|too many/i, 'throttled'],
  [
    /second CONNECT|protocol|malformed|invalid|too large|not supported|unexpected/i,
    'protocol-error',
  ],
];

function reasonIn(words: string): CloseReason {
  return REASONS.find(([pattern]) => pattern.test(words))?.[1] ?? 'server-initiated';
}
