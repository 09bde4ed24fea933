/** The shipped matrix of the life of a certificate: every script about it, on every broker. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadMatrix } from '../../src/matrix/load.ts';
import { planMatrix } from '../../src/run/run-matrix.ts';

const FILE = fileURLToPath(new URL('../../configurations/life-cycle.yaml', import.meta.url));

test('the life of a certificate is tried on every broker that can be started here', async () => {
  const { cells } = planMatrix(await loadMatrix(FILE));
  const brokers = ['embedded', 'mosquitto', 'nats', 'rabbitmq'];
  expect([...new Set(cells.map((cell) => cell.broker))].sort()).toEqual(brokers);
  const scenarios = new Set(cells.map((cell) => cell.scenario));
  for (const one of ['revoked-while-connected', 'expired-while-connected', 'authority-rotation']) {
    expect(scenarios).toContain(one);
  }
  const configurations = new Set(cells.map((cell) => `${cell.broker}/${cell.configuration}`));
  expect(cells).toHaveLength(configurations.size * scenarios.size);
});
