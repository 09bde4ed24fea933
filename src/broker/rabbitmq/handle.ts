/** One RabbitMQ node and everything it leaves: its files, its process, the epmd beside it. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { EXIT, UserError } from '../../core/errors.ts';
import { makeFolders, writeFileAtomic } from '../../core/files.ts';
import { printable } from '../../core/text.ts';
import type { BrokerChanges, BrokerStartOptions } from '../adapter.ts';
import { ownProcess } from '../process.ts';
import { ServerProcess } from '../server-process.ts';
import { SUBJECT_FILES, SubjectFiles } from '../subject-files.ts';
import { NODE_FILES, type NodePorts } from './configuration.ts';
import { crlFileName } from './crl-hash.ts';
import { ownDefinitions } from './definitions.ts';
import { RabbitmqEvidence } from './evidence.ts';
import {
  CLEAR_CERTIFICATES,
  ENABLED_PLUGINS,
  importDefinitions,
  nodeEnvironment,
  toolEnvironment,
} from './node.ts';
import { type PreparedConfiguration, prepareConfiguration } from './prepared.ts';
import type { RabbitmqProgram } from './program.ts';
import { explainRejection, startFailure } from './rejection.ts';
import { shakeHands } from './warm-up.ts';

/** It takes 4 s on an idle machine, and three times as long on a busy one. */
const START_TIMEOUT_MS = 60_000;
/** It takes about 1 s. */
const STOP_GRACE_MS = 10_000;
/** `rabbitmqctl` is a node of its own, which takes 1 to 2 s to start. */
const RELOAD_TIMEOUT_MS = 60_000;

export class RabbitmqHandle {
  readonly ports: NodePorts;
  readonly #program: RabbitmqProgram;
  readonly #start: BrokerStartOptions;
  readonly #prepared: PreparedConfiguration;
  readonly #files: SubjectFiles;
  readonly #evidence: RabbitmqEvidence;
  readonly #process: ServerProcess;
  readonly #changedDefinitions = new Set<string>();

  /** Throws a `UserError` (65) with all that is wrong with the configuration before it is tried. */
  constructor(program: RabbitmqProgram, start: BrokerStartOptions, ports: NodePorts) {
    this.#program = program;
    this.#start = start;
    this.ports = ports;
    const prepared = prepareConfiguration(start, ports);
    this.#prepared = prepared;
    const { configuration, rendered } = prepared;
    this.#files = new SubjectFiles({
      start,
      configuration,
      files: rendered.files,
      uses: rendered.uses,
      fill: prepared.fill,
      crlName: crlFileName,
    });
    this.#evidence = new RabbitmqEvidence({
      start,
      port: ports.mqtt,
      onLost: () => this.#process.fail('rabbitmq-server left lines out of its log under load'),
    });
    const { workFolder } = start;
    this.#process = new ServerProcess({
      name: 'rabbitmq-server',
      command: [program.file],
      environment: nodeEnvironment({
        workFolder,
        main: configuration.main,
        advanced: prepared.advanced,
        ports,
      }),
      folder: workFolder,
      logFile: path.join(workFolder, SUBJECT_FILES.log),
      secrets: [path.join(workFolder, SUBJECT_FILES.privateKey)],
      logStream: 'stdout',
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

  /** The author has turned off what connections are told with. */
  get isSilent(): boolean {
    return this.#prepared.isSilent;
  }

  get checksRevocation(): boolean {
    return this.#prepared.rendered.uses.has('crl');
  }

  /** Resolves when it runs, or with why it doesn't. To be called once. */
  async start(): Promise<UserError | undefined> {
    let refusal: string | undefined;
    try {
      await this.#writeFiles();
      refusal = await this.#files.withKey(() => this.#begin());
    } catch (error) {
      await this.stop();
      throw error;
    }
    if (refusal === undefined) return undefined;
    await this.stop();
    return this.#refusal(refusal);
  }

  /** Where the log does not tell of connections there is nothing to wait for. */
  async drain(): Promise<void> {
    if (this.#prepared.isSilent) return;
    await this.#process.drain(this.#evidence);
  }

  /** It loads its users when it starts. */
  async change({ principals, ...changes }: BrokerChanges): Promise<void> {
    if (principals !== undefined) {
      throw new UserError(EXIT.invalidInput, {
        file: this.#prepared.configuration.path,
        message: 'RabbitMQ has no file of users that could be changed while it runs',
      });
    }
    await this.#files.change(changes);
    for (const [name, text] of Object.entries(changes.files ?? {})) {
      if (typeof text === 'string' && name.endsWith('.json')) this.#changedDefinitions.add(name);
    }
  }

  /**
   * Makes it read certificates and authorities again, and definitions that were changed, which are
   * added to those that it has. Of its settings it reads nothing while it runs, and its revocation
   * list at every handshake anyway.
   */
  async reload(): Promise<readonly string[]> {
    const told = await this.#files.withKey(async () => {
      const failure = (await this.#control(CLEAR_CERTIFICATES)) ?? (await this.#importChanged());
      if (failure !== undefined) return failure;
      this.#evidence.expectOwnRefusal();
      return shakeHands(this.ports.mqtt);
    });
    const errors =
      told === undefined ? [] : [`rabbitmq-server did not reload: ${printable(told, 500)}`];
    // It says so at each handshake only, by refusing it.
    const { crlProblem } = this.#files;
    if (crlProblem !== undefined) errors.push(`${crlProblem}: rabbitmq-server refuses everybody`);
    return errors;
  }

  async stop(): Promise<void> {
    await this.#process.stop();
    await this.#files.remove();
  }

  kill(): void {
    this.#process.kill();
  }

  async #begin(): Promise<string | undefined> {
    const { epmd } = this.#program;
    const { mqtt, names } = this.ports;
    this.#process.companion(epmd, ['-port', String(names), '-address', '127.0.0.1']);
    const refusal = await this.#process.start();
    if (refusal !== undefined) return refusal;
    const [beyond] = this.#evidence.beyondLoopback;
    if (beyond !== undefined) return `it listened on ${beyond}, which is not this machine alone`;
    if (!this.#evidence.listensOn(mqtt)) return `it does not listen on {{port}} (${mqtt}) for MQTT`;
    // It reads its certificate when the first connection comes, and keeps it.
    const failure = await shakeHands(mqtt);
    if (failure !== undefined) return `its TLS fails: ${failure}`;
    await this.drain();
    this.#evidence.begin();
    return undefined;
  }

  /** Definitions that were changed since the last reload; those that fail are tried again. */
  async #importChanged(): Promise<string | undefined> {
    for (const name of this.#changedDefinitions) {
      const file = path.resolve(this.#start.workFolder, name);
      const failure = await this.#control(importDefinitions(file));
      if (failure !== undefined) return failure;
      this.#changedDefinitions.delete(name);
    }
    return undefined;
  }

  /** Runs `rabbitmqctl`; resolves with what it said if it failed. */
  #control(command: readonly string[]): Promise<string | undefined> {
    const { workFolder } = this.#start;
    const environment = toolEnvironment({ workFolder, ports: this.ports });
    const tool = path.join(path.dirname(this.#program.file), 'rabbitmqctl');
    return new Promise((resolve) => {
      const child = execFile(
        tool,
        command,
        { cwd: workFolder, env: environment, timeout: RELOAD_TIMEOUT_MS, killSignal: 'SIGKILL' },
        (error, stdout, stderr) => {
          const words = `${stderr}${stdout}`.trim();
          resolve(error === null ? undefined : words === '' ? error.message : words);
        },
      );
      ownProcess(child);
    });
  }

  async #writeFiles(): Promise<void> {
    const { workFolder, principals = [] } = this.#start;
    await this.#files.write();
    await makeFolders(path.join(workFolder, NODE_FILES.home), 0o700);
    const write = (name: string, text: string) =>
      writeFileAtomic(path.join(workFolder, name), text, 0o600);
    await write(NODE_FILES.plugins, ENABLED_PLUGINS);
    await write(NODE_FILES.definitions, ownDefinitions(principals));
  }

  /** Its own words, with the author's lines where it names a key. */
  #refusal(why: string): UserError {
    const { configuration, rendered } = this.#prepared;
    const { errors } = this.#evidence;
    const problems = explainRejection(errors, configuration, rendered);
    // Of our own configuration nobody else is the author.
    if (this.#start.configuration !== undefined && problems.length > 0) {
      return new UserError(EXIT.invalidInput, problems);
    }
    const reason = problems[0]?.message ?? startFailure(errors, why);
    return new UserError(EXIT.unavailable, {
      message: `rabbitmq-server ${this.#program.version} could not be started: ${reason}`,
      hint: `its whole log is ${path.join(this.#start.workFolder, SUBJECT_FILES.log)}`,
    });
  }
}
