/** The commands as a user types them: streams, exit codes, JSON, help, and every kind of mistake. */
import { X509Certificate } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../support/fake-environment.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const FLEET = `
fleet:
  pumps: { devices: 3 }
arrival: { rate: 50/s }
duration: 400ms
settle: 2s
limits: { latenessP99: 60s }
`;

const COMMANDS = [
  'run',
  'plan',
  'matrix',
  'demo',
  'report',
  'validate',
  'probe',
  'list',
  'audit',
  'audits',
  'history',
  'certs',
] as const;

describe('help', () => {
  it('lists every command and every exit code', async () => {
    const { code, stdout } = await runCli(['--help']);
    expect(code).toBe(0);
    for (const command of [...COMMANDS, 'completion']) expect(stdout).toContain(command);
    for (const exit of [0, 1, 2, 64, 65, 69, 70, 74, 130]) {
      expect(stdout).toMatch(new RegExp(`\\b${exit} \\w`));
    }
  });

  it.each([
    ['run'],
    ['plan'],
    ['validate'],
    ['list'],
    ['matrix'],
    ['demo'],
    ['report'],
    ['probe'],
    ['audit'],
    ['history', 'convert'],
    ['history', 'info'],
    ['audits', 'schedule'],
    ['audits', 'compare'],
    ['certs', 'issue'],
    ['certs', 'server'],
    ['certs', 'import'],
    ['certs', 'list'],
    ['certs', 'show'],
    ['certs', 'verify'],
  ])('of %s %s has examples', async (...words) => {
    const { code, stdout } = await runCli([...words.filter((word) => word), '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('Examples:');
    expect(stdout).toContain(`doppelfleet ${words.join(' ').trim()}`);
  });
});

describe('completion', () => {
  it('has a script that asks the program', async () => {
    const { stdout } = await runCli(['completion'], { SHELL: '/bin/bash' });
    expect(stdout).toContain('doppelfleet --get-yargs-completions');
  });
});

describe('mistakes on the command line end with 64 and one sentence', () => {
  it.each([
    { argv: [], says: 'Say what to do' },
    { argv: ['rum'], says: 'run' },
    { argv: ['run'], says: 'Not enough' },
    { argv: ['run', 'control-fleet', '--borker', 'x'], says: 'borker' },
    { argv: ['run', 'control-flet'], says: 'did you mean control-fleet?' },
    { argv: ['run', 'control-fleet', '--seed', '-1'], says: '--seed' },
    { argv: ['run', 'control-fleet', '--seed', '1.5'], says: '--seed' },
    { argv: ['run', 'control-fleet', '--devices', 'sensors'], says: '<group>=<n>' },
    { argv: ['run', 'control-fleet', '--devices', 'sensors=0'], says: '<group>=<n>' },
    { argv: ['run', 'control-fleet', '--devices', 'sensor=3'], says: 'did you mean sensors?' },
    { argv: ['run', 'control-fleet', '--time-scale', '0'], says: '--time-scale' },
    { argv: ['run', 'control-fleet', '--fix', 'nothing'], says: 'no fix' },
    { argv: ['run', 'control-fleet', '--mqtt-version', '4'], says: '3.1.1' },
    { argv: ['run', 'control-fleet', '--broker', 'mosquito'], says: 'mosquitto' },
    { argv: ['run', 'control-fleet', '--broker', 'mqtts://localhost:1'], says: '--ca' },
    { argv: ['run', 'control-fleet', '--ca', 'ca.pem'], says: 'external broker' },
    { argv: ['run', 'control-fleet', '--max-rate', 'x'], says: '--max-rate' },
    { argv: ['run', 'control-fleet', '--workers', '0'], says: '--workers' },
    { argv: ['run', 'control-fleet', '--source-address', 'here'], says: '--source-address' },
    { argv: ['run', 'control-fleet', '--source-address', '192.0.2.1'], says: 'of this machine' },
    { argv: ['run', 'control-fleet', '--endpoint', 'mqtts://127.0.0.1'], says: '--endpoint' },
    { argv: ['audit', 'x.ndjson', '--window', 'yesterday'], says: 'window' },
    { argv: ['audit', 'x.ndjson', '--now', 'noon'], says: 'noon' },
    { argv: ['audit', 'x.ndjson', '--tolerance', '5'], says: '--tolerance' },
    { argv: ['audit', 'x.ndjson', '--check', 'CONFLICTING'], says: 'CONFLICTING_CLIENT_IDS_CHECK' },
    { argv: ['certs'], says: 'issue' },
    { argv: ['certs', 'import'], says: '--ca-cert' },
  ])('$argv', async ({ argv, says }) => {
    const { code, stdout, stderr } = await runCli(argv);
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).toContain(says);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).not.toMatch(/\bat .*\.[tj]s:\d+/);
  });

  it('shows all of them at once', async () => {
    const { stderr } = await runCli(
      'run control-fleet --seed x --devices sensors --time-scale -1'.split(' '),
    );
    expect(stderr.match(/^error: /gm)).toHaveLength(3);
  });

  it('refuses a target that is not loopback and says how to allow it', async () => {
    const folder = await temporaryFolder();
    await runCli(['certs', 'issue', 'a', '--certs', folder, '--out', join(folder, 'pem')]);
    const ca = join(folder, 'pem', 'ca.pem');
    const { code, stderr } = await runCli([
      'run',
      'control-fleet',
      '--broker',
      'mqtts://staging.example',
      '--ca',
      ca,
      '--out',
      folder,
    ]);
    expect(code).toBe(64);
    expect(stderr).toContain('staging.example:8883');
    expect(stderr).toContain('targets');
  });

  it('refuses more than the caps, names each, and says how to raise it', async () => {
    const { code, stderr } = await runCli(
      'run control-fleet --devices sensors=20000 --time-scale 900'.split(' '),
    );
    expect(code).toBe(64);
    expect(stderr).toContain('--max-devices 20001');
    expect(stderr).toContain('--max-duration');
  });
});

describe('plan', () => {
  it('gives the same bytes for the same seed, and others for another', async () => {
    const plan = async (seed: string) =>
      (await runCli(['plan', 'cloned-client-ids', '--json', '--seed', seed])).stdout;
    expect(await plan('5')).toBe(await plan('5'));
    expect(await plan('5')).not.toBe(await plan('6'));
  });

  it('prints on stdout what would be touched, and touches nothing', async () => {
    const { code, stdout, stderr } = await runCli(['plan', 'shared-certificate']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('26 with 21 certificates');
    expect(stdout).toContain('1 finding of DEVICE_CERTIFICATE_SHARED_CHECK');
  });
});

describe('validate', () => {
  it('reports every problem of every file with line, column and path, and ends with 65', async () => {
    const folder = await temporaryFolder();
    const [bad, good] = [join(folder, 'bad.yaml'), join(folder, 'good.yaml')];
    await writeFile(good, `name: good\npurpose: p${FLEET}`);
    await writeFile(bad, `name: bad\npurpose: p\ncolour: red${FLEET.replace('3', '0')}`);
    const { code, stdout } = await runCli(['validate', bad, good]);
    expect(code).toBe(65);
    expect(stdout).toContain(`valid ${good}`);
    expect(stdout).toContain(`${bad}:3:1`);
    expect(stdout).toContain('"colour"');
    expect(stdout).toContain(`${bad}:5:21 fleet.pumps.devices`);
  });

  it('speaks JSON', async () => {
    const { code, stdout } = await runCli(['validate', 'control-fleet', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([{ file: 'control-fleet', valid: true }]);
  });
});

describe('list', () => {
  it('prints every registry as text and as JSON', async () => {
    const text = (await runCli(['list'])).stdout;
    const lists = JSON.parse((await runCli(['list', '--json'])).stdout);
    expect(Object.keys(lists)).toEqual([
      'scenarios',
      'scripts',
      'checks',
      'behaviours',
      'reconnect-policies',
      'fixes',
      'brokers',
      'formats',
      'exports',
      'metrics',
    ]);
    for (const entries of Object.values<{ name: string; title: string }[]>(lists)) {
      expect(entries.length).toBeGreaterThan(0);
      for (const { name, title } of entries) {
        expect(text).toContain(name);
        expect(title).not.toBe('');
      }
    }
  });
});

describe('run', () => {
  it('tells its story on stderr and keeps stdout for JSON', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'small.yaml');
    await writeFile(file, `name: small\npurpose: p${FLEET}expect: { findings: none }\n`);
    const where = ['--out', join(folder, 'runs'), '--certs', join(folder, 'certs')];
    const plain = await runCli(['run', file, ...where]);
    expect({ code: plain.code, stdout: plain.stdout }).toEqual({ code: 0, stdout: '' });
    expect(plain.stderr).toContain('3 with 3 certificates');
    expect(plain.stderr).toContain('✔ met');
    expect(plain.stderr).not.toContain('\u001b');
    const json = await runCli(['run', file, '--quiet', '--json', ...where]);
    expect(json.stderr).toBe('');
    expect(JSON.parse(json.stdout)).toMatchObject({ reportVersion: 1, outcome: 'met' });
  });

  it('ends with 1 when an expectation is wrong, and leaves everything it promises', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'wrong.yaml');
    const expectation =
      'expect: { findings: { expected: [{ check: CONFLICTING_CLIENT_IDS_CHECK }] } }\n';
    await writeFile(file, `name: wrong\npurpose: p${FLEET}${expectation}`);
    const out = join(folder, 'runs');
    const junit = join(folder, 'all.xml');
    const { code } = await runCli([
      'run',
      file,
      '--out',
      out,
      '--certs',
      join(folder, 'certs'),
      '--junit',
      junit,
    ]);
    expect(code).toBe(1);
    const [run = ''] = await readdir(out);
    expect((await readdir(join(out, run))).sort()).toEqual([
      'broker',
      'findings.json',
      'history.ndjson',
      'junit.xml',
      'plan.json',
      'report.html',
      'report.json',
      'scenario.json',
      'truth.ndjson',
    ]);
    expect(await readFile(junit, 'utf8')).toContain('failures="1"');
  });

  it('checks every file before the first packet', async () => {
    const folder = await temporaryFolder();
    const out = join(folder, 'runs');
    const { code, stderr } = await runCli(['run', 'control-fleet', './no.yaml', '--out', out]);
    expect(code).toBe(65);
    expect(stderr).toContain('cannot read ./no.yaml: no such file or folder');
    await expect(readdir(out)).rejects.toThrow('ENOENT');
  });

  it('says that a folder can not be written', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'file'), '');
    const { code, stderr } = await runCli(['run', 'control-fleet', '--out', join(folder, 'file')]);
    expect(code).not.toBe(70);
    expect(stderr).toContain('cannot create a run folder');
  });

  it('says that the JUnit file can not be written, before the first packet', async () => {
    const folder = await temporaryFolder();
    const out = join(folder, 'runs');
    for (const file of [folder, join(folder, 'missing', 'x.xml')]) {
      const { code, stderr } = await runCli([
        'run',
        'control-fleet',
        '--junit',
        file,
        '--out',
        out,
      ]);
      expect(code).toBe(64);
      expect(stderr).toContain(`--junit ${file}`);
    }
    await expect(readdir(out)).rejects.toThrow('ENOENT');
  });

  it('says that a CA can not be read', async () => {
    const folder = await temporaryFolder();
    const ca = join(folder, 'ca.pem');
    await writeFile(ca, 'no certificate');
    const argv = ['run', 'control-fleet', '--broker', 'mqtts://localhost:1', '--ca', ca];
    const { code, stderr } = await runCli(argv);
    expect(code).toBe(65);
    expect(stderr).toContain('not a readable CA certificate');
  });
});

describe('--mqtt-version takes', () => {
  it.each(['3.1.1', '5'])('%s, which must not be read as a number', async (version) => {
    const { code, stdout } = await runCli(['plan', 'control-fleet', '--mqtt-version', version]);
    expect(code).toBe(0);
    expect(stdout).toContain(`MQTT ${version} over TLS`);
  });
});

describe('audit', () => {
  it('reproduces the findings of a run', async () => {
    const folder = await temporaryFolder();
    const out = join(folder, 'runs');
    const argv = 'run cloned-client-ids --time-scale 0.3 --quiet --json'.split(' ');
    const run = await runCli([...argv, '--out', out, '--certs', join(folder, 'certs')]);
    const [{ history, audit }] = JSON.parse(run.stdout).runs;
    const again = await runCli(['audit', history, '--json']);
    expect(again.code).toBe(1);
    expect(JSON.parse(again.stdout)).toEqual(audit);
    const text = await runCli(['audit', history]);
    expect(text.stdout).toContain('pump-firmware-default');
  });

  it('ends with 65 for what is no history', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'noise');
    await writeFile(file, Buffer.from([0, 1, 2, 255, 254]));
    const { code, stderr } = await runCli(['audit', file, join(folder, 'missing')]);
    expect(code).toBe(65);
    expect(stderr).not.toMatch(/\bat .*\.[tj]s:\d+/);
  });
});

describe('certs', () => {
  it('issues, lists, shows and verifies, and never prints a key', async () => {
    const folder = await temporaryFolder();
    const store = ['--certs', join(folder, 'certs')];
    const pems = join(folder, 'pems');
    const outputs = [
      await runCli(['certs', 'issue', 'pump-1', 'pump-2', '--out', pems, ...store]),
      await runCli(['certs', 'issue', 'pump-3', '--json', ...store]),
      await runCli(['certs', 'list', ...store]),
      await runCli(['certs', 'list', '--json', ...store]),
      await runCli(['certs', 'show', 'pump-1', ...store]),
      await runCli(['certs', 'show', 'pump-1', '--json', ...store]),
      await runCli(['certs', 'show', 'pump-1', '--pem', ...store]),
      await runCli(['certs', 'verify', ...store]),
    ];
    for (const { code, stdout, stderr } of outputs) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).not.toContain('PRIVATE KEY');
    }
    expect((await readdir(pems)).sort()).toEqual([
      '.gitignore',
      'ca.pem',
      'pump-1.key',
      'pump-1.pem',
      'pump-2.key',
      'pump-2.pem',
    ]);
  });

  it('issues a server certificate for a broker of one’s own', async () => {
    const folder = await temporaryFolder();
    const pems = join(folder, 'pems');
    const argv = ['certs', 'server', 'broker.example', '--out', pems];
    expect((await runCli([...argv, '--certs', join(folder, 'certs')])).code).toBe(0);
    const { subjectAltName, keyUsage } = new X509Certificate(
      await readFile(join(pems, 'server.pem')),
    );
    expect(subjectAltName).toContain('DNS:broker.example');
    expect(keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  });

  it('issues for the thing that was named, whatever was imported', async () => {
    const folder = await temporaryFolder();
    const store = ['--certs', join(folder, 'certs')];
    const pems = join(folder, 'pems');
    await runCli(['certs', 'issue', 'old', '--out', pems, '--certs', join(folder, 'other')]);
    await runCli(['certs', 'import', '--devices', pems, ...store]);
    const refused = await runCli(['certs', 'issue', 'new', ...store]);
    expect(refused.code).toBe(65);
    expect(refused.stderr).toContain('no authority');
    const ca = join(folder, 'ca');
    const authority = ['--ca-cert', join(ca, 'ca.pem'), '--ca-key', join(ca, 'ca.key')];
    await mkdir(ca);
    for (const name of ['ca.pem', 'ca.key']) {
      await copyFile(join(folder, 'other', 'default', name), join(ca, name));
    }
    expect((await runCli(['certs', 'import', ...authority, ...store])).code).toBe(0);
    await runCli(['certs', 'issue', 'new', '--out', join(folder, 'new'), ...store]);
    const { subject } = new X509Certificate(await readFile(join(folder, 'new', 'new.pem')));
    expect(subject).toContain('CN=new');
  });

  it('refuses a lifetime that is none', async () => {
    const { code, stderr } = await runCli(['certs', 'issue', 'a', '--lifetime', '1ms']);
    expect(code).toBe(64);
    expect(stderr).toContain('--lifetime is too short');
  });

  it('imports what it issued, into another store', async () => {
    const folder = await temporaryFolder();
    const pems = join(folder, 'pems');
    await runCli(['certs', 'issue', 'a', 'b', '--out', pems, '--certs', join(folder, 'one')]);
    await mkdir(join(folder, 'devices'));
    for (const name of ['a.pem', 'a.key', 'b.pem', 'b.key']) {
      await writeFile(join(folder, 'devices', name), await readFile(join(pems, name)));
    }
    const { code, stdout } = await runCli([
      'certs',
      'import',
      '--devices',
      join(folder, 'devices'),
      '--ca',
      join(pems, 'ca.pem'),
      '--certs',
      join(folder, 'two'),
      '--json',
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ imported: 2, pool: 2 });
  });
});
