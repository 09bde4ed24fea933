/** Scripts as a user types them: run, plan, validate and list, their streams, mistakes and codes. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { tlsOf } from '../fleet/connector-harness.ts';
import { runCli } from '../support/fake-environment.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { parseXml } from '../support/xml.ts';

const HEAD = 'name: mine\npurpose: Someone connects.\nclients: { owner: {} }\nsteps:\n';
const FILES = {
  met: `${HEAD}  - { connect: owner, risk: it is shut out }\nvariants:\n  bare: { clients: { owner: { certificate: none } } }\n`,
  unmet: `${HEAD}  - connect: owner\n  - { connect: owner, expect: refused, risk: it is let in }\n`,
  inconclusive: `${HEAD}  - disconnect: owner\n  - { connect: owner, risk: r }\n`,
  wrong: `${HEAD}  - { conect: owner, risk: r }\n  - { connect: ownr }\n`,
} as const;

let folder: string;
const fileOf = (name: keyof typeof FILES): string => join(folder, `${name}.yaml`);
const run = (...argv: readonly string[]) =>
  runCli(['run', ...argv, '--out', join(folder, 'runs'), '--certs', join(folder, 'certs')]);

beforeEach(async () => {
  folder = await temporaryFolder();
  for (const [name, text] of Object.entries(FILES)) {
    await writeFile(join(folder, `${name}.yaml`), text);
  }
});

describe('run', () => {
  it.each([
    ['met', 0, 'mine: ✔ met – 1 judged step as expected'],
    ['unmet', 1, 'mine: ✖ unmet – it is let in'],
    [
      'inconclusive',
      2,
      'mine: ? inconclusive – owner disconnects (a control): owner is not connected',
    ],
  ] as const)(
    'ends with the code of what is %s, and tells it on stderr',
    async (name, code, words) => {
      const result = await run(fileOf(name));
      expect([result.code, result.stdout]).toEqual([code, '']);
      expect(result.stderr.replaceAll(/\n +/g, ' ')).toContain(words);
      expect(result.stderr).not.toContain('\u001b');
    },
  );

  it('takes a variant, and ends with the worst code of several', async () => {
    const { code, stdout } = await run(`${fileOf('met')}:bare`, fileOf('met'), '--json', '--quiet');
    expect(code).toBe(1);
    const names = (JSON.parse(stdout) as { scenario: { name: string } }[]).map(
      ({ scenario }) => scenario.name,
    );
    expect(names).toEqual(['mine:bare', 'mine']);
  });

  it('prints the whole report as JSON, and nothing else on stdout', async () => {
    const { code, stdout } = await run(fileOf('unmet'), '--json', '--mqtt-version', '3.1.1');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'script',
      mqttVersion: '3.1.1',
      scenario: { name: 'mine', purpose: 'Someone connects.' },
      broker: { id: 'embedded' },
      ended: 'completed',
      outcome: 'unmet',
      result: {
        outcome: 'unmet',
        steps: [
          { step: 1, line: 5, role: 'control', outcome: 'met', text: 'owner connects' },
          { step: 2, line: 6, role: 'judged', outcome: 'unmet', risk: 'it is let in' },
        ],
      },
    });
  });

  it('writes one JUnit file over fleets and scripts alike', async () => {
    const file = join(folder, 'junit.xml');
    const { code } = await run(fileOf('met'), fileOf('unmet'), '--junit', file, '--quiet');
    expect(code).toBe(1);
    const root = parseXml(await readFile(file, 'utf8'));
    expect(root.attributes).toMatchObject({ tests: '2', failures: '1', errors: '0' });
  });

  it('takes a configuration of the user', async () => {
    const file = join(folder, 'open.yaml');
    await writeFile(file, 'port: {{port}}\nrequireCertificate: false\n');
    const variant = `${fileOf('met')}:bare`;
    expect((await run(variant, '--quiet')).code).toBe(1);
    expect((await run(variant, '--quiet', '--configuration', file)).code).toBe(0);
  });

  it.each([
    [['--fix', 'x'], '--fix is for fleets'],
    [['--seed', '3', '--devices', 'a=3'], '--seed and --devices are for fleets'],
    [['--time-scale', '2'], '--time-scale is for fleets'],
    [
      ['--configuration', 'x.conf', '--broker', 'mqtts://127.0.0.1:1', '--ca', 'CA'],
      '--configuration belongs to a broker that is started here',
    ],
  ])('refuses %j with 64, before anything is started', async (argv, words) => {
    const caFile = join(folder, 'ca.pem');
    await writeFile(caFile, String(tlsOf().ca));
    const { code, stderr } = await run(
      fileOf('met'),
      ...argv.map((word) => (word === 'CA' ? caFile : word)),
    );
    expect([code, stderr]).toEqual([64, expect.stringContaining(words)]);
  });

  it('refuses a variant that there is not, and says the nearest', async () => {
    const { code, stderr } = await run(`${fileOf('met')}:bear`);
    expect([code, stderr]).toEqual([64, expect.stringContaining('did you mean mine:bare?')]);
  });

  it('is interrupted with 130', async () => {
    const text = `${HEAD}  - connect: owner\n  - wait: 1m\n  - { connect: owner, risk: r }\n`;
    await writeFile(fileOf('met'), text);
    const argv = [
      'run',
      fileOf('met'),
      '--out',
      join(folder, 'runs'),
      '--certs',
      join(folder, 'c'),
    ];
    const { code, stderr } = await runCli(argv, {}, (said, interrupt) => {
      if (said.includes('owner connects')) interrupt();
    });
    expect(code).toBe(130);
    expect(stderr).toContain('the script was interrupted');
  });
});

describe('plan', () => {
  it('shows clients, steps and risks, and touches no broker', async () => {
    const { code, stdout } = await runCli(['plan', 'session-theft:no-certificate'], {
      COLUMNS: '60',
    });
    expect(code).toBe(0);
    expect(stdout).toContain('session-theft:no-certificate');
    expect(stdout).toContain('risk: ');
    expect(stdout).not.toContain('\u001b');
    expect(stdout.split('\n').filter((line) => line.length > 60)).toEqual([]);
  });

  it('prints the script as JSON', async () => {
    const { stdout } = await runCli(['plan', fileOf('met'), '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      script: { name: 'mine', steps: [{ connect: 'owner' }] },
      lines: [5],
    });
  });

  it('refuses what is for fleets', async () => {
    const { code, stderr } = await runCli(['plan', fileOf('met'), '--fix', 'x']);
    expect([code, stderr]).toEqual([64, expect.stringContaining('--fix is for fleets')]);
  });
});

describe('validate', () => {
  it('tells every problem of every file, with its place', async () => {
    const { code, stdout } = await runCli(['validate', fileOf('met'), fileOf('wrong')]);
    expect(code).toBe(65);
    expect(stdout).toContain(`✔ valid ${fileOf('met')}`);
    expect(stdout).toContain(`✖ invalid ${fileOf('wrong')}`);
    expect(stdout).toContain(
      'wrong.yaml:5:7 steps.0: unknown key "conect" — did you mean connect?',
    );
  });

  it('says the same as JSON', async () => {
    const { code, stdout } = await runCli(['validate', fileOf('wrong'), '--json']);
    expect(code).toBe(65);
    expect(JSON.parse(stdout)).toMatchObject([
      { valid: false, problems: [{ line: 5, column: 7, path: 'steps.0' }] },
    ]);
  });
});

describe('list', () => {
  it('has every script with its requirement and variants', async () => {
    const { code, stdout } = await runCli(['list', 'scripts', '--json']);
    expect(code).toBe(0);
    const { scripts } = JSON.parse(stdout) as { scripts: readonly { name: string }[] };
    expect(scripts.find(({ name }) => name === 'session-theft')).toMatchObject({
      title: expect.stringContaining('offline'),
      details: { requirement: 'R9', variants: ['shared-certificate', 'no-certificate'] },
    });
    expect((await runCli(['list', 'scripts'])).stdout).toContain('session-theft');
  });
});
