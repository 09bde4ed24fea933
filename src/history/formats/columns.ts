/**
 * Tables of connections under any names: which column (or key) is which field. A row is an event,
 * with a time and what happened, or a whole session, with the times of its connect and its close.
 * The mapping is `field=column` pairs; `connected=login|up` says which words of the kind column mean
 * a connect, and so on. Common names need no mapping.
 */
import { EXIT, type Problem, UserError } from '../../core/errors.ts';
import { nearest, printable } from '../../core/text.ts';

export const COLUMN_FIELDS = [
  'clientId',
  'at',
  'kind',
  'connectedAt',
  'closedAt',
  'sessionId',
  'certificateId',
  'principal',
  'ip',
  'port',
  'reason',
  'keepAliveSeconds',
  'protocolVersion',
] as const;
export type ColumnField = (typeof COLUMN_FIELDS)[number];

export const KIND_WORDS = ['connected', 'closed', 'connect-failed'] as const;
export type KindWord = (typeof KIND_WORDS)[number];

/** Names that need no mapping, without their capitals, `_`, `-`, `.` and spaces. */
const ALIASES: Readonly<Record<ColumnField, readonly string[]>> = {
  clientId: ['clientid', 'client', 'mqttclientid', 'clientidentifier'],
  at: ['at', 'timestamp', 'time', 'ts', 'datetime', 'eventtime'],
  kind: ['kind', 'event', 'eventtype', 'type', 'action'],
  connectedAt: ['connectedat', 'connecttime', 'connectiontime', 'start', 'connected'],
  closedAt: ['closedat', 'disconnectedat', 'disconnecttime', 'disconnectiontime', 'end', 'stop'],
  sessionId: ['sessionid', 'sessionidentifier', 'connectionid'],
  certificateId: ['certificateid', 'certid', 'certsha256', 'fingerprint', 'certificatefingerprint'],
  principal: ['principal', 'username', 'user', 'commonname', 'principalid'],
  ip: ['ip', 'ipaddress', 'sourceip', 'peerip', 'address', 'remoteip'],
  port: ['port', 'sourceport', 'peerport', 'remoteport'],
  reason: ['reason', 'disconnectreason', 'closereason'],
  keepAliveSeconds: ['keepaliveseconds', 'keepalive'],
  protocolVersion: ['protocolversion', 'mqttversion'],
};

const WORDS: Readonly<Record<KindWord, readonly string[]>> = {
  connected: ['connected', 'connect', 'login', 'online', 'up', 'open', 'start'],
  closed: ['closed', 'close', 'disconnected', 'disconnect', 'logout', 'offline', 'down', 'end'],
  'connect-failed': ['connect-failed', 'connect_failed', 'failed', 'denied', 'rejected', 'refused'],
};

/** Which column is which field, and which word of the kind column is which kind. */
export interface ColumnMapping {
  readonly columns: Readonly<Partial<Record<ColumnField, string>>>;
  readonly kinds: ReadonlyMap<string, KindWord>;
}

/** Reads `clientId=client,at=ts,connected=login|up`. Throws a {@link UserError} (64) with all faults. */
export function parseColumns(text: string): Readonly<Record<string, string>> {
  const names: readonly string[] = [...COLUMN_FIELDS, ...KIND_WORDS];
  const columns: Record<string, string> = {};
  const problems: Problem[] = [];
  for (const pair of text.split(',')) {
    const equals = pair.indexOf('=');
    const [field, column] = [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()];
    if (equals < 1 || column === '') {
      problems.push({
        message: `"${printable(pair.trim(), 80)}" in the column mapping is no field=column`,
        hint: 'write it as clientId=client,at=ts',
      });
    } else if (!names.includes(field)) {
      const near = nearest(field, names);
      problems.push({
        message: `there is no field "${printable(field, 80)}" to map a column to`,
        hint: near === undefined ? `use ${names.join(', ')}` : `did you mean ${near}?`,
      });
    } else columns[field] = column;
  }
  if (problems.length > 0) throw new UserError(EXIT.usage, problems);
  return columns;
}

/** The mapping that was asked for, completed with columns under common names. */
export function mapColumns(
  present: readonly string[],
  asked: Readonly<Record<string, string>> = {},
): ColumnMapping {
  const taken = new Set(Object.values(asked));
  const columns: Partial<Record<ColumnField, string>> = {};
  for (const field of COLUMN_FIELDS) {
    const name = asked[field] ?? aliasIn(present, field, taken);
    if (name !== undefined) columns[field] = name;
  }
  const kinds = new Map<string, KindWord>();
  for (const kind of KIND_WORDS) {
    const words = asked[kind]?.split('|') ?? WORDS[kind];
    for (const word of words) kinds.set(word.trim().toLowerCase(), kind);
  }
  return { columns, kinds };
}

/** Why a table with these columns can't be read, with the columns that it has. */
export function tableProblem(
  present: readonly string[],
  asked: Readonly<Record<string, string>> | undefined,
  noun: 'column' | 'key',
): string | undefined {
  const named = Object.entries(asked ?? {}).filter(
    ([field]) => !KIND_WORDS.some((kind) => kind === field),
  );
  const absent = named.filter(([, name]) => !present.includes(name.split('.', 1)[0] ?? name));
  const problem =
    noun === 'column' && absent.length > 0
      ? `there is no column ${absent.map(([, name]) => printable(name, 40)).join(', ')}`
      : mappingProblem(mapColumns(present, asked));
  if (problem === undefined) return undefined;
  const names = present.slice(0, 40).map((name) => printable(name, 40));
  return `${problem.replaceAll('column', noun)}; it has ${names.join(', ')}`;
}

/** What a mapping lacks before a row can be read; undefined when it has all. */
export function mappingProblem({ columns }: ColumnMapping): string | undefined {
  if (columns.clientId === undefined) return 'no column is the client ID';
  if (columns.connectedAt === undefined && columns.at === undefined) {
    return 'no column is the time of the event (at) or of the connect (connectedAt)';
  }
  return columns.connectedAt === undefined && columns.kind === undefined
    ? 'no column says what happened (kind)'
    : undefined;
}

function aliasIn(
  present: readonly string[],
  field: ColumnField,
  taken: ReadonlySet<string>,
): string | undefined {
  for (const alias of ALIASES[field]) {
    const found = present.find((name) => !taken.has(name) && plain(name) === alias);
    if (found !== undefined) return found;
  }
  return undefined;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[\s._-]/g, '');
}
