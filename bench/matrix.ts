/**
 * The matrix of all seed scenarios, all shipped Mosquitto configurations and both MQTT versions, from
 * its first cell to its result. The scale is what its cells take one after the other.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadMatrix } from '../src/matrix/load.ts';
import { runMatrix } from '../src/run/run-matrix.ts';
import type { Bench } from './bench.ts';
import { spread } from './spread.ts';

const CONFIGURATIONS = fileURLToPath(new URL('../configurations/mosquitto', import.meta.url));

export const matrixBench = {
  title: 's for the seed scenarios on all Mosquitto configurations, MQTT 3.1.1 and 5',
  async run({ folder, tell, signal }) {
    const file = path.join(folder, 'matrix.yaml');
    const matrix = {
      name: 'bench',
      configurations: [CONFIGURATIONS],
      scenarios: ['shared-certificate', 'cloned-client-ids', 'flapping-connections'],
    };
    // YAML 1.2 reads JSON.
    writeFileSync(file, JSON.stringify(matrix));
    let done = 0;
    const result = await runMatrix(await loadMatrix(file), {
      out: path.join(folder, 'runs'),
      certs: path.join(folder, 'certs'),
      signal,
      observer: {
        cellFinished: () => {
          done += 1;
          if (done % 20 === 0) tell(`${done} cells`);
        },
      },
    });
    signal.throwIfAborted();
    const { cells } = result;
    const seconds = (result.endedAt - result.startedAt) / 1000;
    const oneByOne = cells.reduce((sum, cell) => sum + cell.durationMs, 0) / 1000;
    return {
      ...spread([seconds]),
      unit: 's of wall time for the whole matrix',
      bar: { atMost: 300 },
      reference: { what: 's that its cells take in sum', ...spread([oneByOne]) },
      details: {
        cells: cells.length,
        outcomes: Object.fromEntries(
          (['met', 'unmet', 'inconclusive'] as const).map((outcome) => [
            outcome,
            cells.filter((cell) => cell.outcome === outcome).length,
          ]),
        ),
        notes: result.notes,
        broker: result.brokers.mosquitto,
      },
    };
  },
} satisfies Bench;
