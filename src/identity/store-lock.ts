/**
 * One writer at a time per store: a lock file, made exclusively, that names its holder. It is held
 * while files are written, never while keys are made. A holder on this machine that is no more is
 * taken over from; all files are replaced by rename, so even a failed lock leaves them whole and
 * the last writer wins.
 */
import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { EXIT, fileError, systemCode, UserError } from '../core/errors.ts';
import { printable } from '../core/text.ts';
import { type Store, storeFile } from './store.ts';
import { makeFolder } from './store-files.ts';

const RETRY_MS = 25;
const RETRIES_MAX = 2400;

/** Runs `work` as the only writer of the store. Throws `UserError` after a minute of waiting. */
export async function withLock<T>(store: Store, work: () => Promise<T>): Promise<T> {
  await makeFolder(store.folder);
  const file = storeFile(store, '.lock');
  const token = `${process.pid} ${hostname()} ${randomBytes(8).toString('hex')}`;
  await acquire(file, token);
  try {
    return await work();
  } finally {
    if ((await holder(file)) === token) await rm(file, { force: true });
  }
}

async function acquire(file: string, token: string): Promise<void> {
  for (let attempt = 0; attempt < RETRIES_MAX; attempt++) {
    if (await create(file, token)) return;
    const held = await holder(file);
    if (held !== undefined && isAbandoned(held)) await remove(file, held);
    else if (held !== undefined) await pause(RETRY_MS);
  }
  const [pid = '?', host = '?'] = (await holder(file))?.split(' ') ?? [];
  throw new UserError(EXIT.io, {
    file: printable(file),
    message: `the certificate store is locked by process ${printable(pid)} on ${printable(host)}`,
    hint: 'wait for it to end; if there is no such process, remove the file',
  });
}

/** The lock appears with its content, by linking a file that is already written. */
async function create(file: string, token: string): Promise<boolean> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(draft, token, { mode: 0o600, flag: 'wx' });
    await link(draft, file);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw fileError(error, 'lock', printable(file));
  } finally {
    await rm(draft, { force: true }).catch(() => {});
  }
}

async function holder(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw fileError(error, 'read', printable(file));
  }
}

function isAbandoned(held: string): boolean {
  const [pid, host] = held.split(' ');
  if (host !== hostname() || !/^[1-9]\d*$/.test(pid ?? '')) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return systemCode(error) === 'ESRCH';
  }
}

/** Between judging and removing, another process may have taken the lock: then it is put back. */
async function remove(file: string, judged: string): Promise<void> {
  const aside = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw fileError(error, 'lock', printable(file));
  }
  if ((await holder(aside)) !== judged) await link(aside, file).catch(() => {});
  await rm(aside, { force: true });
}
