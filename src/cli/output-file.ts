/** Files that a command writes at its end, checked before its work begins. */
import { access, constants, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { EXIT, fileError, printable, UserError } from '../index.ts';

/** Throws a `UserError`: a report that can't be written after a run would hide its verdict. */
export async function checkWritable(option: string, file: string): Promise<void> {
  const problem = (message: string): UserError =>
    new UserError(EXIT.usage, { message, hint: 'name a file in a folder that can be written' });
  const existing = await stat(file).catch(() => undefined);
  if (existing?.isDirectory()) throw problem(`${option} ${printable(file)} is a folder`);
  try {
    await access(existing === undefined ? dirname(resolve(file)) : file, constants.W_OK);
  } catch {
    throw problem(`${option} ${printable(file)} can't be written`);
  }
}

export async function writeOutput(file: string, content: string): Promise<void> {
  try {
    await writeFile(file, content);
  } catch (error) {
    throw fileError(error, 'write', file);
  }
}
