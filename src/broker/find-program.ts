/** Finds a program on this machine, where PATH says and where a user's PATH often doesn't look. */
import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import path from 'node:path';

const SYSTEM_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/sbin'];
const ANSWER_TIMEOUT_MS = 5000;

/** PATH, with the folders that system programs are in. */
export function searchPath(): string {
  return [process.env.PATH ?? '', ...SYSTEM_FOLDERS].join(path.delimiter);
}

/** The file of a program; undefined if it is in none of the folders. */
export async function findProgram(name: string, folders: string): Promise<string | undefined> {
  for (const folder of folders.split(path.delimiter)) {
    // Not the current folder: what lies there by chance is not to be run.
    if (!path.isAbsolute(folder)) continue;
    const file = path.join(folder, name);
    if (await isExecutable(file)) return file;
  }
  return undefined;
}

/** What a program prints in answer to `args`, whatever it exits with. */
export function askProgram(file: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(file, args, { timeout: ANSWER_TIMEOUT_MS }, (_error, stdout, stderr) =>
      resolve(`${stdout}${stderr}`),
    );
  });
}

function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
