/** The folder of a run: everything that is evidence lies in it, readable after a crash at any point. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '../core/errors.ts';
import { makeFolders } from '../core/files.ts';

/** `2026-11-20T22-17-46Z`: sorts by time, safe in file names everywhere. */
export function folderTime(at: number): string {
  return new Date(at)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(':', '-');
}

/** Creates `<out>/<time>-<scenario>`, with a number after it when that exists. */
export async function createRunFolder(out: string, at: number, scenario: string): Promise<string> {
  try {
    await makeFolders(out);
    for (let n = 1; ; n++) {
      const folder = join(out, `${folderTime(at)}-${scenario}${n === 1 ? '' : `-${n}`}`);
      try {
        await mkdir(folder);
        return folder;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  } catch (error) {
    throw fileError(error, 'create a run folder in', out);
  }
}

/** Creates a folder inside a run's folder. */
export async function createSubfolder(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  try {
    await makeFolders(path, 0o700);
  } catch (error) {
    throw fileError(error, 'create', path);
  }
  return path;
}
