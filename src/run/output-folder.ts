/** A folder of files that a command writes at its end, made before its work begins. */
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '../core/errors.ts';
import { makeFolders, writeFileAtomic } from '../core/files.ts';

/** Makes it, with what is above it. Throws a `UserError` if it can't be made or written to. */
export async function prepareFolder(folder: string): Promise<void> {
  try {
    await makeFolders(folder);
    await access(folder, constants.W_OK);
  } catch (error) {
    throw fileError(error, 'write to', folder);
  }
}

/** Writes every file whole, one after the other; names are without folders. */
export async function writeFolder(
  folder: string,
  files: readonly { readonly name: string; readonly content: string }[],
): Promise<void> {
  for (const { name, content } of files) await writeFileAtomic(join(folder, name), content);
}
