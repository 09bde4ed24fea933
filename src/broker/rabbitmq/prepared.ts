/**
 * A configuration made ready for one start: users and placeholders filled in, checked to stay on
 * this machine, with what our side has to know of it. Pure.
 */
import { EXIT, type Problem, UserError } from '../../core/errors.ts';
import type { BrokerStartOptions } from '../adapter.ts';
import type { BrokerConfiguration } from '../configuration.ts';
import { findPlaceholders } from '../placeholders.ts';
import {
  authorPath,
  type RenderedConfiguration,
  renderConfiguration,
} from '../render-configuration.ts';
import { type NodePorts, ownConfiguration, placeholderValues } from './configuration.ts';
import { fillUsers, isDefinitions } from './definitions.ts';
import { leavesLoopback, termsLeaveLoopback } from './loopback.ts';

export interface PreparedConfiguration {
  readonly configuration: BrokerConfiguration;
  readonly rendered: RenderedConfiguration;
  /** Name of the file of Erlang terms; undefined without one. */
  readonly advanced: string | undefined;
  /** The author has turned off what connections are told with. */
  readonly isSilent: boolean;
  /** What a changed text of one of the files becomes; throws a `UserError` as preparing does. */
  fill(name: string, text: string): string;
}

/** Levels at which the log tells of connections, and of our own. */
const TELLING = new Set(['debug', 'info', 'notice']);

/** Throws a `UserError` (65) with everything that can't be used, in the author's numbering. */
export function prepareConfiguration(
  start: BrokerStartOptions,
  ports: NodePorts,
): PreparedConfiguration {
  const { principals } = start;
  const written = start.configuration ?? ownConfiguration(start.crlPem !== undefined);
  if (principals === undefined && listsUsers(written)) throw usersMissing(written);
  const configuration = withUsers(written, principals ?? []);
  const rendered = renderConfiguration(configuration, placeholderValues(start, ports), '');
  const { main } = configuration;
  const check = (name: string, text: string): readonly Problem[] => {
    if (name.endsWith('.config')) return termsLeaveLoopback(text);
    return name === main ? leavesLoopback(text) : [];
  };
  const problems = [...rendered.files].flatMap(([name, text]) =>
    check(name, text).map((problem) => ({
      ...problem,
      file: authorPath(configuration, name),
      line: rendered.lineOf(name, problem.line ?? 0),
    })),
  );
  if (!usesOf(written, main).has('harness')) problems.unshift(noHarness(written));
  if (problems.length > 0) throw new UserError(EXIT.invalidInput, problems);
  return {
    configuration,
    rendered,
    advanced: [...rendered.files.keys()].find((name) => name.endsWith('.advanced.config')),
    isSilent: !TELLING.has(lastValue(rendered.files.get(main) ?? '', 'log.console.level')),
    fill: (name, changed) => {
      const files = new Map(written.files).set(name, changed);
      const text = isDefinitions(name, changed)
        ? fillUsers({ ...written, files }, name, principals ?? [])
        : changed;
      const filled = rendered.fill(text);
      const wrong = check(name, filled.text);
      if (wrong.length === 0) return filled.text;
      const file = authorPath(configuration, name);
      throw new UserError(
        EXIT.invalidInput,
        wrong.map((problem) => ({ ...problem, file, line: filled.lineOf(problem.line ?? 0) })),
      );
    },
  };
}

function withUsers(
  configuration: BrokerConfiguration,
  principals: readonly string[],
): BrokerConfiguration {
  const files = new Map(configuration.files);
  for (const [name, text] of files) {
    if (!isDefinitions(name, text)) continue;
    files.set(name, fillUsers(configuration, name, principals));
  }
  return { ...configuration, files };
}

function listsUsers(configuration: BrokerConfiguration): boolean {
  return [...configuration.files.keys()].some((name) => usesOf(configuration, name).has('users'));
}

function usesOf({ files }: BrokerConfiguration, name: string): ReadonlySet<string> {
  return new Set(findPlaceholders(files.get(name) ?? '').map((use) => use.name));
}

function lastValue(text: string, key: string): string {
  const lines = text.split('\n').map((line) => line.replace(/#.*$/, '').split('='));
  return lines.findLast(([name]) => name?.trim() === key)?.[1]?.trim() ?? '';
}

function usersMissing({ path: file }: BrokerConfiguration): UserError {
  return new UserError(EXIT.invalidInput, {
    file,
    message: 'RabbitMQ lets in only users that it has, and this run names none',
    hint: 'give the common names of the devices as `principals`',
  });
}

function noHarness({ path: file }: BrokerConfiguration) {
  return {
    file,
    line: 1,
    message: 'there is no {{harness}}: RabbitMQ would take its usual ports on every address',
    hint: 'write {{harness}} on a line of its own, before what it may be overruled by',
  };
}
