/**
 * Which format a source is in, by the look of its beginning. What could be two, or none, is refused
 * with the candidates: guessing wrong would give an audit of nothing.
 */
import { isUtf8 } from 'node:buffer';
import { EXIT, UserError } from '../../core/errors.ts';
import { printable } from '../../core/text.ts';
import { type EvidenceFormat, FORMAT_IDS, type FormatId, type FormatOptions } from './format.ts';
import { FORMATS } from './registry.ts';

/** Less is no likeness, and two that are nearer than this are not told apart. */
const LIKELY = 0.3;
const LEAD = 0.1;

/** The formats that a beginning is like, the likeliest first. */
export function likelyFormats(
  beginning: string,
  options: FormatOptions,
): readonly (readonly [FormatId, number])[] {
  return FORMAT_IDS.map((id): readonly [FormatId, number] => {
    const format: EvidenceFormat = FORMATS[id];
    return [id, format.recognises(beginning, options)];
  })
    .filter(([, likeness]) => likeness >= LIKELY)
    .sort(([, a], [, b]) => b - a);
}

/** The format of a source. Throws a {@link UserError} (65) when it can't be told. */
export function detectFormat(beginning: string, name: string, options: FormatOptions): FormatId {
  const [first, second] = likelyFormats(beginning, options);
  if (first === undefined) {
    const line = printable(beginning.split('\n', 1)[0] ?? '', 80);
    throw new UserError(EXIT.invalidInput, {
      file: name,
      message: `the format is none that is known here; it begins with "${line}"`,
      hint:
        `name it with --format (${FORMAT_IDS.join(', ')}); for tables and JSON lines say with ` +
        '--map which column is which, such as clientId=client,at=ts,kind=event',
    });
  }
  if (second === undefined || first[1] - second[1] >= LEAD) return first[0];
  throw new UserError(EXIT.invalidInput, {
    file: name,
    message: `the format could be ${first[0]} or ${second[0]}`,
    hint: `name it with --format ${first[0]} or --format ${second[0]}`,
  });
}

/** The beginning as text without a last line that is cut. Throws a {@link UserError} (65). */
export function beginningText(bytes: Buffer, name: string): string {
  const refuse = (message: string, hint: string): never => {
    throw new UserError(EXIT.invalidInput, { file: name, message, hint });
  };
  if (bytes.length === 0) return refuse('the file is empty', 'name a file with connection records');
  const mark = bytes.subarray(0, 2).toString('hex');
  if (mark === 'fffe' || mark === 'feff') {
    return refuse('the file is UTF-16 text', 'convert it: iconv -f UTF-16 -t UTF-8');
  }
  const end = bytes.lastIndexOf(0x0a);
  const whole = end < 0 ? bytes : bytes.subarray(0, end + 1);
  if (whole.includes(0) || !mostlyText(whole)) {
    return refuse('a binary file, no text', 'name a log, a history or a table');
  }
  return whole.toString('utf8').replace(/^\ufeff/, '');
}

const BROKEN_MIN = 10;

/** A few bytes that are not UTF-8 are broken lines; many are another kind of file. */
function mostlyText(bytes: Buffer): boolean {
  if (isUtf8(bytes)) return true;
  const text = bytes.toString('utf8');
  const broken = text.split('\ufffd').length - 1;
  return broken < Math.max(BROKEN_MIN, text.length / 20);
}
