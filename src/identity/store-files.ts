/** Reading and writing of the store's files: absent is a value, keys are 0600, folders 0700. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT, fileError, systemCode, UserError } from '../core/errors.ts';
import { makeFolders, writeFileAtomic } from '../core/files.ts';
import { printable } from '../core/text.ts';
import { type Store, type StoreFile, storeFile } from './store.ts';

/** Mode of files that hold keys. */
export const KEY_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** PEM and CSV files from outside are not read beyond this. */
const INPUT_BYTES_MAX = 64 * 1024 * 1024;

/** Makes a folder for keys, for its owner only; a new one is ignored by git. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    const made = await makeFolders(folder, FOLDER_MODE);
    if (made) await writeFileAtomic(join(folder, '.gitignore'), '*\n');
  } catch (error) {
    throw fileError(error, 'create', printable(folder));
  }
}

/** Content of a file of the store, or undefined if there is none. */
export async function readStoreFile(store: Store, file: StoreFile): Promise<Buffer | undefined> {
  const path = storeFile(store, file);
  try {
    return (await readWithMode(path, Number.POSITIVE_INFINITY)).content;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw fileError(error, 'read', printable(path));
  }
}

/** As {@link readStoreFile}, and warns if others may read the file. */
export async function readKeyFile(store: Store, file: StoreFile): Promise<Buffer | undefined> {
  const path = storeFile(store, file);
  try {
    const { content, mode } = await readWithMode(path, Number.POSITIVE_INFINITY);
    if (isLoose(mode)) {
      store.warn({
        file: printable(path),
        message: `holds private keys and has mode ${(mode & 0o777).toString(8)}`,
        hint: `run: chmod 600 ${printable(path)}`,
      });
    }
    return content;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw fileError(error, 'read', printable(path));
  }
}

/** Writes a file of the store whole; those that hold keys are 0600 from their first byte on. */
export async function writeStoreFile(store: Store, file: StoreFile, content: string) {
  const secret = file.endsWith('.key') || file === 'devices.ndjson';
  await writeFileAtomic(storeFile(store, file), content, secret ? KEY_MODE : 0o644);
}

/** A text file of the user's. Throws `UserError` when it can't be read or is unreasonably large. */
export async function readInput(path: string): Promise<{ text: string; loose: boolean }> {
  try {
    const { content, mode } = await readWithMode(path, INPUT_BYTES_MAX);
    return { text: content.toString('utf8'), loose: isLoose(mode) };
  } catch (error) {
    throw fileError(error, 'read', printable(path));
  }
}

/** A file of the user's as bytes. Throws `UserError` as {@link readInput} does. */
export async function readInputBytes(path: string): Promise<Buffer> {
  try {
    return (await readWithMode(path, INPUT_BYTES_MAX)).content;
  } catch (error) {
    throw fileError(error, 'read', printable(path));
  }
}

/** Group or others have a right on it; Windows has no such modes. */
function isLoose(mode: number): boolean {
  return process.platform !== 'win32' && (mode & 0o077) !== 0;
}

async function readWithMode(path: string, bytesMax: number) {
  const handle = await open(path, 'r');
  try {
    const status = await handle.stat();
    if (status.size > bytesMax) {
      const message = `${printable(path)} has ${status.size} bytes, more than any certificate file`;
      throw new UserError(EXIT.invalidInput, { message, hint: 'name another file' });
    }
    return { content: await handle.readFile(), mode: status.mode };
  } finally {
    await handle.close();
  }
}
