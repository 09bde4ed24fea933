/** Runs on real brokers: both sides of every connection are found, and what the logs lack is said. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BROKERS, renderReport, runScenario, terminalStyle } from '../../../src/index.ts';
import { runCli } from '../../support/fake-environment.ts';
import { temporaryFolder } from '../../support/history-events.ts';
import { patientScenario } from '../../support/patient-scenario.ts';
import { requireProgram } from '../../support/programs.ts';

const mosquitto = requireProgram('mosquitto');

async function runOn(broker: 'embedded' | 'mosquitto') {
  const folder = await temporaryFolder();
  return await runScenario(await patientScenario('cloned-client-ids'), {
    broker: { kind: 'local', adapter: BROKERS[broker] },
    out: join(folder, 'runs'),
    certs: join(folder, 'certs'),
    overrides: { timeScale: 0.5, mqttVersion: '3.1.1' },
  });
}

describe('a run on the embedded broker', () => {
  it('joins every session by port and has nothing to say against the broker', async () => {
    const report = await runOn('embedded');
    const observability = report.runs[0]?.observability;
    const { counts, disagreements } = observability ?? {};
    expect(counts?.deviceSessions).toBeGreaterThan(20);
    expect(counts).toMatchObject({
      joined: { port: counts?.brokerSessions },
      ambiguous: 0,
      certificatesFromDevice: 0,
    });
    const kinds = disagreements?.map(({ kind }) => kind);
    expect(kinds).not.toContain('broker-missed-session');
    expect(kinds).not.toContain('takeover-not-logged');
    // MQTT 3.1.1 has no word for it.
    expect(kinds).toContain('device-not-told');
    const text = renderReport(report, terminalStyle(false));
    expect(text).toMatch(
      /Evidence from both sides\n {2}broker log {4}\d+ connections joined by port/,
    );
    expect(text).toContain('× the evicted device was not told');
  });
});

describe.skipIf(!mosquitto.available)(`a run on Mosquitto${mosquitto.note}`, () => {
  it('takes certificates from the join, within the run and with the log by itself', async () => {
    const report = await runOn('mosquitto');
    const [run] = report.runs;
    const { counts } = run?.observability ?? {};
    expect(counts?.deviceSessions).toBeGreaterThan(20);
    expect(counts?.certificatesFromDevice).toBe(counts?.joined.port);
    expect(counts?.joined.port).toBe(counts?.deviceSessions);
    const log = join(run?.folder ?? '', 'broker', 'broker.log');
    const argv = [
      'history',
      'join',
      run?.history ?? '',
      log,
      '--client-id',
      'pump-firmware-default',
    ];
    const { stdout, code } = await runCli(argv);
    expect(code).toBe(0);
    expect(stdout).toContain(`${counts?.deviceSessions} connections joined by port`);
    expect(stdout).toMatch(/B │ closed, session-taken-over «Client pump-firmware-default already/);
    expect(stdout).toMatch(/D {5}│ closed, unknown «FIN»/);
  });
});
