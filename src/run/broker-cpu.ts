/** CPU time of a broker's process, where Linux tells it; a broker of several processes tells less. */
import { readFile } from 'node:fs/promises';
import type { RunningBroker } from '../broker/adapter.ts';

/** Linux counts CPU time for users in hundredths of a second (USER_HZ, proc(5)). */
const TICK_MS = 10;

/** User and system time in ms so far; undefined where it can't be told. */
export async function brokerCpuMs(broker: RunningBroker): Promise<number | undefined> {
  if (!('pid' in broker) || typeof broker.pid !== 'number' || broker.pid <= 0) return undefined;
  const stat = await readFile(`/proc/${broker.pid}/stat`, 'utf8').catch(() => '');
  // The second field is the program's name, which may hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, system] = [Number(fields[11]), Number(fields[12])];
  return Number.isFinite(user + system) && fields.length > 12
    ? (user + system) * TICK_MS
    : undefined;
}
