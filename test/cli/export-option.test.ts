/** `--export` on the command line: what is written where, and every mistake before the audit. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseExports } from '../../src/cli/export-option.ts';
import { UserError } from '../../src/core/errors.ts';
import { runCli } from '../support/fake-environment.ts';
import { header, historyText } from '../support/history-events.ts';
import { auditOf, plainEvents, quietEvents } from '../support/real-audit.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let folder = '';
let history = '';
beforeEach(async () => {
  folder = await temporaryFolder();
  history = join(folder, 'history.ndjson');
  await writeFile(history, historyText(plainEvents, header(['broker'])));
});

describe('the values of --export', () => {
  it('name a kind, perhaps a variant, and a file', () => {
    const values = ['sarif=a=b.sarif', 'csv:related=-', 'aws-findings:describe=c:d.json'];
    expect(parseExports(values, { json: false })).toEqual([
      { id: 'sarif', variant: undefined, file: 'a=b.sarif' },
      { id: 'csv', variant: 'related', file: '-' },
      { id: 'aws-findings', variant: 'describe', file: 'c:d.json' },
    ]);
  });

  it.each([
    [['sarif'], 'write <kind>=<file>'],
    [['sarif='], 'write <kind>=<file>'],
    [['=x'], 'no export ""'],
    [['sarf=x'], 'did you mean sarif?'],
    [['toString=x'], 'use one of aws-findings'],
    [['csv:rows=x'], 'use csv, csv:related'],
    [['csv:toString=x'], 'no variant "toString"'],
    [['csv=-', 'sarif=-'], '2 exports want standard output'],
    [['csv=x', 'sarif=./x'], 'two exports go to'],
  ])('%j are refused: %s', (values, says) => {
    expect(() => parseExports(values, { json: false })).toThrow(UserError);
    expect(() => parseExports(values, { json: false })).toThrow(says);
  });

  it('are refused all at once', () => {
    const values = ['sarf=x', 'csv', 'junit=-'];
    expect(() => parseExports(values, { json: true })).toThrow(/sarif\?\n.*csv.*\n.*--json/);
  });
});

describe('audit --export', () => {
  it('writes files whole and leaves nothing besides', async () => {
    const [sarif, csv] = [join(folder, 'out.sarif'), join(folder, 'out.csv')];
    const argv = [
      '--export',
      `sarif=${sarif}`,
      '--export',
      `csv=${csv}`,
      '--account',
      '123456789012',
    ];
    const { code, stdout } = await runCli(['audit', history, ...argv]);
    expect(code).toBe(1);
    expect(stdout).toContain('CONFLICTING_CLIENT_IDS_CHECK');
    expect(JSON.parse(await readFile(sarif, 'utf8')).version).toBe('2.1.0');
    expect((await readFile(csv, 'utf8')).split('\r\n')).toHaveLength(4);
    expect((await readdir(folder)).sort()).toEqual(['history.ndjson', 'out.csv', 'out.sarif']);
  });

  it('gives standard output to the export that asks for it and shows findings on stderr', async () => {
    const { code, stdout, stderr } = await runCli(['audit', history, '--export', 'aws-findings=-']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout).findings).toHaveLength(2);
    expect(stderr).toContain('CONFLICTING_CLIENT_IDS_CHECK');
  });

  it('archives what the audit before had, read from its JSON', async () => {
    const [before, quiet] = [join(folder, 'before.json'), join(folder, 'quiet.ndjson')];
    await writeFile(before, JSON.stringify(await auditOf(plainEvents)));
    await writeFile(quiet, historyText(quietEvents, header(['broker'])));
    const argv = ['--previous', before, '--export', 'asff:findings=-'];
    const { code, stdout } = await runCli(['audit', quiet, ...argv]);
    expect(code).toBe(0);
    const states = JSON.parse(stdout).map(
      ({ RecordState }: { RecordState: string }) => RecordState,
    );
    expect(states).toEqual(['ARCHIVED', 'ARCHIVED']);
  });

  it.each([
    [['--export', 'csv=-', '--json'], 64, '--json'],
    [['--export', 'asff=-', '--account', '12'], 64, '12 digits'],
    [['--export', 'asff=-', '--region', 'moon'], 64, 'eu-west-1'],
    [['--account', '123456789012'], 64, 'belong to an --export'],
    [['--export', 'csv=missing/folder/out.csv'], 65, 'make the folder first'],
    [['--export', 'asff=-', '--previous', 'missing.json'], 65, 'no such file'],
  ])('%j ends with %i before the audit: %s', async (argv, exit, says) => {
    const { code, stdout, stderr } = await runCli(['audit', 'no-such-history', ...argv]);
    expect({ code, stdout }).toEqual({ code: exit, stdout: '' });
    expect(stderr).toContain(says);
    expect(stderr).not.toContain('no-such-history');
  });

  it('says so when the file to write is a folder', async () => {
    const taken = join(folder, 'taken');
    await mkdir(taken);
    const { code, stderr } = await runCli(['audit', history, '--export', `csv=${taken}`]);
    expect(code).toBe(65);
    expect(stderr).toContain('it is a folder');
    expect((await readdir(folder)).sort()).toEqual(['history.ndjson', 'taken']);
  });
});
