/**
 * Which inputs are parts of one source: the rotated logs of one broker, told by their names, and all
 * files of a format whose session IDs hold everywhere. Parts are put in the order of time: by the
 * first event of each, or by their names where one shows none so early.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import type { FormatOptions, TextFormat } from '../formats/format.ts';
import { byName } from './expand.ts';
import { isJsonDocument } from './json-records.ts';
import type { Input } from './open.ts';

/** An input with the format that it is in, and what its beginning told. */
export interface Part {
  readonly input: Input;
  readonly format: TextFormat;
  /** Of the format and the beginning, hex. */
  readonly digest: string;
  /** Its records are in a JSON document, under this key or in a list. */
  readonly container: string | undefined;
  /** Its times name no zone. */
  readonly unzoned: boolean;
  /** Its session IDs hold everywhere. */
  readonly joins: boolean;
  /** Epoch ms of the first event, if there is one in the beginning. */
  readonly firstAt: number | undefined;
}

/** Looks at a beginning (text, to its last whole line) for what has to be known before reading. */
export function partOf(
  input: Input,
  format: TextFormat,
  beginning: string,
  options: FormatOptions,
): Part {
  const { container } = format;
  const isDocument = container !== undefined && isJsonDocument(beginning, container);
  return {
    input,
    format,
    digest: createHash('sha256').update(format.id).update(beginning).digest('hex'),
    container: isDocument ? container : undefined,
    unzoned: format.unzoned?.(beginning) === true,
    joins: format.joins?.(beginning) === true,
    firstAt: firstEventAt(format, isDocument ? undefined : beginning, options),
  };
}

/** `mosquitto.log.2.gz` → `mosquitto.log` and 2; the one that is written to has 0. */
interface Rotation {
  readonly base: string;
  readonly number: number;
  /** A date in the name; empty without one. */
  readonly date: string;
}

const DATE = /[._-](\d{4}[.-]?\d\d[.-]?\d\d(?:[T_.-]?\d\d(?:[.:-]?\d\d){0,2}(?:\.\d+)?)?)(?=\.|$)/;

/** What a file's name says of log rotation (logrotate, logback, nats-server, rabbitmq-server). */
function rotationOf(file: string): Rotation {
  const name = path.basename(file).replace(/\.gz$/i, '');
  const date = DATE.exec(name);
  const plain = date === null ? name : name.replace(date[0], '');
  const number = /\.(\d{1,4})$/.exec(plain);
  const base = number === null ? plain : plain.slice(0, number.index);
  return {
    base: path.join(path.dirname(file), base),
    number: number === null ? 0 : Number(number[1]) + 1,
    date: date?.[1] ?? '',
  };
}

/** Whether a file, packed in whatever way, has the name of a rotated log of one of the sources. */
export function isRotationOfOne(file: string, parts: readonly Part[]): boolean {
  const names = new Set(parts.flatMap(({ input }) => baseNames(input.name)));
  return baseNames(file.replace(OTHERWISE_PACKED, '')).some((name) => names.has(name));
}

const OTHERWISE_PACKED = /\.(?:zst|xz|bz2|zip)$/i;

function baseNames(file: string): readonly string[] {
  const { base } = rotationOf(file);
  return [base, numberless(base)];
}

/** HiveMQ keeps event-1.log.gz, event-2.log.gz … beside event.log. */
function numberless(base: string): string {
  return base.replace(/-\d+(?=\.log$)/, '');
}

/** Sources, each with its parts in the order of time. */
export function groupParts(parts: readonly Part[]): readonly (readonly Part[])[] {
  const names = new Set(parts.map(({ input }) => rotationOf(input.name).base));
  const groups = new Map<string, Part[]>();
  for (const part of parts) {
    const key = sourceKey(part, names);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [part]);
    else group.push(part);
  }
  return [...groups.values()].map(inOrder);
}

function sourceKey({ input, format, joins }: Part, names: ReadonlySet<string>): string {
  if (joins) return `${format.id} everywhere`;
  const { base } = rotationOf(input.name);
  const older = format.id === 'hivemq' ? numberless(base) : base;
  return `${format.id} ${names.has(older) ? older : base}`;
}

function inOrder(group: readonly Part[]): readonly Part[] {
  const byNames = [...group].sort((a, b) => byRotation(a.input.name, b.input.name));
  if (byNames.some(({ firstAt }) => firstAt === undefined)) return byNames;
  return byNames.sort((a, b) => (a.firstAt ?? 0) - (b.firstAt ?? 0));
}

/** Oldest first: the highest number, the earliest date; the one that is written to comes last. */
function byRotation(a: string, b: string): number {
  const [one, other] = [rotationOf(a), rotationOf(b)];
  const newest = '\uffff';
  return (
    byName(one.date || newest, other.date || newest) ||
    other.number - one.number ||
    hivemqNumber(b) - hivemqNumber(a) ||
    byName(a, b)
  );
}

function hivemqNumber(file: string): number {
  return Number(/-(\d+)\.log(?:\.gz)?$/.exec(file)?.[1] ?? 0);
}

function firstEventAt(
  format: TextFormat,
  beginning: string | undefined,
  options: FormatOptions,
): number | undefined {
  let at: number | undefined;
  const reader = format.open(options, {
    event: (event) => {
      at ??= event.at;
    },
    unread: () => {},
  });
  for (const line of beginning?.split('\n') ?? []) {
    if (line !== '') reader.read(line);
    if (at !== undefined) return at;
  }
  reader.end();
  return at;
}
