/** `fix` and broker rules on real brokers: passes, proposals, refusals, the traps of shared identity. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EXIT, UserError } from '../../src/core/errors.ts';
import { BROKERS } from '../../src/index.ts';
import type { RunReport } from '../../src/report/report.ts';
import { type FixOptions, fixScenario } from '../../src/run/fix-scenario.ts';
import { runScenario } from '../../src/run/run-scenario.ts';
import { patientScenario } from '../support/patient-scenario.ts';
import { requireProgram } from '../support/programs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const mosquitto = requireProgram('mosquitto');
const embedded = { kind: 'local', adapter: BROKERS.embedded } as const;
const onMosquitto = { kind: 'local', adapter: BROKERS.mosquitto } as const;

async function places() {
  const folder = await temporaryFolder();
  return { out: join(folder, 'runs'), certs: join(folder, 'certs') };
}

const short = { overrides: { timeScale: 0.35 } };

async function fix(name: string, options: FixOptions = {}) {
  return fixScenario(await patientScenario(name), { ...(await places()), ...short, ...options });
}

/** What a run with one fix found and said, each expectation that is not met. */
function told(run: RunReport | undefined) {
  const unmet = run?.verdict.expectations.filter(({ outcome }) => outcome !== 'met') ?? [];
  return {
    found: run?.audit.findings.map(({ checkName }) => checkName),
    unmet: unmet.map(({ text, because }) => `${text}: ${because}`),
  };
}

async function runWith(name: string, broker: typeof embedded | typeof onMosquitto, spec: string) {
  const report = await runScenario(await patientScenario(name), {
    ...(await places()),
    ...short,
    broker,
    fixes: [spec],
  });
  return report.runs[1];
}

describe('fix', () => {
  test('cures a full clone in two passes, as the first uncovers what it hid', async () => {
    const report = await fix('full-clone', { overrides: { timeScale: 0.45 } });
    expect(report).toMatchObject({
      ending: 'clean',
      outcome: 'met',
      spec: 'client-id-from-thing-name:on=clones+unique-certificates:on=clones',
      tried: ['client-id-from-thing-name', 'unique-certificates'],
    });
    expect(report.passes.map(({ removed, appeared }) => [removed.length, appeared.length])).toEqual(
      [
        [2, 2],
        [2, 0],
      ],
    );
    expect(JSON.parse(await readFile(join(report.folder, 'fix.json'), 'utf8'))).toEqual(
      JSON.parse(JSON.stringify(report)),
    );
    const whole = JSON.parse(await readFile(join(report.folder, 'report.json'), 'utf8'));
    expect(whole.runs.map((run: RunReport) => run.fix?.name)).toEqual([
      undefined,
      ...report.passes.map(({ spec }) => spec),
    ]);
  });

  test('only proposes in a dry run, with the means of the broker beside it', async () => {
    const report = await fix('cloned-client-ids', { dryRun: true, followUp: 'fix it' });
    expect(report).toMatchObject({ ending: 'dry-run', outcome: 'unmet', passes: [] });
    expect(report.next.map(({ spec }) => spec)).toEqual(['client-id-from-thing-name:on=clones']);
    expect(report.suggestions.map(({ command }) => command)).toEqual([
      'fix it --with bind-client-id',
      "fix it --with 'revoke-certificates:on=<group>'",
    ]);
  });

  test('has nothing to do where nothing is found', async () => {
    const report = await fix('control-fleet');
    expect(report).toMatchObject({ ending: 'clean', outcome: 'met', found: [], suggestions: [] });
  });

  test('refuses before the first packet what it could never try', async () => {
    await expect(fix('control-fleet', { with: ['bnd-client-id'] })).rejects.toThrow(
      'did you mean bind-client-id?',
    );
    await expect(fix('control-fleet', { with: ['unique-certificates'] })).rejects.toThrow(
      'changes nothing in any group',
    );
  });
});

describe('a rule for the broker', () => {
  test('that refuses foreign client IDs keeps the clones out of the embedded broker', async () => {
    const run = await runWith('cloned-client-ids', embedded, 'bind-client-id');
    expect(told(run)).toEqual({ found: [], unmet: [] });
    expect(run?.verdict.expectations).toContainEqual(
      expect.objectContaining({
        kind: 'refused',
        text: 'the broker refuses the 6 devices that it must',
        outcome: 'met',
      }),
    );
    expect(run?.fix).toMatchObject({
      name: 'bind-client-id',
      parts: [{ strategy: 'bind-client-id', side: 'broker', application: 'suggestion' }],
    });
  });

  test.skipIf(!mosquitto)(
    'that replaces client IDs makes devices with one certificate fight on Mosquitto',
    async () => {
      const run = await runWith('shared-certificate', onMosquitto, 'bind-client-id');
      expect(told(run)).toEqual({ found: ['CONFLICTING_CLIENT_IDS_CHECK'], unmet: [] });
      expect(run?.audit.findings[0]?.nonCompliantResource.resourceIdentifier.clientId).toBe(
        'batch-1',
      );
    },
  );

  test.skipIf(!mosquitto)('that revokes certificates is enforced by Mosquitto', async () => {
    const run = await runWith('cloned-client-ids', onMosquitto, 'revoke-certificates:on=clones');
    expect(told(run)).toEqual({ found: [], unmet: [] });
    expect(run?.statistics.devices.neverConnected).toHaveLength(6);
  });

  test('that a broker lacks is refused before anything is started', async () => {
    const run = runWith('cloned-client-ids', embedded, 'nothing');
    await expect(run).rejects.toThrow('there is no fix "nothing"');
    const elsewhere = { kind: 'external', adapter: BROKERS.embedded, host: '127.0.0.1', port: 1 };
    const refused = runScenario(await patientScenario('cloned-client-ids'), {
      ...(await places()),
      broker: { ...elsewhere, kind: 'external' },
      fixes: ['bind-client-id'],
    });
    await expect(refused).rejects.toThrow(UserError);
    await expect(refused).rejects.toMatchObject({ exitCode: EXIT.usage });
    await expect(refused).rejects.toThrow("can't be set on a broker that runs elsewhere");
  });
});

describe('the trap of UUIDs made from a shared certificate', () => {
  test('one client ID for all of its holders: the sharing turns into a fight', async () => {
    const spec = 'client-id-uuid:uuid=v5-certificate,on=batch';
    const run = await runWith('shared-certificate', embedded, spec);
    expect(told(run)).toEqual({ found: ['CONFLICTING_CLIENT_IDS_CHECK'], unmet: [] });
    expect(run?.blastRadius.planted[0]).toContain('6 devices with one client ID');
  });
});
