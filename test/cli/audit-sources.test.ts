/** `audit` over evidence of other brokers, as a user types it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../support/fake-environment.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const STORM = `1795208400: mosquitto version 2.0.11 starting
1795208400: New connection from 10.0.0.1:1001 on port 8883.
1795208400: New client connected from 10.0.0.1:1001 as pump (p2, c1, k60, u'ann').
1795208401: New connection from 10.0.0.2:1002 on port 8883.
1795208401: Client pump already connected, closing old connection.
1795208401: New client connected from 10.0.0.2:1002 as pump (p2, c1, k60, u'bob').
1795208402: New connection from 10.0.0.3:1003 on port 8883.
1795208402: New client connected from 10.0.0.3:1003 as valve (p2, c1, k60, u'ann').
this is no line of Mosquitto
1795208409: Client pump disconnected.
1795208409: Client valve disconnected.
`;

interface Answer {
  readonly findings: readonly { readonly checkName: string }[];
  readonly auditDetails: Readonly<Record<string, { readonly doppelfleet: { status: string } }>>;
  readonly sources: readonly object[];
  readonly notes: readonly string[];
}

async function audit(...argv: readonly string[]): Promise<{ code: number; answer: Answer }> {
  const { code, stdout, stderr } = await runCli(['audit', '--json', ...argv]);
  expect(stderr).toBe('');
  return { code, answer: JSON.parse(stdout) as Answer };
}

describe('audit of a log', () => {
  it('finds the conflict, and says why sharing can’t be judged and what could not be read', async () => {
    const log = join(await temporaryFolder(), 'mosquitto.log');
    await writeFile(log, STORM);
    const { code, answer } = await audit('--format', 'mosquitto', log);
    expect(code).toBe(1);
    const aws = answer.findings.filter(({ checkName }) => /^[A-Z_]+_CHECK$/.test(checkName));
    expect(aws.map(({ checkName }) => checkName)).toContain('CONFLICTING_CLIENT_IDS_CHECK');
    expect(aws.map(({ checkName }) => checkName)).not.toContain('DEVICE_CERTIFICATE_SHARED_CHECK');
    const { status } = answer.auditDetails.DEVICE_CERTIFICATE_SHARED_CHECK?.doppelfleet ?? {};
    expect(status).toBe('inconclusive');
    expect(answer.sources).toMatchObject([
      { file: log, format: 'mosquitto', broker: 'mosquitto', unreadableLines: 1, complete: true },
    ]);
    expect(answer.notes.join('\n')).toMatch(/no certificate IDs: .*--identity-map/);
    expect(answer.notes.join('\n')).toMatch(/1 line could not be read .*line 9/);
  });

  it('with an identity map judges sharing, too', async () => {
    const folder = await temporaryFolder();
    const [log, map] = [join(folder, 'mosquitto.log'), join(folder, 'map.csv')];
    await writeFile(log, STORM.replace('this is no line of Mosquitto\n', ''));
    await writeFile(map, `principal,certificateId\nann,${'a'.repeat(64)}\nbob,${'b'.repeat(64)}\n`);
    const { answer } = await audit(log, '--identity-map', map);
    const details = answer.auditDetails.DEVICE_CERTIFICATE_SHARED_CHECK;
    expect(details?.doppelfleet.status).not.toBe('inconclusive');
  });

  it('reads a table with a mapping and a zone', async () => {
    const table = join(await temporaryFolder(), 'connections.csv');
    await writeFile(table, 'who;begin;finish\na;2026-11-20 23:00:00;2026-11-20 23:10:00\n');
    const { answer } = await audit(
      ...[table, '--map', 'clientId=who,connectedAt=begin,closedAt=finish', '--zone', '+02:00'],
      ...['--window', '2026-11-20T21:00:00Z..2026-11-20T21:30:00Z'],
    );
    expect(answer.sources).toMatchObject([{ format: 'csv', events: 2 }]);
    expect(answer.auditDetails.CONFLICTING_CLIENT_IDS_CHECK).toMatchObject({
      totalResourcesCount: 1,
    });
  });
});

describe('mistakes about sources end with one sentence for each', () => {
  it.each([
    { argv: ['--format', 'syslog', 'x'], code: 64, says: 'syslog' },
    { argv: ['--zone', 'Berlin', '--map', 'foo=bar', 'x'], code: 64, says: 'is no zone' },
    { argv: ['--zone', 'Berlin', '--map', 'foo=bar', 'x'], code: 64, says: 'no field "foo"' },
    { argv: ['--identity-map', '/nonexistent/map.csv', 'x'], code: 65, says: 'map.csv' },
    { argv: ['/nonexistent/x.log'], code: 65, says: 'no such file' },
  ])('$argv', async ({ argv, code, says }) => {
    const run = await runCli(['audit', ...argv]);
    expect(run.code).toBe(code);
    expect(run.stderr).toContain(says);
    expect(run.stderr).not.toMatch(/\n\s+at /);
  });
});
