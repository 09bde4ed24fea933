/**
 * Finds RabbitMQ on this machine. Not the program on PATH, which Debian makes a wrapper that wants
 * to be root or `rabbitmq`, but the one that it starts; and epmd, which Erlang nodes need.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { isAtLeast } from '../../history/formats/mosquitto-lines.ts';
import { findProgram, searchPath } from '../find-program.ts';

const FOLDERS = ['/usr/lib/rabbitmq/lib', '/usr/local/lib/rabbitmq/lib', '/opt'];
const INSTALL = 'install it with apt-get install rabbitmq-server (Debian, Ubuntu)';
/** The log's lines and the settings used are those of 3.10. */
const VERSION_MIN = [3, 10, 0] as const;

export interface RabbitmqProgram {
  /** `rabbitmq-server`, the script that runs the node in the foreground. */
  readonly file: string;
  readonly epmd: string;
  /** Such as `3.10.8`. */
  readonly version: string;
}

/** The program, or one sentence that says why there is none and what to do. */
export async function findRabbitmq(
  folders: readonly string[] = FOLDERS,
  pathFolders = searchPath(),
): Promise<RabbitmqProgram | string> {
  const found = await Promise.all(folders.map((folder) => installedIn(folder)));
  const [newest] = found.flat().sort((a, b) => (isAtLeast(a.version, parts(b.version)) ? -1 : 1));
  if (newest === undefined) return `rabbitmq-server is not installed: ${INSTALL}`;
  if (!isAtLeast(newest.version, VERSION_MIN)) {
    return `rabbitmq-server ${newest.version} is too old: install version 3.10 or later`;
  }
  const epmd = await findProgram('epmd', pathFolders);
  if (epmd === undefined) return `epmd, which RabbitMQ needs, is not installed: ${INSTALL}`;
  return { ...newest, epmd };
}

async function installedIn(folder: string): Promise<Omit<RabbitmqProgram, 'epmd'>[]> {
  const names = await readdir(folder).catch(() => []);
  return names.flatMap((name) => {
    const version = /^rabbitmq_server-(\d+\.\d+\.\d+)$/.exec(name)?.[1];
    if (version === undefined) return [];
    return [{ file: path.join(folder, name, 'sbin', 'rabbitmq-server'), version }];
  });
}

function parts(version: string): readonly number[] {
  return version.split('.').map(Number);
}
