/**
 * What a manifest must hold before anything relies on it. Paths are checked most closely: they end
 * up in SQL and must stay inside the dataset's folder. Pure.
 */
import { isTimestamp } from '../validate-event.ts';
import { headerProblems } from '../validate-frame.ts';

type Fields = Readonly<Record<string, unknown>>;

const VERSION = 1;
const PATH =
  /^sessions\/day=(\d{4}-\d{2}-\d{2}|other)\/nights=\d{1,7}\/run-\d{1,9}-\d{1,9}\.parquet$/;
const SHA256 = /^[0-9a-f]{64}$/;
const COLUMN = /^[a-z][a-z0-9_]{0,62}$/;

/** What is wrong with a manifest, or undefined. */
export function manifestProblem(value: object): string | undefined {
  const { schemaVersion, columns, recordings, sources, facts, files } = value as Fields;
  if (schemaVersion !== VERSION) {
    return `dataset schema version ${String(schemaVersion).slice(0, 40)} is not known here, only ${VERSION}`;
  }
  if (!isList(columns, (one) => typeof one === 'string' && COLUMN.test(one))) return bad('columns');
  if (!isList(recordings, isRecording)) return bad('recordings');
  if (!isList(sources, isSource)) return bad('sources');
  if (!isList(files, isFile)) return bad('files');
  if (typeof facts !== 'object' || facts === null) return bad('facts');
  return Object.values(facts).every(isCount) ? undefined : bad('facts');
}

const bad = (name: string): string => `the manifest's ${name} are missing or damaged`;

function isList(value: unknown, isOne: (value: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isOne);
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function isRecording(value: unknown): boolean {
  const { run, key, hasBroker, from, to, eventOffset, eventNumbers, events, fingerprint } =
    fieldsOf(value);
  return (
    [run, eventOffset, eventNumbers, events].every(isCount) &&
    typeof key === 'string' &&
    typeof fingerprint === 'string' &&
    typeof hasBroker === 'boolean' &&
    [from, to].every(isTimestamp)
  );
}

function isSource(value: unknown): boolean {
  const { file, run, header, events, unreadableLines, examples } = fieldsOf(value);
  return (
    typeof file === 'string' &&
    [run, events, unreadableLines].every(isCount) &&
    typeof header === 'object' &&
    header !== null &&
    headerProblems(header).length === 0 &&
    Array.isArray(examples)
  );
}

function isFile(value: unknown): boolean {
  const { path, rows, bytes, sha256, startsFrom, startsTo, endsTo } = fieldsOf(value);
  return (
    typeof path === 'string' &&
    PATH.test(path) &&
    [rows, bytes].every(isCount) &&
    isDigest(sha256) &&
    [startsFrom, startsTo, endsTo].every(isTimestamp)
  );
}

function isDigest(value: unknown): boolean {
  return typeof value === 'string' && SHA256.test(value);
}
