/**
 * One writer at a time per store. The lock is held while files are written, never while keys are
 * made.
 */
import { withFileLock } from '../core/file-lock.ts';
import { type Store, storeFile } from './store.ts';
import { makeFolder } from './store-files.ts';

/** Runs `work` as the only writer of the store. Throws `UserError` after a minute of waiting. */
export async function withLock<T>(store: Store, work: () => Promise<T>): Promise<T> {
  await makeFolder(store.folder);
  return withFileLock(storeFile(store, '.lock'), 'the certificate store', work);
}
