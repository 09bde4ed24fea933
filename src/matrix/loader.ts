/**
 * What a matrix file names, found and read: configurations, scenarios, pairs. All problems are
 * gathered with the place of the words that caused them.
 */
import { dirname, resolve } from 'node:path';
import { BROKERS } from '../broker/registry.ts';
import { EXIT, formatProblem, inOrder, type Problem, UserError } from '../core/errors.ts';
import { MQTT_LEVELS, type MqttVersion } from '../core/ids.ts';
import { nearest, printable } from '../core/text.ts';
import type { ParsedDocument } from '../core/yaml-document.ts';
import { configurationName } from './cell.ts';
import type { MatrixDefinition, PairDefinition } from './expand.ts';
import { locateConfigurations, type MatrixConfiguration } from './locate-configuration.ts';
import type { PairSide } from './pair.ts';
import { loadMatrixScenario, type MatrixScenario } from './scenario-reference.ts';
import type { MatrixFile, PairEntry } from './schema.ts';

export interface LoadedMatrix {
  readonly name: string;
  readonly definition: MatrixDefinition;
  /** By `<broker>/<name>`: those of the product and those that only pairs name. */
  readonly configurations: ReadonlyMap<string, MatrixConfiguration>;
  /** By their names in cells. */
  readonly scenarios: ReadonlyMap<string, MatrixScenario>;
}

type Path = readonly (string | number)[];
const FAILED = Symbol('failed');

/** Loads what the file names; use one for one file. */
export class MatrixLoader {
  readonly #document: ParsedDocument;
  readonly #file: string;
  readonly #problems: Problem[] = [];
  readonly #configurations = new Map<string, MatrixConfiguration>();
  readonly #scenarios = new Map<string, MatrixScenario>();

  constructor(document: ParsedDocument, file: string) {
    this.#document = document;
    this.#file = file;
  }

  async load(matrix: MatrixFile): Promise<LoadedMatrix> {
    const product = await this.#product(matrix);
    const scenarios: string[] = [];
    for (const [index, reference] of matrix.scenarios.entries()) {
      const name = await this.#scenario(reference, ['scenarios', index]);
      if (name !== undefined) scenarios.push(name);
    }
    const pairs: PairDefinition[] = [];
    for (const [index, entry] of matrix.pairs.entries()) {
      const pair = await this.#pair(entry, index);
      if (pair !== undefined) pairs.push(pair);
    }
    if (matrix.pairs.length === 0 && (product.length === 0 || scenarios.length === 0)) {
      const hint = 'write configurations and scenarios, or pairs';
      this.#add([], { message: 'there is nothing to try in this matrix', hint });
    }
    if (this.#problems.length > 0) throw new UserError(EXIT.invalidInput, inOrder(this.#problems));
    return {
      name: matrix.name,
      definition: {
        versions: [...new Set(matrix.versions)],
        configurations: product,
        scenarios: [...new Set(scenarios)],
        pairs,
        spoken,
      },
      configurations: this.#configurations,
      scenarios: this.#scenarios,
    };
  }

  async #product({ configurations }: MatrixFile): Promise<readonly MatrixConfiguration[]> {
    const names: string[] = [];
    for (const [index, entry] of configurations.entries()) {
      const path = ['configurations', index];
      const found = await this.#attempt(path, () =>
        locateConfigurations(entry, dirname(this.#file)),
      );
      const file = typeof entry === 'string' ? entry : entry.file;
      if (found === undefined || found === FAILED) {
        if (found === undefined) this.#missing(path, file);
      } else if (found.length === 0) {
        const hint = 'a folder of configurations is named as a broker, or has folders that are';
        this.#add(path, { message: `there is none in ${printable(file, 200)}`, hint });
      } else names.push(...found.flatMap((one) => this.#register(one, path) ?? []));
    }
    return [...new Set(names)].flatMap((name) => this.#configurations.get(name) ?? []);
  }

  /** The name under which a configuration is known from now on. */
  #register(one: MatrixConfiguration, path: Path): string | undefined {
    const name = configurationName(one);
    if (!Object.hasOwn(BROKERS, one.broker)) {
      this.#add(path, {
        message: `it is not said which broker ${printable(one.path, 200)} is for`,
        hint: `name its folder so, or write { file, broker } with one of ${Object.keys(BROKERS).join(', ')}`,
      });
      return undefined;
    }
    const known = this.#configurations.get(name);
    if (known !== undefined && resolve(known.path) !== resolve(one.path)) {
      this.#add(path, {
        message: `two configurations are named ${printable(name)}`,
        hint: 'give one of them another name: { file, name }',
      });
      return undefined;
    }
    this.#configurations.set(name, known ?? one);
    return name;
  }

  async #scenario(reference: string, path: Path): Promise<string | undefined> {
    const scenario = await this.#attempt(path, () =>
      loadMatrixScenario(reference, dirname(this.#file)),
    );
    if (scenario === FAILED) return undefined;
    const known = this.#scenarios.get(scenario.name);
    if (known !== undefined && known.file !== scenario.file) {
      this.#add(path, {
        message: `two scenarios are named ${printable(scenario.name)}`,
        hint: 'change the name in one of the files',
      });
      return undefined;
    }
    this.#scenarios.set(scenario.name, scenario);
    return scenario.name;
  }

  async #pair(entry: PairEntry, index: number): Promise<PairDefinition | undefined> {
    const secure = await this.#side(entry, 'secure', index);
    const insecure = await this.#side(entry, 'insecure', index);
    if (secure === undefined || insecure === undefined) return undefined;
    const { requirement, title, versions } = entry;
    return { requirement, title, secure, insecure, ...(versions ? { versions } : {}) };
  }

  async #side(
    entry: PairEntry,
    which: 'secure' | 'insecure',
    index: number,
  ): Promise<PairSide | undefined> {
    const side = entry[which];
    const path = ['pairs', index, which];
    const { configuration: wanted, scenario: own } =
      typeof side === 'string' ? { configuration: side, scenario: undefined } : side;
    const configuration = await this.#named(wanted, path);
    const reference = own ?? entry.scenario;
    if (reference === undefined) {
      const hint = 'write scenario in the pair, or { configuration, scenario } for the side';
      this.#add(path, { message: 'no scenario is named for this side', hint });
      return undefined;
    }
    const scenario = await this.#scenario(
      reference,
      own === undefined ? ['pairs', index, 'scenario'] : [...path, 'scenario'],
    );
    if (configuration === undefined || scenario === undefined) return undefined;
    return { broker: configuration.broker, configuration: configuration.configuration, scenario };
  }

  /** A configuration by its name in tables, or by its file. */
  async #named(wanted: string, path: Path): Promise<MatrixConfiguration | undefined> {
    const known = this.#configurations.get(wanted);
    if (known !== undefined) return known;
    const found = await this.#attempt(path, () =>
      locateConfigurations(wanted, dirname(this.#file)),
    );
    if (found === FAILED) return undefined;
    const [first, ...more] = found ?? [];
    if (first === undefined || more.length > 0) {
      this.#missing(path, wanted);
      return undefined;
    }
    const name = this.#register(first, path);
    return name === undefined ? undefined : this.#configurations.get(name);
  }

  #missing(path: Path, wanted: string): void {
    const near = nearest(wanted, [...this.#configurations.keys()]);
    this.#add(path, {
      message: `there is no configuration ${printable(wanted, 200)}`,
      hint: near
        ? `did you mean ${near}?`
        : 'name a file or folder relative to this one, or a shipped one as <broker>/<name>',
    });
  }

  /** What another file is wrong in is told with its own place, the rest with the place here. */
  async #attempt<T>(path: Path, work: () => Promise<T>): Promise<T | typeof FAILED> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      for (const problem of error.problems) {
        if (problem.line === undefined) this.#add(path, problem);
        else this.#push(problem);
      }
      return FAILED;
    }
  }

  /** Two places that name one bad file are told of it once. */
  #push(problem: Problem): void {
    const text = formatProblem(problem);
    if (!this.#problems.some((known) => formatProblem(known) === text))
      this.#problems.push(problem);
  }

  #add(path: Path, { message, hint }: Pick<Problem, 'message' | 'hint'>): void {
    this.#push({
      file: this.#file,
      ...this.#document.locate(path),
      ...(path.length === 0 ? {} : { path: path.join('.') }),
      message,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/** The MQTT versions that a broker speaks, of those that a matrix may name. */
export function spoken(broker: string): readonly MqttVersion[] {
  const adapter = Object.entries(BROKERS).find(([id]) => id === broker)?.[1];
  const levels: readonly number[] = adapter?.capabilities.protocolVersions ?? [];
  const all: readonly MqttVersion[] = ['3.1.1', '5'];
  return all.filter((version) => levels.includes(MQTT_LEVELS[version]));
}
