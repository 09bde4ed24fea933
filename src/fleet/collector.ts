/**
 * V8's garbage collector, told what a process is for that holds thousands of connections. Every TLS
 * socket reports memory outside of the heap (140 KiB, more than it takes), and every 20 MB of such
 * reports V8 marks the whole heap anew, on all cores: with 10,000 devices that costs as much CPU as
 * the connects themselves, in pauses of 10–30 ms that let arrivals wait.
 */
import { setFlagsFromString } from 'node:v8';

/** V8 knows them since before Node 20; they count from now on. */
const FLAGS = [
  // The heap is what devices hold, hardly garbage: it may grow by half before it is marked again.
  '--heap-growing-percent=50',
  // What a connect leaves behind is swept up often, in 2 ms instead of 20.
  '--semi-space-growth-factor=1',
];
/** Reports from outside are part of that growth, no reason of their own (V8 13.6, Node 24). */
const REPORTS_COUNT_AS_HEAP = { flag: '--external-memory-accounted-in-global-limit', v8: 13 };

/**
 * For the rest of the process. Best at its start, as the part of the heap for what is new does not
 * shrink again.
 */
export function collectAsFleet(): void {
  const { flag, v8 } = REPORTS_COUNT_AS_HEAP;
  const major = Number.parseInt(process.versions.v8, 10);
  for (const each of major >= v8 ? [...FLAGS, flag] : FLAGS) setFlagsFromString(each);
}
