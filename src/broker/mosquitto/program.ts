/** Finds Mosquitto on this machine and asks it for its version. */
import { askProgram, findProgram, searchPath } from '../find-program.ts';

/** The configuration and the log are those of 2.0 and later. */
const MAJOR_VERSION_MIN = 2;

export interface MosquittoProgram {
  readonly file: string;
  /** Such as `2.0.11`. */
  readonly version: string;
}

/** The program, or one sentence that says why there is none and what to do. */
export async function findMosquitto(folders = searchPath()): Promise<MosquittoProgram | string> {
  const file = await findProgram('mosquitto', folders);
  if (file !== undefined) return askVersion(file);
  return 'mosquitto is not installed: install it with apt-get install mosquitto (Debian, Ubuntu)';
}

async function askVersion(file: string): Promise<MosquittoProgram | string> {
  // Its exit code is that of wrong usage, even when it was asked for help.
  const help = await askProgram(file, ['-h']);
  const version = /^mosquitto version (\d+\.\d+\.\d+)/m.exec(help)?.[1];
  if (version === undefined) {
    return `${file} does not say its version: install mosquitto 2.0 or later in its place`;
  }
  if (Number.parseInt(version, 10) < MAJOR_VERSION_MIN) {
    return `mosquitto ${version} is too old: install version 2.0 or later`;
  }
  return { file, version };
}
