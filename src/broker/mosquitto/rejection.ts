/**
 * Mosquitto's own words about a configuration that it rejects, with the names and lines that its
 * author knows instead of those of the rendered files. Pure.
 */
import type { Problem } from '../../core/errors.ts';
import { printable } from '../../core/text.ts';
import { authorPath } from '../render-configuration.ts';
import { FILES } from './configuration.ts';
import type { PreparedConfiguration } from './prepared.ts';

/** `Error found at configuration/own-topics.conf:7.` */
const PLACE = /^Error found at (.*):(\d+)\.$/;
/** Follows an error of the same file and adds nothing. */
const ECHO = /^Error opening acl file /;

/** What was wrong, where the author finds it; undefined if Mosquitto said no error. */
export function explainRejection(
  errors: readonly string[],
  prepared: PreparedConfiguration,
): Problem | undefined {
  const said = errors.filter((error) => !PLACE.test(error) && !ECHO.test(error));
  const message = said.map((error) => shown(error, prepared)).join(' ');
  if (message === '') return undefined;
  return { ...placeOf(errors, prepared), message };
}

/** The same for errors of a running broker, which are data: one sentence each, each once. */
export function explainErrors(
  errors: readonly string[],
  prepared: PreparedConfiguration,
): readonly string[] {
  return [...new Set(errors.map((error) => shown(error, prepared)))];
}

function placeOf(
  errors: readonly string[],
  prepared: PreparedConfiguration,
): Pick<Problem, 'file' | 'line'> {
  const { configuration, files } = prepared;
  const [, path, number] = errors.map((error) => PLACE.exec(error)).find(Boolean) ?? [];
  const at = (name: string, line: number) => ({
    file: authorPath(configuration, name),
    line: prepared.lineOf(name, line),
  });
  for (const [name, text] of files) {
    if (path === nameInFolder(name)) return at(name, Number(number));
    const error = errors.find((one) => one.includes(`"${nameInFolder(name)}"`));
    if (error === undefined) continue;
    // Of a file with rights it names the word, not the line: `… in acl_file "…": garbage.`
    const word = /": (.+)\.$/.exec(error)?.[1] ?? /type "(.+)" in acl_file/.exec(error)?.[1];
    const lines = text.split('\n').map((line) => line.trim().split(/\s+/));
    const index = word === undefined ? -1 : lines.findIndex((words) => words.includes(word));
    return index < 0 ? { file: authorPath(configuration, name) } : at(name, index + 1);
  }
  return { file: configuration.path };
}

function shown(error: string, { configuration, files }: PreparedConfiguration): string {
  let text = error.replace(/^Error: /, '');
  for (const name of files.keys()) {
    text = text.replaceAll(nameInFolder(name), authorPath(configuration, name));
  }
  return printable(text, 500);
}

function nameInFolder(name: string): string {
  return `${FILES.folder}/${name}`;
}
