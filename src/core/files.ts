/** Files that are whole or absent: written under a temporary name, then renamed. */
import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EXIT, fileError, systemCode, UserError } from './errors.ts';

/**
 * Writes `content` to `file` so that a reader sees the old content or the new, never a part.
 * `mode` is set when the file is created (0600 for private keys), before a byte is in it.
 */
export async function writeFileAtomic(file: string, content: string, mode = 0o644): Promise<void> {
  await replace(file, mode, (handle) => handle.writeFile(content));
}

/** The same for text that comes line by line, so that none of it has to fit one string. */
export async function writeLinesAtomic(file: string, lines: Iterable<string>): Promise<void> {
  await replace(file, 0o644, async (handle) => {
    // Each call goes on where the one before it ended.
    for (const batch of batches(lines)) await handle.writeFile(batch);
  });
}

/** Lines with their line feeds, some thousand characters at a time. */
function* batches(lines: Iterable<string>): Generator<Buffer> {
  let batch: string[] = [];
  let length = 0;
  for (const line of lines) {
    batch.push(line, '\n');
    length += line.length;
    if (length < 65_536) continue;
    yield Buffer.from(batch.join(''));
    [batch, length] = [[], 0];
  }
  yield Buffer.from(batch.join(''));
}

async function replace(
  file: string,
  mode: number,
  write: (handle: FileHandle) => Promise<void>,
): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const handle = await open(temporary, 'wx', mode);
    try {
      await write(handle);
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw fileError(error, 'write', file);
  }
}

/**
 * The text of a file of at most `bytesMax`; `hint` says what a larger one may be. Throws a
 * `UserError`: 65 for a larger file, otherwise as the system's error asks.
 */
export async function readBounded(file: string, bytesMax: number, hint: string): Promise<string> {
  try {
    const handle = await open(file);
    try {
      const stream = handle.createReadStream({ end: bytesMax, autoClose: false });
      const bytes = Buffer.concat(await stream.toArray());
      if (bytes.length <= bytesMax) return bytes.toString('utf8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileError(error, 'read', file);
  }
  throw new UserError(EXIT.invalidInput, {
    file,
    message: `the file is larger than ${bytesMax} bytes`,
    hint,
  });
}

/**
 * Makes a folder and what is missing above it; resolves whether it was new. Node's own recursive
 * mkdir never returns where the file system refuses new folders with ENOENT, as `/proc` does.
 */
export async function makeFolders(folder: string, mode = 0o777): Promise<boolean> {
  try {
    return await makeFolder(folder, mode);
  } catch (error) {
    const parent = dirname(folder);
    if (systemCode(error) !== 'ENOENT' || parent === folder) throw error;
    await makeFolders(parent, mode);
    return makeFolder(folder, mode);
  }
}

/** Whether the folder is new: another process may make it at the same time. */
async function makeFolder(folder: string, mode: number): Promise<boolean> {
  try {
    await mkdir(folder, { mode });
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST' && (await stat(folder)).isDirectory()) return false;
    throw error;
  }
}
