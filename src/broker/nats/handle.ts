/** One nats-server and everything it leaves: its files, its process, its reloads. */
import path from 'node:path';
import { EXIT, type Problem, UserError } from '../../core/errors.ts';
import { printable } from '../../core/text.ts';
import type { BrokerChanges, BrokerStartOptions } from '../adapter.ts';
import type { BrokerConfiguration } from '../configuration.ts';
import { findPlaceholders } from '../placeholders.ts';
import {
  authorPath,
  type RenderedConfiguration,
  renderConfiguration,
} from '../render-configuration.ts';
import { ServerProcess } from '../server-process.ts';
import { SUBJECT_FILES, SubjectFiles } from '../subject-files.ts';
import { listedUsers, ownConfiguration, placeholderValues, usersMissing } from './configuration.ts';
import { NatsEvidence } from './evidence.ts';
import { leavesLoopback } from './loopback.ts';
import type { NatsProgram } from './program.ts';
import { masked } from './text.ts';

/** It takes about 0.1 s. */
const START_TIMEOUT_MS = 15_000;
const STOP_GRACE_MS = 5_000;
const RELOAD_TIMEOUT_MS = 10_000;

export class NatsHandle {
  readonly port: number;
  readonly #program: NatsProgram;
  readonly #configuration: BrokerConfiguration;
  #start: BrokerStartOptions;
  #rendered: RenderedConfiguration;
  readonly #files: SubjectFiles;
  readonly #evidence: NatsEvidence;
  readonly #process: ServerProcess;

  /** Throws a `UserError` (65) with all that is wrong with the configuration before it is tried. */
  constructor(program: NatsProgram, start: BrokerStartOptions, port: number) {
    this.#program = program;
    this.#start = start;
    this.port = port;
    const configuration = start.configuration ?? ownConfiguration();
    this.#configuration = configuration;
    checkUsers(configuration, start);
    this.#rendered = renderConfiguration(
      configuration,
      placeholderValues(start, configuration, port),
      '',
    );
    this.#check();
    this.#evidence = new NatsEvidence(start, port, limitsConnections(this.#rendered.files));
    this.#files = new SubjectFiles({
      start,
      configuration,
      files: this.#rendered.files,
      uses: this.#rendered.uses,
      fill: (name, text) => this.#fill(name, text),
    });
    this.#process = new ServerProcess({
      name: 'nats-server',
      command: [program.file, '-c', configuration.main],
      environment: { TZ: 'UTC', HOME: start.workFolder, PATH: process.env.PATH },
      folder: start.workFolder,
      logFile: path.join(start.workFolder, SUBJECT_FILES.log),
      secrets: [path.join(start.workFolder, SUBJECT_FILES.privateKey)],
      logStream: 'stderr',
      log: this.#evidence,
      startTimeoutMs: START_TIMEOUT_MS,
      stopGraceMs: STOP_GRACE_MS,
      onFailure: start.onFailure,
    });
  }

  get pid(): number {
    return this.#process.pid;
  }

  get unread(): { readonly lines: number; readonly examples: readonly string[] } {
    return this.#evidence.unread;
  }

  /** Resolves when it runs, or with why it doesn't. To be called once. */
  async start(): Promise<UserError | undefined> {
    let refusal: string | undefined;
    try {
      await this.#files.write();
      refusal = await this.#files.withKey(() => this.#process.start());
    } catch (error) {
      await this.#process.stop();
      await this.#files.remove();
      throw error;
    }
    const [beyond] = this.#evidence.beyondLoopback;
    if (refusal === undefined && beyond === undefined) return undefined;
    await this.stop();
    return this.#refusal(
      beyond === undefined ? refusal : `it listened on ${beyond}, which is not this machine alone`,
    );
  }

  drain(): Promise<void> {
    return this.#process.drain(this.#evidence);
  }

  async change({ principals, ...changes }: BrokerChanges): Promise<void> {
    const listing = principals === undefined ? {} : this.#listOnly(principals);
    await this.#files.change({ ...changes, files: { ...listing, ...changes.files } });
  }

  /** A SIGHUP. It keeps what it had if anything of the new configuration is wrong. */
  async reload(): Promise<readonly string[]> {
    const reloaded = this.#evidence.reloaded();
    const failure = await this.#files.withKey(async () => {
      this.#process.signal('SIGHUP');
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<string>((resolve) => {
        timer = setTimeout(() => resolve('it did not answer'), RELOAD_TIMEOUT_MS);
      });
      const answer = await Promise.race([reloaded, late]);
      clearTimeout(timer);
      return answer;
    });
    return failure === undefined ? [] : [`nats-server did not reload: ${printable(failure, 500)}`];
  }

  async stop(): Promise<void> {
    await this.#process.stop();
    await this.#files.remove();
  }

  kill(): void {
    this.#process.kill();
  }

  /** The files in which users are listed, to be filled in again. */
  #listOnly(principals: readonly string[]): Record<string, string> {
    const configuration = this.#configuration;
    const { files, path: file } = configuration;
    const names = [...files].filter(([, text]) => usesUsers(text));
    const listed = listedUsers(files);
    const stays = this.#start.principals?.find(
      (name) => !principals.includes(name) && listed.has(name),
    );
    if (names.length === 0 || stays !== undefined) {
      const why = stays === undefined ? 'has no {{users}}' : `lists ${printable(stays)} itself`;
      throw new UserError(EXIT.invalidInput, {
        file,
        message: `the configuration ${why}, so that its users can't be changed`,
      });
    }
    this.#start = { ...this.#start, principals };
    const values = placeholderValues(this.#start, configuration, this.port);
    this.#rendered = renderConfiguration(configuration, values, '');
    return Object.fromEntries(names);
  }

  #check(): void {
    const { main } = this.#configuration;
    const problems: Problem[] = [];
    const harness = findPlaceholders(this.#configuration.files.get(main) ?? '').some(
      ({ name }) => name === 'harness',
    );
    if (!harness) {
      problems.push({
        file: this.#configuration.path,
        message: 'there is no {{harness}}: NATS would take its usual ports on every address',
        hint: 'write {{harness}} on the first line of its own, before what it may be overruled by',
      });
    }
    for (const [name, text] of this.#rendered.files) {
      problems.push(...this.#beyond(name, text, (line) => this.#rendered.lineOf(name, line)));
    }
    if (problems.length > 0) throw new UserError(EXIT.invalidInput, problems);
  }

  #fill(name: string, text: string): string {
    // Users that the changed text lists itself must not be listed twice.
    const files = new Map(this.#configuration.files).set(name, text);
    const configuration = { ...this.#configuration, files };
    const filled = this.#rendered.fill(
      text,
      placeholderValues(this.#start, configuration, this.port),
    );
    const problems = this.#beyond(name, filled.text, filled.lineOf);
    if (problems.length > 0) throw new UserError(EXIT.invalidInput, problems);
    return filled.text;
  }

  #beyond(name: string, text: string, lineOf: (line: number) => number): readonly Problem[] {
    const names = new Set(this.#configuration.files.keys());
    return leavesLoopback(text, names).map(({ line, ...words }) => ({
      file: authorPath(this.#configuration, name),
      line: lineOf(line),
      ...words,
    }));
  }

  /** Its own words, with the author's lines where it names places. */
  #refusal(why = ''): UserError {
    const log = path.join(this.#start.workFolder, SUBJECT_FILES.log);
    const mistakes = this.#evidence.complaints.flatMap((words): Problem[] => {
      const text = words.replace(/^nats-server: /, '');
      const place = /^(?:.*?\/)?([\w.-]+):(\d+):\d+: (.*)$/.exec(text);
      const parse = /^Parse error on line (\d+): (.*)$/s.exec(text);
      const name = place?.[1] ?? this.#configuration.main;
      const line = Number(place?.[2] ?? parse?.[1]);
      const said = `nats-server says: ${printable(place?.[3] ?? text, 500)}`;
      const file = authorPath(this.#configuration, name);
      if (Number.isNaN(line)) return [{ file, message: said }];
      return [{ file, line: this.#rendered.lineOf(name, line), message: said }];
    });
    // They come in no order.
    mistakes.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
    // Of our own configuration nobody else is the author.
    if (this.#start.configuration !== undefined && mistakes.length > 0)
      return new UserError(EXIT.invalidInput, mistakes);
    return new UserError(EXIT.unavailable, {
      message: `nats-server ${this.#program.version} could not be started: ${mistakes[0]?.message ?? why}`,
      hint: `its whole log is ${log}`,
    });
  }
}

function checkUsers(configuration: BrokerConfiguration, { principals }: BrokerStartOptions): void {
  if (principals !== undefined) return;
  if ([...configuration.files.values()].some(usesUsers)) throw usersMissing(configuration);
}

function limitsConnections(files: ReadonlyMap<string, string>): boolean {
  return [...files.values()].some((text) =>
    /(?<![\w.$-])max_conn(?:ections)?\b/i.test(masked(text)),
  );
}

function usesUsers(text: string): boolean {
  return findPlaceholders(text).some(({ name }) => name === 'users');
}
