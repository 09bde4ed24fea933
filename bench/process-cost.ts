/** What a process of this machine has cost so far, as Linux tells it (proc(5)); NaN elsewhere. */
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** Linux counts CPU time for users in hundredths of a second (USER_HZ). */
const TICK_MS = 10;

/** Resident memory in KiB. */
export function residentKiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readProc(pid, 'status'))?.[1]);
}

/** User and system time in ms. */
export function cpuMs(pid: number): number {
  const stat = readProc(pid, 'stat');
  // The second field is the program's name, which may hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Resident memory of this process in KiB, once the garbage is collected where the process may do so. */
export async function settledKiB(): Promise<number> {
  // Finalisers run between collections, and what they free takes another one.
  for (let pass = 0; pass < 3 && globalThis.gc !== undefined; pass++) {
    globalThis.gc();
    await wait(50);
  }
  return process.memoryUsage.rss() / 1024;
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
