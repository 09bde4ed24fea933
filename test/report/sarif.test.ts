import { beforeAll, describe, expect, test } from 'vitest';
import type { AuditResult } from '../../src/audit/finding.ts';
import type { ExportOptions } from '../../src/report/exports/export.ts';
import { renderExport } from '../../src/report/exports/registry.ts';
import { mustFit, sarifLog } from '../support/json-schemas.ts';
import { auditOf, hostileAudit, plainEvents, quietEvents } from '../support/real-audit.ts';

let plain: AuditResult;
beforeAll(async () => {
  plain = await auditOf(plainEvents);
});

function runOf(audit: AuditResult, options: ExportOptions = {}) {
  const log = JSON.parse(renderExport('sarif', audit, options));
  mustFit(sarifLog, log);
  return log.runs[0];
}

const withFile = (file: string): AuditResult => ({
  ...plain,
  sources: plain.sources.map((source) => ({ ...source, file })),
});

describe('an audit as SARIF', () => {
  test('has a rule for each check and a result for each finding, with a fingerprint that stays', async () => {
    const { tool, results } = runOf(plain, { toolVersion: '1.2.3' });
    expect(tool.driver).toMatchObject({ name: 'doppelfleet', version: '1.2.3' });
    const shared = results.find(
      ({ ruleId }: { ruleId: string }) => ruleId === 'DEVICE_CERTIFICATE_SHARED_CHECK',
    );
    expect(tool.driver.rules[shared.ruleIndex]).toMatchObject({
      id: 'DEVICE_CERTIFICATE_SHARED_CHECK',
      defaultConfiguration: { level: 'error' },
      properties: { 'security-severity': '9.5' },
    });
    const [, finding] = plain.findings;
    expect(shared).toMatchObject({
      kind: 'fail',
      level: 'error',
      partialFingerprints: {
        'findingId/v1': finding?.findingId,
        primaryLocationLineHash: `${finding?.findingId}:1`,
      },
    });
    const again = runOf(await auditOf(plainEvents, { now: plain.taskStartTime * 1000 + 1e6 }));
    expect(again.results.map((one: typeof shared) => one.partialFingerprints)).toEqual(
      results.map((one: typeof shared) => one.partialFingerprints),
    );
  });

  test('passes a compliant check and leaves an inconclusive one open', async () => {
    const blind = await auditOf(quietEvents.map(({ certificateId: _, ...event }) => event));
    const { results } = runOf(blind);
    const kinds = results.map(({ ruleId, kind, level }: Record<string, string>) => [
      ruleId,
      kind,
      level,
    ]);
    expect(kinds).toContainEqual(['CONFLICTING_CLIENT_IDS_CHECK', 'pass', 'none']);
    expect(kinds).toContainEqual(['DEVICE_CERTIFICATE_SHARED_CHECK', 'open', 'none']);
    expect(runOf(blind, { variant: 'findings' }).results).toEqual([]);
  });

  test.each([
    ['runs/a b/history.ndjson', undefined, 'runs/a%20b/history.ndjson'],
    ['/home/me/fleet/runs/history.ndjson', '/home/me/fleet', 'runs/history.ndjson'],
    ['/var/log/mosquitto.log', '/home/me', '../../var/log/mosquitto.log'],
    ['/var/log/mosquitto.log', undefined, 'mosquitto.log'],
    ['a:b?#%.log', undefined, 'a%3Ab%3F%23%25.log'],
  ])('names %s from %s as the relative URI %s', (file, baseFolder, uri) => {
    const run = runOf(withFile(file), baseFolder === undefined ? {} : { baseFolder });
    expect(run.artifacts[0].location.uri).toBe(uri);
    expect(run.results[0].locations[0].physicalLocation.artifactLocation).toEqual({
      uri,
      index: 0,
    });
  });

  test('points a finding at the histories that prove it', () => {
    const [source] = plain.sources;
    const [first] = plain.findings;
    if (source === undefined || first === undefined) throw new Error('no finding');
    const run = runOf({
      ...plain,
      sources: [
        { ...source, file: 'a.ndjson', evidenceOffset: 0 },
        { ...source, file: 'b.ndjson', evidenceOffset: 100 },
        { ...source, file: 'c.ndjson', evidenceOffset: 200 },
      ],
      findings: [{ ...first, doppelfleet: { ...first.doppelfleet, evidence: [101, 250] } }],
    });
    const uris = run.results[0].locations.map(
      (one: { physicalLocation: { artifactLocation: { uri: string } } }) =>
        one.physicalLocation.artifactLocation.uri,
    );
    expect(uris).toEqual(['b.ndjson', 'c.ndjson']);
  });

  test('states suppressions on every result as soon as one is suppressed', () => {
    expect(runOf(plain).results[0]).not.toHaveProperty('suppressions');
    const [first, ...rest] = plain.findings;
    if (first === undefined) throw new Error('no finding');
    const { results } = runOf({ ...plain, findings: [{ ...first, isSuppressed: true }, ...rest] });
    const [suppressed, ...others] = results.map(
      ({ suppressions }: { suppressions: unknown }) => suppressions,
    );
    expect(suppressed).toEqual([{ kind: 'external', status: 'accepted' }]);
    expect(others).toEqual(others.map(() => []));
  });

  test('makes no link and no placeholder of a client ID', async () => {
    const { results } = runOf(await hostileAudit());
    for (const { message } of results) {
      expect(message.text).not.toContain('](');
      expect(message.text.replaceAll('{{', '').replaceAll('}}', '')).not.toMatch(/[{}]/);
    }
  });
});
