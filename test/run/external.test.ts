/**
 * A broker that someone else runs: only the devices' view exists. Takeovers come from DISCONNECT
 * 0x8E or are inferred, and the verdicts are the same as with the broker's own evidence.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import '../../src/vitest.ts';
import { realClock } from '../../src/fleet/real-clock.ts';
import { deviceCaPem } from '../../src/identity/store-authority.ts';
import {
  BROKERS,
  builtInScenarios,
  ensureDevices,
  ensureServer,
  externalBroker,
  openStore,
  type RunOptions,
  runScenario,
} from '../../src/index.ts';
import { patientScenario } from '../support/patient-scenario.ts';
import { requireProgram } from '../support/programs.ts';

/** Concurrent tests share the clean-up: one of their own could not tell which test it is for. */
const cleanUps: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

interface Elsewhere {
  readonly options: RunOptions;
  readonly stop: () => Promise<void>;
}

/** Starts a broker that the run knows only by its URL. */
async function brokerElsewhere(
  id: 'embedded' | 'mosquitto',
  trusted: 'our devices' | 'nobody of ours',
): Promise<Elsewhere> {
  const folder = await mkdtemp(join(tmpdir(), 'doppelfleet-external-'));
  cleanUps.push(() => rm(folder, { recursive: true, force: true }));
  const certs = join(folder, 'certs');
  const own = openStore(certs, { now: Date.now });
  await ensureDevices(own, [{ name: 'first', thingName: 'first', keyType: 'P-256' }]);
  const server = await ensureServer(own);
  const other = openStore(join(folder, 'other'), { now: Date.now });
  await ensureDevices(other, [{ name: 'first', thingName: 'first', keyType: 'P-256' }]);
  const workFolder = join(folder, 'work');
  await mkdir(workFolder);
  const broker = await BROKERS[id].start({
    clock: realClock,
    workFolder,
    server: { ...server.credential, caPem: server.caPem },
    deviceCaPem: (await deviceCaPem(trusted === 'our devices' ? own : other)) ?? '',
    onEvent: () => {},
    onFailure: () => {},
  });
  cleanUps.push(() => broker.stop());
  const { host, port } = broker.endpoint;
  const adapter = externalBroker({ url: `mqtts://${host}:${port}`, caPem: server.caPem });
  return {
    options: {
      broker: { kind: 'external', adapter, host, port },
      certs,
      out: join(folder, 'runs'),
      overrides: { timeScale: 0.6 },
    },
    stop: () => broker.stop(),
  };
}

const names = await builtInScenarios();
const mosquitto = requireProgram('mosquitto');

describe('an external broker', () => {
  describe.concurrent('that tells evicted devices (MQTT 5, 0x8E)', () => {
    it.each(names)('%s meets its expectations from the devices’ view alone', async (name) => {
      const { options } = await brokerElsewhere('embedded', 'our devices');
      expect(await runScenario(await patientScenario(name), options)).toBeMet();
    });
  });

  describe.skipIf(!mosquitto.available)(
    `that only closes the connection${mosquitto.note}`,
    { concurrent: true },
    () => {
      it.each(names)('%s meets its expectations, with takeovers inferred', async (name) => {
        const { options } = await brokerElsewhere('mosquitto', 'our devices');
        const report = await runScenario(await patientScenario(name), options);
        expect(report).toBeMet();
        for (const finding of report.runs[0]?.audit.findings ?? []) {
          const conflict = finding.checkName === 'CONFLICTING_CLIENT_IDS_CHECK';
          expect(finding.doppelfleet.inferred.includes('reason')).toBe(conflict);
        }
      });
    },
  );

  it('that refuses every device gives no verdict, and says what it saw', async () => {
    const { options } = await brokerElsewhere('embedded', 'nobody of ours');
    const report = await runScenario('control-fleet', options);
    expect(report.outcome).toBe('inconclusive');
    const [run] = report.runs;
    expect(run?.statistics.connects.accepted).toBe(0);
    expect(run?.notes.join('\n')).toMatch(/connects failed, most often with/);
  });

  it('that dies in mid-run is no verdict but a failed run', async () => {
    const { options, stop } = await brokerElsewhere('embedded', 'our devices');
    let stopped: Promise<void> | undefined;
    const report = await runScenario('control-fleet', {
      ...options,
      observer: {
        progress: ({ connected }) => {
          if (connected > 5) stopped ??= stop();
        },
      },
    });
    await stopped;
    expect(report.outcome).toBe('inconclusive');
    expect(report.runs[0]).toMatchObject({
      outcome: 'failed',
      failure: expect.stringContaining('cannot reach mqtts://127.0.0.1:'),
    });
  });

  it('that is not there is said to be unavailable, before a run folder is made', async () => {
    const { options, stop } = await brokerElsewhere('embedded', 'our devices');
    await stop();
    await expect(runScenario('control-fleet', options)).rejects.toMatchObject({
      exitCode: 69,
      problems: [{ message: expect.stringContaining('cannot reach mqtts://127.0.0.1:') }],
    });
  });
});
