/** Mitigation in a run of a fleet: findings so far, actions on the live broker, the fleet goes on. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { BrokerAdapter } from '../../src/broker/adapter.ts';
import { embeddedBroker } from '../../src/broker/embedded/adapter.ts';
import { mosquittoBroker } from '../../src/broker/mosquitto/adapter.ts';
import { terminalStyle } from '../../src/report/style.ts';
import { renderReport } from '../../src/report/text.ts';
import { orderMitigation } from '../../src/run/mitigate.ts';
import { runScenario } from '../../src/run/run-scenario.ts';
import { mitigationWith, QUARANTINE, REVOKE } from '../support/mitigation-samples.ts';
import { requireProgram } from '../support/programs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const mosquitto = requireProgram('mosquitto');

const SHARED = `
name: shared
purpose: Three devices share a certificate.
fleet:
  others: { devices: 2 }
  batch: { devices: 3, identity: { certificate: shared, clientId: 'batch-{{n}}' } }
arrival: { rate: 50/s }
duration: 1s
settle: 1s
expect: { findings: planted }
`;

interface Wish {
  readonly adapter: BrokerAdapter;
  readonly dryRun?: boolean;
  readonly fixes?: readonly string[];
  readonly scenario?: string;
}

async function run({ adapter, dryRun = false, fixes = [], scenario = SHARED }: Wish) {
  const folder = await temporaryFolder();
  const mitigation = mitigationWith(
    {
      tell: '{ doppelfleetPublishParams: { mqtt: { topic: security/findings } } }',
      quarantine: QUARANTINE,
      revoke: REVOKE,
    },
    'DEVICE_CERTIFICATE_SHARED_CHECK: [tell, quarantine, revoke]',
  );
  const order = await orderMitigation(mitigation, {
    dryRun,
    allowedTargets: [],
    confirmedTargets: [],
    allowListFile: 'targets.yaml',
    env: {},
  });
  const file = join(folder, 'shared.yaml');
  await writeFile(file, scenario);
  const report = await runScenario(file, {
    broker: { kind: 'local', adapter },
    out: join(folder, 'runs'),
    certs: join(folder, 'certs'),
    mitigation: order,
    fixes,
  });
  return { report, folder: report.folder };
}

async function ndjson(file: string) {
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line));
}

describe('mitigation in a run', () => {
  test('acts on the live broker, and its own connections are no part of the history', async () => {
    const { report, folder } = await run({ adapter: embeddedBroker });
    const [first] = report.runs;
    expect(first?.mitigation?.executions.map(({ status, message }) => message ?? status)).toEqual([
      'COMPLETED',
      'COMPLETED',
      'COMPLETED',
    ]);
    expect(report.outcome).toBe('met');
    expect(first?.mitigation?.executions[2]?.doppelfleet.hit).toEqual([
      { device: 'batch-1', certificate: 'batch-1', role: 'owner', live: true },
      { device: 'batch-2', certificate: 'batch-1', role: 'sharer', live: true },
      { device: 'batch-3', certificate: 'batch-1', role: 'sharer', live: true },
    ]);
    const events = await ndjson(join(folder, 'history.ndjson'));
    const clientIds = events.flatMap(({ clientId }) => (clientId ? [clientId] : []));
    expect([...new Set(clientIds)].sort()).toEqual([
      'batch-1',
      'batch-2',
      'batch-3',
      'others-1',
      'others-2',
    ]);
    const record = JSON.parse(await readFile(join(folder, 'mitigation.json'), 'utf8'));
    expect(record).toEqual(first?.mitigation);
    const trail = await ndjson(join(folder, 'mitigation-trail.ndjson'));
    expect(trail.filter(({ phase }) => phase === 'before').length).toBeGreaterThan(6);
    const text = renderReport(report, terminalStyle(false));
    expect(text).toContain('Mitigation: COMPLETED, 3 COMPLETED');
    expect(text).toContain('sessions still open');
  });

  test('a dry run leaves broker, store and folder as they are', async () => {
    const { report, folder } = await run({ adapter: embeddedBroker, dryRun: true });
    const { mitigation } = report.runs[0] ?? {};
    expect(mitigation?.executions.map(({ status, message }) => message ?? status)).toEqual([
      'PENDING',
      'PENDING',
      'PENDING',
    ]);
    expect(mitigation?.doppelfleet).toMatchObject({ dryRun: true, trail: '' });
    await expect(readFile(join(folder, 'mitigation.json'))).rejects.toThrow('ENOENT');
    const manifest = await readFile(join(folder, '../../certs/default/manifest.json'), 'utf8');
    expect(manifest).toContain('batch-1');
    expect(manifest).not.toContain('doppelfleet-control');
  });

  test.skipIf(!mosquitto.available)(
    `a rotation ends with the old certificate refused by a real Mosquitto${mosquitto.note}`,
    async () => {
      const fixes = ['certificate-rotation:on=batch'];
      const scenario = SHARED.replace('duration: 1s', 'duration: 3s');
      const { report } = await run({ adapter: mosquittoBroker, fixes, scenario });
      const [before, after] = report.runs;
      expect(before?.rotation).toBeUndefined();
      expect(after?.rotation).toMatchObject({
        status: 'completed',
        moved: 3,
        kept: [],
        liveOnRevoked: 0,
        revoked: [{ certificate: 'batch-1', holders: ['batch-1', 'batch-2', 'batch-3'] }],
      });
      const steps = after?.rotation?.steps.map(({ what, detail }) => `${what}: ${detail}`) ?? [];
      expect(steps).toContainEqual(
        expect.stringMatching(
          /^tried to connect with the certificate of batch-1 .*: it was refused by the TLS alert certificate_revoked after the TLS handshake/,
        ),
      );
      expect(steps).toContainEqual(
        'tried a certificate that is not revoked: it was accepted with CONNACK 0x00',
      );
      expect(steps.at(-1)).toBe('looked for sessions on the old certificates: there is none');
    },
  );
});
