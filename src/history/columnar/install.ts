/**
 * Where a dataset comes to stand, and how it gets there: a new one is renamed into place as a whole;
 * to an existing one files are added that nothing names until the manifest is replaced.
 */
import { mkdir, readdir, rename, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { EXIT, fileError, systemCode, UserError } from '../../core/errors.ts';
import { withFileLock } from '../../core/file-lock.ts';
import { makeFolders } from '../../core/files.ts';
import { type Dataset, type DatasetManifest, readDataset, writeManifest } from './manifest.ts';

export interface DatasetHome {
  /** Absolute. */
  readonly folder: string;
  /** Exists, and is on the same disk. */
  readonly workplace: string;
  readonly dataset: Dataset | undefined;
}

/** Throws a {@link UserError} (65) for a folder that holds something else. */
export async function datasetHome(to: string): Promise<DatasetHome> {
  const folder = path.resolve(to);
  const dataset = await readDataset(folder);
  if (dataset !== undefined) return { folder, workplace: folder, dataset };
  let names: string[] = [];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw fileError(error, 'read', folder);
  }
  if (names.length > 0) {
    throw new UserError(EXIT.invalidInput, {
      file: folder,
      message: 'the folder holds something else than a dataset',
      hint: 'name a new or empty folder',
    });
  }
  const workplace = path.dirname(folder);
  try {
    await makeFolders(workplace);
  } catch (error) {
    throw fileError(error, 'write', workplace);
  }
  return { folder, workplace, dataset: undefined };
}

/** Puts what a draft folder holds in its place, the manifest last. */
export async function installDataset(
  { folder, dataset }: DatasetHome,
  draft: string,
  manifest: Omit<DatasetManifest, 'digest'>,
): Promise<Dataset> {
  try {
    if (dataset === undefined) {
      const whole = await writeManifest(draft, manifest);
      await rmdir(folder).catch(() => {});
      await rename(draft, folder);
      return { folder, manifest: whole };
    }
    return await withFileLock(path.join(folder, '.lock'), 'the dataset', async () => {
      const present = await readDataset(folder);
      if (present?.manifest.digest !== dataset.manifest.digest) throw changed(folder);
      const known = new Set(dataset.manifest.files.map((file) => file.path));
      for (const file of manifest.files) {
        if (known.has(file.path)) continue;
        const place = path.join(folder, ...file.path.split('/'));
        await mkdir(path.dirname(place), { recursive: true });
        await rename(path.join(draft, ...file.path.split('/')), place);
      }
      return { folder, manifest: await writeManifest(folder, manifest) };
    });
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST'].includes(systemCode(error) ?? '')) throw changed(folder);
    throw fileError(error, 'write', folder);
  }
}

function changed(folder: string): UserError {
  return new UserError(EXIT.io, {
    file: folder,
    message: 'something else was written there meanwhile',
    hint: 'convert again',
  });
}
