/**
 * A configuration made ready for one start: placeholders filled in, checked to stay on this
 * machine, with what our side has to know of it. Pure.
 */
import { EXIT, UserError } from '../../core/errors.ts';
import type { BrokerStartOptions } from '../adapter.ts';
import type { BrokerConfiguration, Placeholder } from '../configuration.ts';
import { findPlaceholders } from '../placeholders.ts';
import { authorPath, type RenderedText, renderConfiguration } from '../render-configuration.ts';
import { FILES, ownConfiguration, placeholderValues } from './configuration.ts';
import { type ConfigurationFacts, factsOf, forbidden, readDirectives } from './directives.ts';
import { rightsOfUsers } from './rights.ts';

/** `log`: its log is evidence; `silent`: it could be, but says nothing; `none`: it is not ours. */
export type EvidenceKind = 'log' | 'silent' | 'none';

export interface PreparedConfiguration {
  readonly configuration: BrokerConfiguration;
  readonly files: ReadonlyMap<string, string>;
  readonly uses: ReadonlySet<Placeholder>;
  readonly facts: ConfigurationFacts;
  readonly evidence: EvidenceKind;
  /** Where connections of ours mark the log. */
  readonly markerPort: number;
  lineOf(file: string, renderedLine: number): number;
  /** What a changed text of one of the files becomes; throws a `UserError` as preparing does. */
  fill(file: string, text: string): string;
}

export interface PrepareOptions {
  readonly port: number;
  /** Another free port, for a listener of our own where the author's counts connections. */
  readonly sparePort: number;
  readonly tag: string;
  readonly asRoot: boolean;
}

/** Throws a `UserError` (65) with every line that can't be used, in the author's numbering. */
export function prepareConfiguration(
  start: BrokerStartOptions,
  { port, sparePort, tag, asRoot }: PrepareOptions,
): PreparedConfiguration {
  const { crlPem, otherCaPem, principals } = start;
  const configuration = start.configuration ?? ownConfiguration(crlPem !== undefined);
  const values = placeholderValues({
    port,
    tag,
    hasCrl: crlPem !== undefined,
    hasOtherCa: otherCaPem !== undefined,
  });
  const { main } = configuration;
  if (principals === undefined && listsUsers(configuration)) throw usersMissing(configuration);
  const usersOf = (files: ReadonlyMap<string, string>) => {
    const rights = [...files].flatMap(([name, text]) => (name === main ? [] : [text]));
    return { users: rightsOfUsers(principals ?? [], rights) };
  };
  const rendered = renderConfiguration(
    configuration,
    listsUsers(configuration) ? { ...values, ...usersOf(configuration.files) } : values,
    FILES.folder,
  );
  const text = rendered.files.get(main) ?? '';
  const check = (authorText: string, filled: RenderedText): void => {
    const harnessLines = linesOfHarness(authorText);
    const problems = forbidden(readDirectives(filled.text), port, {
      used: harnessLines.size > 0,
      owns: (line) => harnessLines.has(filled.lineOf(line)),
    }).map(({ line, ...words }) => ({
      file: authorPath(configuration, main),
      ...(line === undefined ? {} : { line: filled.lineOf(line) }),
      ...words,
    }));
    if (problems.length > 0) throw new UserError(EXIT.invalidInput, problems);
  };
  const authorText = configuration.files.get(main) ?? '';
  check(authorText, { text, lineOf: (line) => rendered.lineOf(main, line) });
  const facts = factsOf(readDirectives(text));
  const hasHarness = linesOfHarness(authorText).size > 0;
  const evidence = !hasHarness ? 'none' : facts.logsConnections ? 'log' : 'silent';
  // A connection of ours must not count, least of all in a version that counts wrongly.
  const marked = evidence === 'log' && facts.limitsConnections;
  const ours = [
    // Started as root it would drop to a user that can't read this folder.
    ...(asRoot && !facts.namesUser ? ['user root'] : []),
    ...(marked ? [`listener ${sparePort} 127.0.0.1`, 'max_connections -1'] : []),
  ];
  const finished = (main: string): string =>
    ours.length === 0 ? main : `${main}\n${ours.join('\n')}\n`;
  return {
    configuration,
    files: new Map(rendered.files).set(main, finished(text)),
    uses: rendered.uses,
    facts,
    evidence,
    markerPort: marked ? sparePort : port,
    lineOf: rendered.lineOf,
    fill: (file, changed) => {
      // Users that have an entry in the changed text must not have another one.
      const files = new Map(configuration.files).set(file, changed);
      const filled = rendered.fill(changed, changed.includes('{{') ? usersOf(files) : {});
      if (file !== main) return filled.text;
      check(changed, filled);
      return finished(filled.text);
    },
  };
}

function listsUsers({ files }: BrokerConfiguration): boolean {
  return [...files.values()].some((text) =>
    findPlaceholders(text).some(({ name }) => name === 'users'),
  );
}

function usersMissing({ path: file }: BrokerConfiguration): UserError {
  return new UserError(EXIT.invalidInput, {
    file,
    message: 'the file of rights is for the users of a run, and this run names none',
    hint: 'give the common names of the devices as `principals`',
  });
}

function linesOfHarness(text: string): ReadonlySet<number> {
  const uses = findPlaceholders(text).filter(({ name }) => name === 'harness');
  return new Set(uses.map(({ line }) => line));
}
