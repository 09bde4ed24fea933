/** What is left when this process goes without a word: nothing, as the guard sees to it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startGuard } from '../../src/broker/process.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'doppelfleet-guard-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a guard kills the process and removes its secrets, however their files are called', async () => {
  const secret = path.join(folder, '-a "key"; $(b).pem');
  const other = path.join(folder, 'broker.log');
  for (const file of [secret, other]) writeFileSync(file, '');
  const guarded = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
    stdio: 'ignore',
  });
  const ended = once(guarded, 'exit');
  const guard = startGuard(guarded.pid ?? 0, [secret, path.join(folder, 'not-there.pem')]);
  const done = once(guard, 'exit');
  // As the kernel does when we are killed.
  guard.stdin?.destroy();
  expect((await ended)[1]).toBe('SIGKILL');
  await done;
  expect(existsSync(secret)).toBe(false);
  expect(existsSync(other)).toBe(true);
});
