/**
 * Tests that need a program from outside (mosquitto, openssl) skip with a plain message when it is
 * missing, and fail instead when `DOPPELFLEET_REQUIRE_BROKERS=1` says that it must be there.
 *
 *     const openssl = requireProgram('openssl');
 *     describe.skipIf(!openssl.available)(`certificates as openssl reads them${openssl.note}`, …)
 */
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

export interface RequiredProgram {
  readonly available: boolean;
  /** Where it was found; empty when it is missing. */
  readonly file: string;
  /** Why tests are skipped; empty when the program is there. */
  readonly reason: string;
  /** The reason as a suffix for a suite's name, so that the skip explains itself in any reporter. */
  readonly note: string;
}

/**
 * Looks for `name` on PATH and in the folders of system programs. When it is missing but required,
 * registers a failing test in the calling file; call it at the top level or inside `describe`.
 */
export function requireProgram(name: string): RequiredProgram {
  const file = findProgram(name);
  if (file !== undefined) return { available: true, file, reason: '', note: '' };
  const reason = `${name} is not installed (Debian: apt-get install ${name})`;
  if (process.env.DOPPELFLEET_REQUIRE_BROKERS === '1') {
    test(`${name} is installed, as DOPPELFLEET_REQUIRE_BROKERS=1 demands`, () => {
      expect.fail(reason);
    });
  } else {
    process.stderr.write(`skipped: ${reason}\n`);
  }
  return { available: false, file: '', reason, note: ` (skipped: ${reason})` };
}

function findProgram(name: string): string | undefined {
  const folders = [
    ...(process.env.PATH ?? '').split(path.delimiter),
    '/usr/sbin',
    '/usr/local/sbin',
  ];
  for (const folder of folders) {
    if (folder === '') continue;
    const file = path.join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not here: the next folder may have it.
    }
  }
  return undefined;
}
