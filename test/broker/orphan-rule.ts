/** The rule that no broker outlives the process that started it, however that one ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BrokerId } from '../../src/broker/registry.ts';
import { TestAuthority } from '../support/broker-certificates.ts';
import { isAlive } from '../support/broker-harness.ts';

const PROGRAM = fileURLToPath(new URL('../support/broker-orphan.ts', import.meta.url));

export function describeOrphanRule(id: BrokerId): void {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'doppelfleet-orphan-'));
    const authority = new TestAuthority();
    const server = authority.server();
    writeFileSync(path.join(folder, 'ca.pem'), authority.caPem);
    writeFileSync(path.join(folder, 'server.pem'), server.certificatePem);
    writeFileSync(path.join(folder, 'server.key'), server.privateKeyPem, { mode: 0o600 });
    authority.remove();
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    ['is killed', []],
    ['ends by an error', ['throw']],
  ])('the broker ends when the process that started it %s', async (_how, more) => {
    const parent = spawn(process.execPath, [PROGRAM, id, folder, ...more], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const exited = once(parent, 'exit');
    const [text] = await once(parent.stdout.setEncoding('utf8'), 'data');
    const pid = Number(text);
    expect(pid).toBeGreaterThan(0);
    if (more.length === 0) parent.kill('SIGKILL');
    await exited;
    // A process that is not ours gives no event when it ends.
    while (isAlive(pid)) await delay(5);
  });
}
