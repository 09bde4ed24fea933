/** Finds Mosquitto on this machine and asks it for its version. */
import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import path from 'node:path';

/** Debian puts it where a user's PATH often doesn't look. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/sbin'];
const VERSION_TIMEOUT_MS = 5000;
/** The configuration and the log are those of 2.0 and later. */
const MAJOR_VERSION_MIN = 2;

export interface MosquittoProgram {
  readonly file: string;
  /** Such as `2.0.11`. */
  readonly version: string;
}

/** The program, or one sentence that says why there is none and what to do. */
export async function findMosquitto(
  searchPath = [process.env.PATH ?? '', ...SYSTEM_FOLDERS].join(path.delimiter),
): Promise<MosquittoProgram | string> {
  // Not the current folder: what lies there by chance is not to be run.
  const folders = searchPath.split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  for (const folder of folders) {
    const file = path.join(folder, 'mosquitto');
    if (await isExecutable(file)) return askVersion(file);
  }
  return 'mosquitto is not installed: install it with apt-get install mosquitto (Debian, Ubuntu)';
}

async function askVersion(file: string): Promise<MosquittoProgram | string> {
  // Its exit code is that of wrong usage, even when it was asked for help.
  const help = await new Promise<string>((resolve) => {
    execFile(file, ['-h'], { timeout: VERSION_TIMEOUT_MS }, (_error, stdout, stderr) =>
      resolve(`${stdout}${stderr}`),
    );
  });
  const version = /^mosquitto version (\d+\.\d+\.\d+)/m.exec(help)?.[1];
  if (version === undefined) {
    return `${file} does not say its version: install mosquitto 2.0 or later in its place`;
  }
  if (Number.parseInt(version, 10) < MAJOR_VERSION_MIN) {
    return `mosquitto ${version} is too old: install version 2.0 or later`;
  }
  return { file, version };
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
