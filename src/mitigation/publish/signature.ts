/**
 * Signatures of what is published: HMAC-SHA256 (RFC 2104) over `<epoch s>.<body>`, the time against
 * replay. The secret comes from a file or the environment and is never printed.
 */
import { createHmac } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { EXIT, fileError, UserError } from '../../core/errors.ts';
import { printable } from '../../core/text.ts';
import type { EpochMs } from '../../core/time.ts';
import type { LoadedMitigation } from '../actions-file.ts';

/** Shorter secrets can be guessed: NIST SP 800-107 wants 112 bits at least. */
const SECRET_BYTES_MIN = 16;
const SECRET_BYTES_MAX = 4096;

/** `t=<epoch s>,v1=<64 hex digits>`. */
export function signatureOf(secret: Buffer, body: string, at: EpochMs): string {
  const seconds = Math.floor(at / 1000);
  const code = createHmac('sha256', secret).update(`${seconds}.${body}`, 'utf8').digest('hex');
  return `t=${seconds},v1=${code}`;
}

/** The secret that the file of actions names; undefined if none. Throws a `UserError` (65). */
export async function signingSecret(
  { signing, file }: Pick<LoadedMitigation, 'signing' | 'file'>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Buffer | undefined> {
  if (signing === undefined) return undefined;
  if ('secretEnvironment' in signing) {
    const value = env[signing.secretEnvironment];
    if (value !== undefined && value !== '') {
      return checked(Buffer.from(value), signing.secretEnvironment);
    }
    throw new UserError(EXIT.invalidInput, {
      file,
      path: 'signing.secretEnvironment',
      message: `the variable ${signing.secretEnvironment} is not set`,
      hint: 'set it to the secret, or name a file with secretFile',
    });
  }
  const path = resolve(dirname(file), signing.secretFile);
  return checked(await readSecret(path), printable(path));
}

/** One line feed at the end is the editor's. */
async function readSecret(path: string): Promise<Buffer> {
  try {
    const { mode, size } = await stat(path);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new UserError(EXIT.invalidInput, {
        file: path,
        message: 'others on this machine may read the secret',
        hint: `run: chmod 600 ${printable(path)}`,
      });
    }
    if (size > SECRET_BYTES_MAX) return Buffer.alloc(0);
    const text = await readFile(path);
    const end = /\r?\n$/.exec(text.toString('latin1'))?.[0].length ?? 0;
    return text.subarray(0, text.length - end);
  } catch (error) {
    throw fileError(error, 'read', path);
  }
}

function checked(secret: Buffer, source: string): Buffer {
  if (secret.length >= SECRET_BYTES_MIN) return secret;
  throw new UserError(EXIT.invalidInput, {
    message: `the secret in ${source} has not ${SECRET_BYTES_MIN} to ${SECRET_BYTES_MAX} bytes`,
    hint: 'make one with: openssl rand -hex 32',
  });
}
