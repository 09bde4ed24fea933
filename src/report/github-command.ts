/**
 * Workflow commands of GitHub Actions: lines of our output that the runner acts on. A command is
 * `::name key=value,…::message` at the beginning of a line, or `##[name …]message` anywhere in one,
 * on stdout and stderr alike (actions/runner, ActionCommand.cs). So what we say is escaped, and all
 * else that is printed in such a log is kept from being one. Pure.
 */
import { printable } from '../core/text.ts';

/** What is longer is of no use in a list of annotations. */
const MESSAGE_LINES_MAX = 25;
const MESSAGE_LINE_LENGTH_MAX = 600;
const PROPERTY_LENGTH_MAX = 300;

/** What a file, a pull request or a job is told. */
export interface Annotation {
  readonly level: 'error' | 'warning' | 'notice';
  readonly title: string;
  readonly message: string;
  /** Relative to the repository, with slashes; its line and column count from 1. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** One command with its line end. */
export function workflowCommand({ level, message, title, file, line, column }: Annotation): string {
  const properties = [
    ...(file === undefined ? [] : [`file=${property(file)}`]),
    ...(file === undefined || line === undefined ? [] : [`line=${line}`]),
    ...(file === undefined || line === undefined || column === undefined ? [] : [`col=${column}`]),
    `title=${property(title)}`,
  ];
  return `::${level} ${properties.join(',')}::${data(message)}\n`;
}

/** Line ends are the only control characters that mean something in a message. */
function data(text: string): string {
  return text
    .split('\n')
    .slice(0, MESSAGE_LINES_MAX)
    .map((line) => printable(line, MESSAGE_LINE_LENGTH_MAX).replaceAll('%', '%25'))
    .join('%0A');
}

function property(text: string): string {
  return printable(text, PROPERTY_LENGTH_MAX)
    .replaceAll('%', '%25')
    .replaceAll(':', '%3A')
    .replaceAll(',', '%2C');
}

/** Blanks that .NET trims before it looks for `::` (Char.IsWhiteSpace), and some more. */
const BLANK = '[\\s\\u0085\\u200b\\ufeff]*';
const LINE_COMMAND = new RegExp(`(?<=^${BLANK}:):`, 'gm');
const INLINE_COMMAND = /(?<=##)\[/g;
const BEFORE_COMMAND = new RegExp(`^${BLANK}:?$`);

/**
 * Passes text on, piece by piece, so that no line of it is a workflow command: the second colon, or
 * the bracket, becomes an escape that JSON reads as the same character.
 */
export function commandGuard(): (text: string) => string {
  // The open line as far as it matters: blanks as one, a colon after them, or two characters.
  let open = '';
  return (text) => {
    const safe = `${open}${text}`
      .replace(LINE_COMMAND, '\\u003a')
      .replace(INLINE_COMMAND, '\\u005b');
    const shown = safe.slice(open.length);
    open = matters(/[^\n\r]*$/.exec(safe)?.[0] ?? '');
    return shown;
  };
}

function matters(line: string): string {
  if (line === '') return '';
  if (!BEFORE_COMMAND.test(line)) return `x${line.slice(-2)}`;
  return line.endsWith(':') ? ' :' : ' ';
}
