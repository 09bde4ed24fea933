/**
 * The recipes for CI do what they say: their commands are executed in a user's repository with a
 * Mosquitto configuration and a recorded baseline, before and after somebody makes it insecure.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { requireProgram } from './support/programs.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const RUN_MS = 5 * 60_000;

interface Recipe {
  readonly install: readonly string[];
  readonly matrix: string;
  /** It tells GitHub of what it finds. */
  readonly github: boolean;
}

interface GithubStep {
  readonly name?: string;
  readonly run?: string;
}

const RECIPES: Readonly<Record<string, () => Promise<Recipe>>> = {
  'GitHub Actions': async () => {
    const workflow = parse(await readFile(join(ROOT, 'docs/ci/github-actions.yml'), 'utf8'));
    const steps: readonly GithubStep[] = workflow.jobs.matrix.steps;
    const run = (name: string) => steps.find((step) => step.name === name)?.run ?? '';
    return {
      install: run('Install').trim().split('\n'),
      matrix: run('Matrix'),
      github: true,
    };
  },
  'GitLab CI': async () => {
    const { 'broker-matrix': job } = parse(
      await readFile(join(ROOT, 'docs/ci/gitlab-ci.yml'), 'utf8'),
    );
    return { install: job.before_script, matrix: job.script[0], github: false };
  },
};

const mosquitto = requireProgram('mosquitto');

/** A repository of a user: configuration files in broker/mosquitto, doppelfleet installed. */
async function userRepository(): Promise<string> {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'broker', 'mosquitto'), { recursive: true });
  for (const file of ['own-topics.conf', 'own-topics.acl']) {
    await cp(join(ROOT, 'configurations/mosquitto', file), join(folder, 'broker/mosquitto', file));
  }
  const modules = join(folder, 'node_modules');
  await mkdir(join(modules, '.bin'), { recursive: true });
  await symlink(ROOT, join(modules, 'doppelfleet'));
  await symlink(join(ROOT, 'dist/cli.js'), join(modules, '.bin', 'doppelfleet'));
  return folder;
}

async function shell(command: string, cwd: string) {
  const env = {
    ...process.env,
    GITHUB_STEP_SUMMARY: join(cwd, 'summary.md'),
    NO_COLOR: '1',
    GITHUB_ACTIONS: 'true',
  };
  const child = spawn('/bin/sh', ['-ec', command], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const [code] = await once(child, 'close');
  return { code, output };
}

describe.skipIf(!mosquitto.available)(`a recipe for CI${mosquitto.note}`, () => {
  test.each(Object.entries(RECIPES))(
    'of %s passes while nothing changes, and fails on a change with its sentence',
    {
      timeout: RUN_MS,
    },
    async (_, read) => {
      const recipe = await read();
      const folder = await userRepository();
      const record = recipe.matrix.replace(/--baseline (\S+)/, '--record $1');
      expect(record).not.toBe(recipe.matrix);
      await shell(record, folder);

      const same = await shell(recipe.matrix, folder);
      expect(same.code, same.output).toBe(0);

      const file = join(folder, 'broker/mosquitto/own-topics.conf');
      const text = await readFile(file, 'utf8');
      await writeFile(file, text.replace(/^acl_file .*$/m, ''));
      const changed = await shell(recipe.matrix, folder);
      expect(changed.code, changed.output).toBe(1);
      const markdown = await readFile(join(folder, 'matrix.md'), 'utf8');
      expect(markdown).toContain('after this change a device publishes in the name of another');
      expect(markdown).toContain('after this change a device reads what another publishes');
      // What has nothing to do with topics stays as it was.
      expect(markdown).not.toContain('after this change a client without a certificate is let in');
      const annotation = '::error file=broker/mosquitto/own-topics.conf,line=1,title=matrix';
      expect(changed.output.includes(annotation)).toBe(recipe.github);
      expect(same.output).not.toContain('::error');
      if (recipe.github) {
        const summary = await readFile(join(folder, 'summary.md'), 'utf8');
        expect(summary.endsWith(`${markdown}\n`)).toBe(true);
      }
      expect(await readFile(join(folder, 'matrix.xml'), 'utf8')).toContain('<failure');
      expect(await readFile(join(folder, 'matrix.html'), 'utf8')).toContain('<!doctype html>');
    },
  );
});

test('the recipes install what a new machine needs, in the words that work there', async () => {
  for (const read of Object.values(RECIPES)) {
    const { install } = await read();
    const lines = install.map((line) => line.replace(/^sudo /, ''));
    expect(lines).toEqual([
      'apt-get update',
      'apt-get install --yes --no-install-recommends mosquitto',
      'npm ci',
    ]);
  }
});
