/** The matchers for Vitest pass, fail and explain themselves. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Report, runScenario } from '../src/index.ts';
import type { FindingQuery } from '../src/vitest.ts';
import '../src/vitest.ts';
import { patientScenario } from './support/patient-scenario.ts';

const CONFLICT = 'CONFLICTING_CLIENT_IDS_CHECK';

let folder = '';
let report: Report;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'doppelfleet-matchers-'));
  report = await runScenario(await patientScenario('cloned-client-ids'), {
    out: join(folder, 'runs'),
    certs: join(folder, 'certs'),
    overrides: { timeScale: 0.4 },
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('toHaveFinding', () => {
  it('finds by check, client ID and diagnosis, in a report, a run and an audit', () => {
    const query: FindingQuery = {
      check: CONFLICT,
      clientId: 'pump-firmware-default',
      diagnosis: 'rival-devices',
    };
    const [run] = report.runs;
    for (const one of [report, run, run?.audit]) {
      expect(one).toHaveFinding(query);
    }
    expect(report).not.toHaveFinding({ check: 'DEVICE_CERTIFICATE_SHARED_CHECK' });
  });

  it('says what was found instead', () => {
    expect(() => expect(report).toHaveFinding({ clientId: 'pumps-1' })).toThrow(
      /pumps-1[\s\S]*found:\n {2}CONFLICTING_CLIENT_IDS_CHECK pump-firmware-default/,
    );
    expect(() => expect(report).not.toHaveFinding({ check: CONFLICT })).toThrow(
      'expected no finding',
    );
  });
});

describe('toBeMet', () => {
  it('agrees with the verdict, and names what was not met', () => {
    expect(report).toBeMet();
    const [run] = report.runs;
    if (run === undefined) throw new Error('the report has a run');
    const unmet = {
      ...run,
      verdict: {
        outcome: 'unmet' as const,
        expectations: run.verdict.expectations.map((one) => ({
          ...one,
          outcome: 'unmet' as const,
        })),
      },
    };
    expect(() => expect(unmet).toBeMet()).toThrow(/unmet: takeovers\.count >= 5 \(/);
    expect(() => expect(report).not.toBeMet()).toThrow('not to be met');
  });
});
