/** `audit --certificates … --crl …` as a user types it: with a history, alone, and mistaken. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildCrl, crlPem, ensureDevices, loadAuthority, openStore } from '../../src/index.ts';
import { runCli } from '../support/fake-environment.ts';
import { certificate, historyText, session, temporaryFile } from '../support/history-events.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const HOUR = 3_600_000;

/** A store with two devices, the first of which is revoked. */
async function revokedStore() {
  const folder = await temporaryFolder();
  const now = Date.now();
  const store = openStore(folder, { now: () => now });
  const wanted = ['one', 'two'].map((name) => ({
    name,
    thingName: name,
    keyType: 'P-256' as const,
  }));
  const devices = await ensureDevices(store, wanted);
  const authority = await loadAuthority(store);
  const one = devices.get('one');
  if (authority === undefined || one === undefined) throw new Error('the store is empty');
  const { serialNumber, certificateId } = one;
  const revoked = [{ serialNumber, revokedAt: now - HOUR, reason: 'keyCompromise' as const }];
  const list = { thisUpdate: now - HOUR, nextUpdate: now + HOUR, number: 1, revoked };
  const crl = join(folder, 'list.crl');
  writeFileSync(crl, crlPem(buildCrl(authority, list)));
  return { folder, crl, certificateId };
}

describe('audit --certificates', () => {
  it('finds a revoked certificate without a history', async () => {
    const { folder, crl, certificateId } = await revokedStore();
    const asked = ['audit', '--certificates', folder, '--crl', crl, '--json'];
    const { code, stdout } = await runCli(asked);
    expect(code).toBe(1);
    const { findings, auditDetails } = JSON.parse(stdout);
    expect(findings).toMatchObject([
      {
        checkName: 'REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK',
        nonCompliantResource: { resourceIdentifier: { deviceCertificateId: certificateId } },
        reasonForNonComplianceCode: 'CERTIFICATE_REVOKED_BY_ISSUER',
      },
    ]);
    expect(Object.keys(auditDetails)).toHaveLength(8);
  });

  it('judges them beside a history, and takes the days that it is told', async () => {
    const { folder } = await revokedStore();
    const history = await temporaryFile(historyText(session('1', 'dev', 'a', [0, 100])));
    const days = ['--expiring-days', '3652', '--age-days', '30', '--now', new Date().toISOString()];
    const asked = ['audit', history, '--certificates', folder, ...days];
    const { code, stdout } = await runCli(asked);
    expect(code).toBe(1);
    expect(stdout).toContain('DEVICE_CERTIFICATE_EXPIRING_CHECK: non-compliant, 2 of 2');
    expect(stdout).toContain('CONFLICTING_CLIENT_IDS_CHECK: compliant');
    expect(stdout).not.toContain(certificate('a'));
  });

  it('refuses days out of range, days without certificates and files that hold none', async () => {
    const { folder } = await revokedStore();
    const wrong = ['audit', '--certificates', folder, '--expiring-days', '29'];
    const bare = await temporaryFile('nothing', 'x.pem');
    const answers = await Promise.all([
      runCli(wrong),
      runCli(['audit', 'x.ndjson', '--age-days', '40']),
      runCli(['audit', '--certificates', bare]),
    ]);
    expect(answers.map(({ code }) => code)).toEqual([64, 64, 65]);
    expect(answers[0]?.stderr).toContain('whole number from 30 to 3652');
    expect(answers[1]?.stderr).toContain('days are given but no certificates');
    expect(answers[2]?.stderr).toContain('holds no certificate and no revocation list');
  });
});
