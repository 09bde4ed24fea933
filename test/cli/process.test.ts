/**
 * The program as a process: interrupts, a broker that dies, a full disk, a packed tarball. Whatever
 * happens, the exit code is the documented one, what was recorded stays, and nothing is left behind.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';

const BIN = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const run = promisify(execFile);

const LONG = `name: long
purpose: A run that lasts until someone ends it.
fleet:
  steady: { devices: 4 }
  flappers: { devices: 2, behaviour: { kind: flapping, period: 300ms, downtime: 50ms } }
arrival: { storm: 0ms }
duration: 120s
settle: 0ms
`;

interface Started {
  readonly child: ChildProcess;
  readonly out: string;
  /** Resolves when stderr has shown the text. */
  shows(text: string): Promise<void>;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  stderr(): string;
}

async function start(scenario: string, options: readonly string[] = []): Promise<Started> {
  const folder = await temporaryFolder();
  const file = join(folder, 'scenario.yaml');
  const out = join(folder, 'runs');
  await writeFile(file, scenario);
  const argv = [BIN, 'run', file, '--out', out, '--certs', join(folder, 'certs'), ...options];
  return follow(spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'] }), out);
}

function follow(child: ChildProcess, out: string): Started {
  let stderr = '';
  const waiting = new Set<() => void>();
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    for (const check of waiting) check();
  });
  const ended = new Promise<number | string>((resolve) => {
    child.on('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return {
    child,
    out,
    ended,
    stderr: () => stderr,
    shows: (text) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (!stderr.includes(text)) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
        void ended.then((code) => reject(new Error(`ended with ${code} first: ${stderr}`)));
      }),
  };
}

async function runFolder(out: string): Promise<string> {
  const [name = ''] = await readdir(out);
  return join(out, name);
}

async function lastLine(file: string): Promise<unknown> {
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  return JSON.parse(lines.at(-1) ?? '');
}

/** Processes that the given one has started and that are still there. */
async function childrenOf(pid: number | undefined): Promise<readonly number[]> {
  const { stdout } = await run('ps', ['-e', '-o', 'pid=,ppid=']);
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, parent]) => parent === pid)
    .flatMap(([child]) => child ?? []);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('completion', () => {
  it.each([
    { words: ['r'], proposes: ['run'] },
    { words: ['run', '--br'], proposes: ['--broker'] },
    { words: ['run', 'clo'], proposes: ['cloned-client-ids'] },
    { words: ['plan', 'session-th'], proposes: ['session-theft'] },
    { words: ['run', 'mine.yaml', '--broker', 'mo'], proposes: ['mosquitto'] },
    { words: ['run', 'mine.yaml', '--fix', 'back'], proposes: ['backoff'] },
    { words: ['certs', ''], proposes: ['issue', 'verify'] },
  ])('of $words proposes $proposes', async ({ words, proposes }) => {
    const argv = [BIN, '--get-yargs-completions', 'doppelfleet', ...words];
    const shell = { ...process.env, SHELL: '/bin/bash' };
    const { stdout } = await run(process.execPath, argv, { env: shell });
    expect(stdout.split('\n')).toEqual(expect.arrayContaining(proposes));
  });
});

describe('standard input', () => {
  const line = (at: number, kind: string, id: string) =>
    JSON.stringify({ clientId: 'dev', timestamp: at, eventType: kind, sessionIdentifier: id });
  const events = [
    line(1_795_000_000_000, 'connected', 'a'),
    line(1_795_000_001_000, 'connected', 'b'),
    line(1_795_000_001_001, 'disconnected', 'a').replace(
      '}',
      ',"disconnectReason":"DUPLICATE_CLIENTID"}',
    ),
    line(1_795_000_009_000, 'disconnected', 'b').replace(
      '}',
      ',"disconnectReason":"CLIENT_INITIATED_DISCONNECT"}',
    ),
  ].join('\n');

  it.each(['cat', 'gzip -c'])('named - is read, as %s gives it', async (filter) => {
    const folder = await temporaryFolder();
    const file = join(folder, 'events.json');
    await writeFile(file, `${events}\n`);
    const pipe = `${filter} < "$2" | "$0" "$1" audit --json --format aws-lifecycle -`;
    const work = run('bash', ['-c', pipe, process.execPath, BIN, file]);
    await expect(work).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining('"dev"') });
  });
});

describe('words behind --', () => {
  it('are values, even if they begin with a hyphen', async () => {
    const folder = await temporaryFolder();
    const argv = ['audits', 'suppress', 'CONFLICTING_CLIENT_IDS_CHECK', '--indefinitely'];
    await run(process.execPath, [BIN, ...argv, '--audits', folder, '--', '-1+1']);
    const { stdout } = await run(process.execPath, [
      BIN,
      'audits',
      'suppressions',
      '--json',
      '--audits',
      folder,
    ]);
    expect(stdout).toContain('"-1+1"');
  });
});

describe('output into a pipe', () => {
  it('whose reader has seen enough ends without a complaint', async () => {
    const pipe = '"$0" "$1" plan control-fleet --devices sensors=9000 --json | head -n 1';
    const { stdout, stderr } = await run('bash', ['-c', pipe, process.execPath, BIN]);
    expect({ stdout, stderr }).toEqual({ stdout: '{\n', stderr: '' });
  });
});

describe('an interrupted run', () => {
  it('heals, closes the history, judges nothing as met, and ends with 130', async () => {
    const { child, out, shows, ended, stderr } = await start(LONG);
    await shows('/6 connected');
    const children = await childrenOf(child.pid);
    expect(children).toHaveLength(1);
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(stderr()).toContain('interrupted: closing every connection');
    expect(stderr()).not.toMatch(/\bat .*\.js:\d+/);
    const folder = await runFolder(out);
    expect(await lastLine(join(folder, 'history.ndjson'))).toMatchObject({
      outcome: 'interrupted',
    });
    expect(JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')).outcome).toBe(
      'inconclusive',
    );
    expect(children.filter(exists)).toEqual([]);
  });

  it('ends at once at the second interrupt, with the history closed and no process left', async () => {
    const { child, out, shows, ended } = await start(LONG);
    await shows('/6 connected');
    const children = await childrenOf(child.pid);
    child.kill('SIGINT');
    child.kill('SIGINT');
    await shows('interrupted').catch(() => undefined);
    child.kill('SIGTERM');
    expect(await ended).toBe(130);
    const history = join(await runFolder(out), 'history.ndjson');
    expect(await lastLine(history)).toMatchObject({ doppelfleet: 'end' });
    expect(children.filter(exists)).toEqual([]);
  });
});

describe('a broker that dies in mid-run', () => {
  it('ends with 69 and a sentence, keeps what was recorded, and is never met', async () => {
    const { child, out, shows, ended, stderr } = await start(LONG);
    await shows('/6 connected');
    const [broker = 0] = await childrenOf(child.pid);
    process.kill(broker, 'SIGKILL');
    expect(await ended).toBe(69);
    expect(stderr()).toMatch(/error: the embedded broker failed: .*SIGKILL/);
    expect(stderr()).not.toMatch(/\bat .*\.js:\d+/);
    const folder = await runFolder(out);
    expect(await lastLine(join(folder, 'history.ndjson'))).toMatchObject({ outcome: 'failed' });
    const { outcome, runs } = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'));
    expect(outcome).toBe('inconclusive');
    expect(runs[0].statistics.connects.accepted).toBeGreaterThan(0);
  });
});

describe('a disk that is full', () => {
  it('ends with 74 and a sentence, keeps what fits, and leaves no process', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'scenario.yaml');
    const out = join(folder, 'runs');
    await writeFile(file, LONG.replaceAll('300ms', '60ms').replaceAll('50ms', '20ms'));
    const argv = ['run', file, '--out', out, '--certs', join(folder, 'certs')];
    // No file may grow beyond 32 blocks of 1 KiB: the history meets that soon.
    const shell = spawn(
      'bash',
      ['-c', 'ulimit -f 32; exec "$0" "$@"', process.execPath, BIN, ...argv],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const { child, shows, ended, stderr } = follow(shell, out);
    await shows('broker ');
    const children = await childrenOf(child.pid);
    expect(await ended).toBe(74);
    expect(stderr()).toMatch(/cannot write .*history\.ndjson: the file has reached the size limit/);
    expect(stderr()).not.toMatch(/\bat .*\.js:\d+/);
    const history = await readFile(join(await runFolder(out), 'history.ndjson'), 'utf8');
    expect(history.split('\n').length).toBeGreaterThan(20);
    expect(children.filter(exists)).toEqual([]);
  });
});
