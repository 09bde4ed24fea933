/** `mitigate` and `run --mitigate` on the command line: rails, secrets, exit codes, the docs' example. */
import { createHmac } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { runCli } from '../support/fake-environment.ts';
import { httpReceiver, status } from '../support/http-receiver.ts';
import { finding } from '../support/mitigation-samples.ts';
import { requireProgram } from '../support/programs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const mosquitto = requireProgram('mosquitto');
const DOCS = fileURLToPath(new URL('../../docs/', import.meta.url));
const SECRET = '0123456789abcdef0123456789abcdef';

/** A folder as a run leaves it, with two findings and a file of actions beside them. */
async function runFolder(actions: Readonly<Record<string, string>>, names: string, more = '') {
  const folder = await temporaryFolder();
  const audit = {
    taskId: 'audit-1',
    taskStartTime: 1_700_000_000,
    findings: [finding({ id: 'f1' }), finding({ id: 'f2', suppressed: true })],
    auditDetails: {},
    sources: [],
    statistics: {},
    notes: [],
  };
  await writeFile(join(folder, 'findings.json'), JSON.stringify(audit));
  const list = Object.entries(actions).map(
    ([name, params]) => `  - { actionName: ${name}, actionParams: ${params} }`,
  );
  const mapping = `  DEVICE_CERTIFICATE_SHARED_CHECK: [${names}]`;
  const text = ['actions:', ...list, 'auditCheckToActionsMapping:', mapping, more].join('\n');
  const file = join(folder, 'actions.yaml');
  await writeFile(file, text);
  return { folder, file };
}

const webhook = (url: string) => `{ doppelfleetPublishParams: { webhook: { url: '${url}' } } }`;
const REVOKE = '{ updateDeviceCertificateParams: { action: DEACTIVATE } }';

describe('doppelfleet mitigate', () => {
  test('publishes the findings of a stored audit, signed, and leaves record and trail', async () => {
    const { url, requests } = await httpReceiver(status(200));
    const { folder, file } = await runFolder(
      { hook: webhook(url) },
      'hook',
      'signing: { secretFile: secret.txt }',
    );
    await writeFile(join(folder, 'secret.txt'), `${SECRET}\n`, { mode: 0o600 });
    const { code, stdout, stderr } = await runCli([
      'mitigate',
      folder,
      '--actions',
      file,
      '--json',
    ]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const report = JSON.parse(stdout);
    expect(report.taskStatus).toBe('COMPLETED');
    expect(report.taskStatistics.DEVICE_CERTIFICATE_SHARED_CHECK).toEqual({
      totalFindingsCount: 2,
      failedFindingsCount: 0,
      succeededFindingsCount: 1,
      skippedFindingsCount: 1,
      canceledFindingsCount: 0,
    });
    expect(requests).toHaveLength(1);
    const [, seconds = '', mac = ''] =
      /t=(\d+),v1=(\w+)/.exec(String(requests[0]?.headers['x-doppelfleet-signature'])) ?? [];
    const signed = `${seconds}.${requests[0]?.body}`;
    expect(mac).toBe(createHmac('sha256', SECRET).update(signed).digest('hex'));
    const left = await readdir(folder);
    expect(left).toEqual(expect.arrayContaining(['mitigation.json', 'mitigation-trail.ndjson']));
    for (const name of ['mitigation.json', 'mitigation-trail.ndjson']) {
      expect(await readFile(join(folder, name), 'utf8')).not.toContain(SECRET);
    }
  });

  test('has no broker to change: that fails with a sentence, and publishing goes on', async () => {
    const { folder, file } = await runFolder(
      { log: '{ doppelfleetPublishParams: { file: { path: out.ndjson } } }', revoke: REVOKE },
      'log, revoke',
    );
    const { code, stdout } = await runCli(['mitigate', folder, '--actions', file]);
    expect(code).toBe(1);
    expect(stdout).toContain('Mitigation: FAILED, 1 COMPLETED, 1 FAILED');
    expect(stdout.replace(/\s*│\s*/g, ' ')).toContain('NEEDS_RUNNING_BROKER');
    expect(await readFile(join(folder, 'out.ndjson'), 'utf8')).toContain('f1');
  });

  test('a dry run sends and writes nothing', async () => {
    const { url, requests } = await httpReceiver(status(200));
    const { folder, file } = await runFolder({ hook: webhook(url) }, 'hook');
    const before = await readdir(folder);
    const { code, stdout } = await runCli(['mitigate', folder, '--actions', file, '--dry-run']);
    expect(code).toBe(0);
    expect(stdout).toContain('dry run: nothing was done');
    expect(requests).toHaveLength(0);
    expect(await readdir(folder)).toEqual(before);
  });

  test('a host elsewhere has to be on the list and on the command line', async () => {
    const { folder, file } = await runFolder(
      {
        hook: webhook('https://hooks.example/x?token=hunter2'),
        sns: "{ publishFindingToSnsParams: { topicArn: 'arn:aws:sns:eu-west-1:123456789012:t' } }",
      },
      'hook, sns',
    );
    const argv = ['mitigate', folder, '--actions', file];
    const refused = await runCli(argv);
    expect(refused.code).toBe(64);
    expect(refused.stderr).toMatch(/hook: hooks\.example:443 is not this machine .*--target hooks/);
    expect(refused.stderr).toMatch(/sns: sns\.eu-west-1\.amazonaws\.com:443 is not this machine/);
    expect(refused.stderr).not.toContain('hunter2');
    const half = await runCli([
      ...argv,
      '--target',
      'hooks.example',
      '--target',
      'sns.eu-west-1.amazonaws.com',
    ]);
    expect(half.code).toBe(64);
    expect(half.stderr).toContain('targets.yaml');
    expect(half.stderr).not.toContain('--target');
    const config = join(folder, 'config', 'doppelfleet');
    await mkdir(config, { recursive: true });
    await writeFile(
      join(config, 'targets.yaml'),
      '- hooks.example\n- sns.eu-west-1.amazonaws.com\n',
    );
    const listed = { XDG_CONFIG_HOME: join(folder, 'config') };
    expect((await runCli(argv, listed)).code).toBe(64);
    const targets = ['--target', 'hooks.example', '--target', 'sns.eu-west-1.amazonaws.com'];
    const { code, stdout } = await runCli([...argv, ...targets, '--dry-run'], listed);
    expect(code).toBe(0);
    expect(stdout).not.toContain('hunter2');
    expect(await readdir(folder)).not.toContain('mitigation-trail.ndjson');
  });

  test('a secret that is missing, short or open to others is refused before anything is sent', async () => {
    const { url, requests } = await httpReceiver(status(200));
    const signing = 'signing: { secretFile: secret.txt }';
    const { folder, file } = await runFolder({ hook: webhook(url) }, 'hook', signing);
    const argv = ['mitigate', folder, '--actions', file];
    expect((await runCli(argv)).code).toBe(65);
    const secret = join(folder, 'secret.txt');
    await writeFile(secret, 'hunter2', { mode: 0o600 });
    const short = await runCli(argv);
    expect([short.code, short.stderr]).toEqual([65, expect.stringContaining('openssl rand')]);
    expect(short.stderr).not.toContain('hunter2');
    await writeFile(secret, SECRET);
    await chmod(secret, 0o644);
    expect((await runCli(argv)).stderr).toContain('chmod 600');
    expect(requests).toHaveLength(0);
  });

  test('what is no audit is a clear sentence', async () => {
    const { folder, file } = await runFolder({ hook: webhook('http://127.0.0.1:1') }, 'hook');
    await writeFile(join(folder, 'findings.json'), '{"findings": 7}');
    const { code, stderr } = await runCli(['mitigate', folder, '--actions', file]);
    expect(code).toBe(65);
    expect(stderr).toContain('these are no findings of an audit');
  });
});

describe('doppelfleet run --mitigate', () => {
  test('a target that is not allowed is refused before the first packet', async () => {
    const { folder, file } = await runFolder({ hook: webhook('https://hooks.example/') }, 'hook');
    const out = join(folder, 'runs');
    const argv = ['run', 'control-fleet', '--out', out, '--certs', join(folder, 'certs')];
    const { code, stderr } = await runCli([...argv, '--mitigate', file]);
    expect([code, stderr]).toEqual([64, expect.stringContaining('hooks.example:443')]);
    expect(await readdir(folder)).not.toContain('runs');
  });

  test('its options belong together, and to fleets', async () => {
    const { file } = await runFolder({ revoke: REVOKE }, 'revoke');
    const alone = await runCli(['run', 'control-fleet', '--dry-run-mitigation']);
    expect([alone.code, alone.stderr]).toEqual([
      64,
      expect.stringContaining('--dry-run-mitigation belongs to --mitigate'),
    ]);
    const script = await runCli(['run', 'session-theft', '--mitigate', file]);
    expect([script.code, script.stderr]).toEqual([64, expect.stringContaining('is a script')]);
  });

  test.skipIf(!mosquitto.available)(
    `the example of the docs does what they say${mosquitto.note}`,
    async () => {
      const page = await readFile(`${DOCS}mitigation.md`, 'utf8');
      const example = await readFile(`${DOCS}mitigation.yaml`, 'utf8');
      expect(page).toContain(`\`\`\`yaml\n${example}\`\`\``);
      const [, command = ''] = /^npx doppelfleet (run shared-certificate .*)$/m.exec(page) ?? [];
      const folder = await temporaryFolder();
      const file = join(folder, 'mitigation.yaml');
      await writeFile(file, example);
      const words = command
        .split(' ')
        .map((word) => (word === 'docs/mitigation.yaml' ? file : word));
      const places = ['--out', join(folder, 'runs'), '--certs', join(folder, 'certs'), '--quiet'];
      const { code, stdout } = await runCli([...words, ...places, '--json'], {
        DOPPELFLEET_SIGNING_SECRET: SECRET,
      });
      expect(code).toBe(0);
      const { executions } = JSON.parse(stdout).runs[0].mitigation;
      const steps = executions.flatMap(
        ({ doppelfleet }: { doppelfleet: { steps: { what: string; detail?: string }[] } }) =>
          doppelfleet.steps.map(({ what, detail }) => `${what}${detail ? `: ${detail}` : ''}`),
      );
      const told = /<!-- steps -->\n([\s\S]*?)<!-- \/steps -->/.exec(page)?.[1] ?? '';
      const lines = told
        .trim()
        .split('\n')
        .map((line) => line.replace(/^- /, ''));
      expect(lines.length).toBeGreaterThan(8);
      for (const line of lines) {
        const pattern = line
          .split('…')
          .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
          .join('.*');
        expect(steps).toContainEqual(expect.stringMatching(new RegExp(`^${pattern}$`)));
      }
      const published = await readFile(join(folder, 'published-findings.ndjson'), 'utf8');
      expect(JSON.parse(published)).toMatchObject({
        signature: expect.stringMatching(/^t=\d+,v1=/),
      });
    },
  );
});
