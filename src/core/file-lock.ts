/**
 * One writer at a time: a lock file, made exclusively, that names its holder. A holder on this
 * machine that is no more is taken over from. What it guards is replaced by rename, so that even a
 * failed lock leaves every file whole and the last writer wins.
 */
import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { EXIT, fileError, systemCode, UserError } from './errors.ts';
import { printable } from './text.ts';

const RETRY_MS = 25;
const RETRIES_MAX = 2400;

/**
 * Runs `work` while holding `file`, in a folder that exists. `what` names the thing that is locked.
 * Throws `UserError` (74) after a minute of waiting.
 */
export async function withFileLock<T>(
  file: string,
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  const token = `${process.pid} ${hostname()} ${randomBytes(8).toString('hex')}`;
  await acquire(file, what, token);
  try {
    return await work();
  } finally {
    if ((await holder(file)) === token) await rm(file, { force: true });
  }
}

async function acquire(file: string, what: string, token: string): Promise<void> {
  for (let attempt = 0; attempt < RETRIES_MAX; attempt++) {
    if (await create(file, token)) return;
    const held = await holder(file);
    if (held !== undefined && isAbandoned(held)) await remove(file, held);
    else if (held !== undefined) await pause(RETRY_MS);
  }
  const [pid = '?', host = '?'] = (await holder(file))?.split(' ') ?? [];
  throw new UserError(EXIT.io, {
    file: printable(file),
    message: `${what} is locked by process ${printable(pid)} on ${printable(host)}`,
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
