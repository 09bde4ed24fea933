/** Files that are whole or absent: written under a temporary name, then renamed. */
import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { fileError } from './errors.ts';

/**
 * Writes `content` to `file` so that a reader sees the old content or the new, never a part.
 * `mode` is set when the file is created (0600 for private keys), before a byte is in it.
 */
export async function writeFileAtomic(file: string, content: string, mode = 0o644): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const handle = await open(temporary, 'wx', mode);
    try {
      await handle.writeFile(content);
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw fileError(error, 'write', file);
  }
}
