/**
 * RabbitMQ's own words about a configuration that it rejects, with the author's lines: it names the
 * key, not the line, except where it can't read the file at all. Pure.
 */
import type { Problem } from '../../core/errors.ts';
import { printable } from '../../core/text.ts';
import type { BrokerConfiguration } from '../configuration.ts';
import { authorPath, type RenderedConfiguration } from '../render-configuration.ts';

const UNKNOWN_KEY = /^ *- Conf file attempted to set unknown variable: (\S+)$/;
const SYNTAX = /^ *- Syntax error in .* after line (\d+) column \d+, (.*)$/;
const DATATYPE = /^ *- Error transforming datatype for: (\S+)$/;
const ADVANCED = /^Failed to load advanced configuration file .*?: (.*)$/;
const DEFINITIONS = /(?:failed to import definitions|could not parse|Failed to parse).*/i;
/** `ssl_options.cacertfile invalid, …` and other words that begin with a key. */
const ABOUT_KEY = /^ *- ([a-z]\w*(?:\.[\w$]+)+) (.*)$/;
const DETAIL = /^ *- (.*)$/;

/** One problem for each thing that it complains about; none if it complains of something else. */
export function explainRejection(
  errors: readonly string[],
  configuration: BrokerConfiguration,
  rendered: RenderedConfiguration,
): readonly Problem[] {
  const { main } = configuration;
  const lines = (rendered.files.get(main) ?? '').split('\n');
  const file = configuration.path;
  const atKey = (key: string, words: string): Problem => {
    const index = lines.findLastIndex((line) => line.split('=')[0]?.trim() === key);
    const line = index < 0 ? {} : { line: rendered.lineOf(main, index + 1) };
    return { file, ...line, message: says(words) };
  };
  const problems: Problem[] = [];
  for (const [index, error] of errors.entries()) {
    const [, key = ''] = UNKNOWN_KEY.exec(error) ?? DATATYPE.exec(error) ?? [];
    const [, line, syntax = ''] = SYNTAX.exec(error) ?? [];
    const advanced = ADVANCED.exec(error)?.[1];
    const [, about, words = ''] = ABOUT_KEY.exec(error) ?? [];
    if (UNKNOWN_KEY.test(error)) {
      problems.push(atKey(key, `there is no setting with the name ${key}`));
    } else if (DATATYPE.test(error)) {
      const detail = DETAIL.exec(errors[index + 1] ?? '')?.[1] ?? 'its value has a wrong type';
      problems.push(atKey(key, `${key}: ${detail}`));
    } else if (line !== undefined) {
      const at = rendered.lineOf(main, Number(line));
      problems.push({ file, line: at, message: says(`syntax error here or after it, ${syntax}`) });
    } else if (advanced !== undefined) {
      const name = [...configuration.files.keys()].find((one) => one.endsWith('.config')) ?? main;
      const hint = 'it is a list of Erlang terms that ends with a full stop';
      problems.push({
        file: authorPath(configuration, name),
        message: says(`the file can't be read: ${advanced}`),
        hint,
      });
    } else if (DEFINITIONS.test(error)) {
      problems.push({ file, message: says(error.trim()) });
    } else if (about !== undefined) {
      problems.push(atKey(about, `${about} ${words}`));
    }
  }
  return problems;
}

/** What a start failed for that no author is to blame for: the shortest of its many words. */
export function startFailure(errors: readonly string[], why: string): string {
  const all = errors.join(' ');
  if (/eaddrinuse|port .* in use/i.test(all)) return 'address already in use';
  const [reason] = errors.flatMap((error) => /^Error during startup: (.*)$/.exec(error)?.[1] ?? []);
  return reason === undefined ? why : printable(`${why}; ${reason}`, 300);
}

function says(words: string): string {
  return `rabbitmq-server says: ${printable(words, 500)}`;
}
