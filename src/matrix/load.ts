/**
 * Reads a matrix file with all that it names, or makes a matrix of a folder of configurations.
 * Every problem of the file is told at once, with its place. A configuration that is wrong in itself
 * is no problem of the file: its cells say so, and the others go on.
 */
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { BROKERS } from '../broker/registry.ts';
import { EXIT, fileError, UserError } from '../core/errors.ts';
import { SCENARIO_BYTES_MAX } from '../core/limits.ts';
import { printable } from '../core/text.ts';
import { parseYaml } from '../core/yaml-document.ts';
import { zodProblems } from '../scenario/zod-problems.ts';
import { configurationName } from './cell.ts';
import { DEFAULT_SCENARIOS } from './default-scenarios.ts';
import { type LoadedMatrix, MatrixLoader, spoken } from './loader.ts';
import { BUILT_IN_CONFIGURATIONS, locateConfigurations } from './locate-configuration.ts';
import { loadMatrixScenario } from './scenario-reference.ts';
import { matrixJsonSchema, matrixSchema } from './schema.ts';

/** The matrix that comes with doppelfleet. */
export const BUILT_IN_MATRIX = join(BUILT_IN_CONFIGURATIONS, 'matrix.yaml');

/** Loads a matrix file. Throws a `UserError` (65) with every problem of it. */
export async function loadMatrix(file: string = BUILT_IN_MATRIX): Promise<LoadedMatrix> {
  const text = await readText(file);
  const document = parseYaml(text, file);
  if (document.problems.length > 0) throw new UserError(EXIT.invalidInput, document.problems);
  const parsed = matrixSchema.safeParse(document.value, { reportInput: true });
  if (!parsed.success) {
    const kind = {
      noun: 'a matrix',
      begin: 'begin with name, configurations and scenarios; the shipped matrix is an example',
      schema: matrixJsonSchema(),
    };
    throw new UserError(EXIT.invalidInput, zodProblems(parsed.error, document, file, kind));
  }
  return new MatrixLoader(document, file).load(parsed.data);
}

/** A matrix of every configuration in a folder, with scenarios that fit any broker. */
export async function matrixOfFolder(folder: string, broker?: string): Promise<LoadedMatrix> {
  const entry = broker === undefined ? folder : { file: folder, broker: brokerId(broker) };
  const found = await locateConfigurations(entry, '.');
  if (found === undefined || found.length === 0) {
    const kinds = Object.keys(BROKERS).join(', ');
    throw new UserError(EXIT.invalidInput, {
      message: `there are no configurations in ${printable(folder)}`,
      hint: `it is named as a broker (${kinds}), has folders that are, or say which with --broker`,
    });
  }
  const scenarios = await Promise.all(
    DEFAULT_SCENARIOS.map((reference) => loadMatrixScenario(reference, '.')),
  );
  const name = basename(resolve(folder)).toLowerCase();
  return {
    name: /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) ? name : 'configurations',
    definition: {
      versions: ['3.1.1', '5'],
      configurations: found,
      scenarios: scenarios.map((one) => one.name),
      pairs: [],
      spoken,
    },
    configurations: new Map(found.map((one) => [configurationName(one), one])),
    scenarios: new Map(scenarios.map((one) => [one.name, one])),
  };
}

function brokerId(name: string): keyof typeof BROKERS {
  const id = (Object.keys(BROKERS) as (keyof typeof BROKERS)[]).find((one) => one === name);
  if (id !== undefined) return id;
  throw new UserError(EXIT.usage, {
    message: `there is no broker "${printable(name, 60)}"`,
    hint: `use one of ${Object.keys(BROKERS).join(', ')}`,
  });
}

async function readText(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw fileError(error, 'read', file);
  });
  if (bytes.length <= SCENARIO_BYTES_MAX) return bytes.toString('utf8');
  throw new UserError(EXIT.invalidInput, {
    file,
    message: `the file is larger than ${SCENARIO_BYTES_MAX} bytes`,
    hint: 'a matrix names files; is it another one?',
  });
}
