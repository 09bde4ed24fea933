/**
 * Every scenario of the project on real brokers over mutual TLS, as it is and with each of its
 * fixes, with MQTT 3.1.1 and 5: the verdict must be the same everywhere.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import '../src/vitest.ts';
import { BROKERS, builtInScenarios, runScenario } from '../src/index.ts';
import { patientScenario } from './support/patient-scenario.ts';
import { requireProgram } from './support/programs.ts';

/** Shorter than written; gaps stay well above what a broker's evidence can be late. */
const TIME_SCALE = 0.6;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'doppelfleet-scenarios-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const names = await builtInScenarios();
const mosquitto = requireProgram('mosquitto');

scenariosOn('embedded', '', true);
scenariosOn('mosquitto', mosquitto.note, mosquitto.available);

function scenariosOn(broker: 'embedded' | 'mosquitto', note: string, available: boolean): void {
  describe.skipIf(!available)(`on ${broker}${note}`, () => {
    describe.concurrent.each(['3.1.1', '5'] as const)('with MQTT %s', (mqttVersion) => {
      it.each(names)('%s meets its expectations, before and after its fixes', async (name) => {
        const report = await runScenario(await patientScenario(name), {
          broker: { kind: 'local', adapter: BROKERS[broker] },
          out: join(folder, 'runs'),
          certs: join(folder, 'certs', broker),
          fixes: 'all',
          overrides: { timeScale: TIME_SCALE, mqttVersion },
        });
        expect(report).toBeMet();
        // The broker's records have every session that a device had.
        for (const { observability } of report.runs) {
          const kinds = observability?.disagreements.map(({ kind }) => kind);
          expect(kinds ?? ['nothing was joined']).not.toContain('broker-missed-session');
          expect(observability?.counts.ambiguous).toBe(0);
        }
      });
    });
  });
}
