/** Finds nats-server on this machine and asks it for its version. */
import { isAtLeast } from '../../history/formats/mosquitto-lines.ts';
import { askProgram, findProgram, searchPath } from '../find-program.ts';

/** MQTT came with 2.2; what is said of it here was measured on 2.9. */
const VERSION_MIN = [2, 2, 0] as const;

export interface NatsProgram {
  readonly file: string;
  /** Such as `2.9.10`. */
  readonly version: string;
}

/** The program, or one sentence that says why there is none and what to do. */
export async function findNats(folders = searchPath()): Promise<NatsProgram | string> {
  const file = await findProgram('nats-server', folders);
  if (file === undefined) {
    return 'nats-server is not installed: install it with apt-get install nats-server (Debian)';
  }
  const version = /^nats-server: v(\d+\.\d+\.\d+)/m.exec(await askProgram(file, ['-v']))?.[1];
  if (version === undefined) {
    return `${file} does not say its version: install nats-server 2.9 or later in its place`;
  }
  if (!isAtLeast(version, VERSION_MIN)) {
    return `nats-server ${version} has no MQTT: install version 2.2 or later`;
  }
  return { file, version };
}
