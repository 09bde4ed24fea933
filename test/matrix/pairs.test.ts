/**
 * The shipped pairs on the real brokers: of each, the secure configuration is met and the insecure
 * one unmet, every negative with its positive controls in the same run.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadMatrix } from '../../src/matrix/load.ts';
import type { MatrixResult } from '../../src/matrix/result.ts';
import { runMatrix } from '../../src/run/run-matrix.ts';
import { requireProgram } from '../support/programs.ts';

const PROGRAMS: Readonly<Record<string, string>> = {
  mosquitto: 'mosquitto',
  nats: 'nats-server',
  rabbitmq: 'rabbitmq-server',
};
const RUN_MS = 8 * 60_000;

const shipped = await loadMatrix();
const missing = new Set(
  Object.entries(PROGRAMS).flatMap(([broker, name]) =>
    requireProgram(name).available ? [] : [broker],
  ),
);
const { pairs } = shipped.definition;
const runnable = pairs.filter(
  ({ secure, insecure }) => !missing.has(secure.broker) && !missing.has(insecure.broker),
);

describe('the shipped pairs', () => {
  let folder: string;
  let result: MatrixResult;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'doppelfleet-pairs-'));
    const { definition } = shipped;
    // The pairs alone: the product of scenarios and configurations is for a sweep of its own.
    const matrix = {
      ...shipped,
      definition: { ...definition, scenarios: [], configurations: [], pairs: runnable },
    };
    result = await runMatrix(matrix, {
      out: folder,
      certs: join(folder, 'certs'),
      jobs: 8,
    });
  }, RUN_MS);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('are for every requirement from R1 to R25', () => {
    const named = new Set(pairs.map((pair) => pair.requirement));
    const wanted = Array.from({ length: 25 }, (_, index) => `R${index + 1}`);
    expect(wanted.filter((requirement) => !named.has(requirement))).toEqual([]);
  });

  test.each(runnable.map((pair) => [`${pair.requirement}: ${pair.title}`, pair] as const))(
    '%s, and it does not where the configuration is insecure',
    (_, { requirement, title }) => {
      const pair = result.pairs.find(
        (one) => one.requirement === requirement && one.title === title,
      );
      expect(pair, pair?.because).toMatchObject({ outcome: 'met' });
    },
  );
});
