/**
 * Fills in a configuration's placeholders. A value may be several lines, so that the lines of the
 * rendered text are not the author's: each is mapped back, for the broker's own messages. Pure.
 */
import { dirname, join } from 'node:path';
import { EXIT, type Problem, UserError } from '../core/errors.ts';
import { nearest, printable } from '../core/text.ts';
import { type BrokerConfiguration, PLACEHOLDERS, type Placeholder } from './configuration.ts';
import { findPlaceholders, type PlaceholderUse } from './placeholders.ts';

/** What stands for each placeholder; a run need not have all of them. */
export type PlaceholderValues = Readonly<Partial<Record<Placeholder, string>>>;

/** A configuration as a broker reads it. */
export interface RenderedConfiguration {
  /** Text by name, as in the configuration. */
  readonly files: ReadonlyMap<string, string>;
  /** Which placeholders the author uses, in any file. */
  readonly uses: ReadonlySet<Placeholder>;
  /** The author's line behind a line of the rendered text, both from 1; for messages. */
  lineOf(file: string, renderedLine: number): number;
  /** Another text with the same values, such as a changed file, or some others; the unknown stay. */
  fill(text: string, changed?: PlaceholderValues): RenderedText;
}

export interface RenderedText {
  readonly text: string;
  /** The author's line behind a line of `text`, both from 1. */
  lineOf(renderedLine: number): number;
}

/**
 * Fills in `values`; `{{file:<name>}}` becomes `<folder>/<name>`, where the caller must put that
 * file. Throws a `UserError` (65) that names every placeholder that is unknown, misplaced or has no
 * value.
 */
export function renderConfiguration(
  configuration: BrokerConfiguration,
  values: PlaceholderValues,
  folder: string,
): RenderedConfiguration {
  const problems = placeholderProblems(configuration);
  const uses = new Set<Placeholder>();
  for (const [name, text] of configuration.files) {
    for (const use of findPlaceholders(text)) {
      if (use.file !== undefined && !configuration.files.has(use.file)) {
        problems.push({
          ...placeOf(configuration, name, use),
          message: `the configuration has no file ${printable(use.file)}`,
        });
      }
      if (!isPlaceholder(use.name)) continue;
      uses.add(use.name);
      if (values[use.name] !== undefined) continue;
      problems.push({
        ...placeOf(configuration, name, use),
        message: `nothing stands for {{${use.name}}} in this run`,
        hint: `it is ${PLACEHOLDERS[use.name]}`,
      });
    }
  }
  if (problems.length > 0) throw new UserError(EXIT.invalidInput, problems);
  const standingFor =
    (changed: PlaceholderValues) =>
    ({ name, file, text }: PlaceholderUse): string => {
      if (file !== undefined) return configuration.files.has(file) ? join(folder, file) : text;
      return (isPlaceholder(name) ? (changed[name] ?? values[name]) : undefined) ?? text;
    };
  const rendered = [...configuration.files].map(([name, text]) => ({
    name,
    ...fill(text, standingFor({})),
  }));
  const texts = new Map(rendered.map(({ name, ...one }) => [name, one]));
  return {
    files: new Map(rendered.map(({ name, text }) => [name, text])),
    uses,
    lineOf: (file, renderedLine) => texts.get(file)?.lineOf(renderedLine) ?? renderedLine,
    fill: (text, changed = {}) => fill(text, standingFor(changed)),
  };
}

/** Every placeholder that is unknown or misplaced, and a port that is nowhere. */
export function placeholderProblems(configuration: BrokerConfiguration): Problem[] {
  const problems: Problem[] = [];
  let hasPort = false;
  for (const [name, text] of configuration.files) {
    const lines = text.split('\n');
    for (const use of findPlaceholders(text)) {
      hasPort ||= use.name === 'port';
      const words = wrong(use, lines[use.line - 1] ?? '');
      if (words !== undefined) problems.push({ ...placeOf(configuration, name, use), ...words });
    }
  }
  if (!hasPort) {
    problems.push({
      file: configuration.path,
      message: 'there is no {{port}}',
      hint: 'write {{port}} where the port of the MQTT listener stands, with the address 127.0.0.1',
    });
  }
  return problems;
}

/** Path of one of the configuration's files as its author knows it. */
export function authorPath(configuration: BrokerConfiguration, name: string): string {
  return name === configuration.main ? configuration.path : join(dirname(configuration.path), name);
}

export function placeOf(
  configuration: BrokerConfiguration,
  name: string,
  { line, column }: PlaceholderUse,
): Pick<Problem, 'file' | 'line' | 'column'> {
  return { file: authorPath(configuration, name), line, column };
}

function wrong(use: PlaceholderUse, line: string): Pick<Problem, 'message' | 'hint'> | undefined {
  if (use.file !== undefined) return undefined;
  const known = Object.keys(PLACEHOLDERS);
  if (!isPlaceholder(use.name)) {
    const near = nearest(use.name, known);
    return {
      message: `unknown placeholder ${printable(use.text, 60)}`,
      hint: near ? `did you mean {{${near}}}?` : `known are ${known.join(', ')} and file:<name>`,
    };
  }
  if (use.name !== 'harness' || line.trim() === use.text) return undefined;
  return {
    message: '{{harness}} stands for several lines',
    hint: 'write it on a line of its own, not in a comment',
  };
}

function isPlaceholder(name: string): name is Placeholder {
  return Object.hasOwn(PLACEHOLDERS, name);
}

function fill(text: string, standIn: (use: PlaceholderUse) => string): RenderedText {
  const authorLines = [1];
  let rendered = '';
  let line = 1;
  const add = (part: string, isAuthors: boolean): void => {
    rendered += part;
    for (let at = part.indexOf('\n'); at >= 0; at = part.indexOf('\n', at + 1)) {
      if (isAuthors) line += 1;
      authorLines.push(line);
    }
  };
  let end = 0;
  for (const use of findPlaceholders(text)) {
    add(text.slice(end, use.start), true);
    add(standIn(use), false);
    end = use.start + use.text.length;
  }
  add(text.slice(end), true);
  return { text: rendered, lineOf: (number) => authorLines[number - 1] ?? number };
}
