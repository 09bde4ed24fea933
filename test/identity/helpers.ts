/** Temp folders, the openssl program and small identities for the tests of the identity layer. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Problem } from '../../src/core/errors.ts';
import { UserError } from '../../src/core/errors.ts';
import { type Authority, newAuthority } from '../../src/identity/authority.ts';
import { openStore, type Store } from '../../src/identity/store.ts';
import type { CertificateRequest, KeyType } from '../../src/identity/types.ts';

/** The moment of the tests: today, since openssl verifies against its own clock. */
export const NOW = Math.floor(Date.now() / 1000) * 1000;

/** A folder that is gone after the test. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'doppelfleet-identity-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A store in a temp folder, with its warnings. */
export function tempStore(options: { now?: () => number; root?: string } = {}) {
  const warnings: Problem[] = [];
  const root = options.root ?? tempFolder();
  const store: Store = openStore(root, {
    now: options.now ?? (() => NOW),
    onWarning: (problem) => warnings.push(problem),
  });
  return { store, warnings, root };
}

export function request(
  name: string,
  thingName = name,
  keyType: KeyType = 'P-256',
): CertificateRequest {
  return { name, thingName, keyType };
}

export function requests(count: number): CertificateRequest[] {
  return Array.from({ length: count }, (_, index) => request(`pump-${index}`));
}

/** An authority in memory. */
export function authority(keyType: KeyType = 'P-256'): Promise<Authority> {
  return newAuthority({ now: NOW, keyType });
}

/** Output of openssl; throws with its complaint when it fails. */
export function openssl(args: readonly string[], input = ''): string {
  return execFileSync('openssl', args, { input, encoding: 'utf8', stdio: 'pipe' });
}

/** Exit status and all output of openssl. */
export function tryOpenssl(args: readonly string[], input = '') {
  const { status, stdout, stderr } = spawnSync('openssl', args, { input, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

/** Writes files into `folder`; returns their paths in order. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): string[] {
  return Object.entries(files).map(([name, content]) => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  });
}

/** The problems of the `UserError` that `work` ends with. */
export async function problemsOf(work: () => unknown): Promise<readonly Problem[]> {
  try {
    await work();
  } catch (error) {
    if (error instanceof UserError) return error.problems;
    throw error;
  }
  throw new Error('a UserError was expected');
}

/** The one problem of the `UserError` that `work` ends with. */
export async function problemOf(work: () => unknown): Promise<Problem> {
  const [problem, ...more] = await problemsOf(work);
  if (problem === undefined || more.length > 0) throw new Error('one problem was expected');
  return problem;
}
