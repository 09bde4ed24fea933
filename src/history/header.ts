/** Reads a history's first line, and says clearly what a file is when it is no history. Pure. */
import { isUtf8 } from 'node:buffer';
import { EXIT, type Problem, UserError } from '../core/errors.ts';
import { printable } from '../core/text.ts';
import { HISTORY_SCHEMA_VERSION, type HistoryHeader } from './event.ts';
import type { Line } from './lines.ts';
import { headerProblems, isHeader } from './validate-frame.ts';

const BYTE_ORDER_MARK = '\ufeff';
const GZIP = Buffer.from([0x1f, 0x8b]);

export function readHeader(line: Line, file: string): HistoryHeader {
  const refuse = (message: string, hint: string): never => {
    throw new UserError(EXIT.invalidInput, { file, line: line.number, message, hint });
  };
  const bytes = line.bytes;
  if (bytes === undefined) return refuse('not a history: its first line is too long', NAME_ONE);
  if (bytes.subarray(0, 2).equals(GZIP)) return refuse('the file is compressed', 'gunzip it first');
  if (bytes.includes(0) || !isUtf8(bytes))
    return refuse('not a history but a binary file', NAME_ONE);
  const value = parse(bytes.toString('utf8'));
  if (value === undefined) {
    return refuse('not a history: its first line is not a JSON object', NAME_ONE);
  }
  if (!('doppelfleet' in value) || value.doppelfleet !== 'history') {
    return refuse('the header line is missing', 'put back the first line that the run wrote');
  }
  const version = 'schemaVersion' in value ? value.schemaVersion : undefined;
  if (version !== HISTORY_SCHEMA_VERSION) {
    return refuse(
      `history schema version ${printable(String(version), 40)} is not known here, only ` +
        `${HISTORY_SCHEMA_VERSION}`,
      'audit it with the version of doppelfleet that wrote it, or update',
    );
  }
  if (isHeader(value)) return value;
  const problems = headerProblems(value).map(
    (message): Problem => ({
      file,
      line: line.number,
      message: `header: ${message}`,
      hint: 'restore the header that the run wrote',
    }),
  );
  throw new UserError(EXIT.invalidInput, problems);
}

const NAME_ONE = 'name a history.ndjson that a run has written';

function parse(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
