/**
 * Processes that an adapter owns. None outlives its run: `endProcess` waits a bounded time before
 * it kills; when this process exits for any reason, whatever is left is killed first. Owned
 * processes are started `detached`, so that Ctrl-C in a terminal reaches only us and the run can
 * close its connections before the broker goes.
 */
import type { ChildProcess } from 'node:child_process';
import type { BrokerCapabilities, RunningBroker } from './adapter.ts';

/** A broker that runs in a process of ours. */
export interface BrokerProcess extends RunningBroker {
  readonly pid: number;
  /** What this very broker can do, where its version decides. */
  readonly capabilities: BrokerCapabilities;
}

/** How long a broker may take to end when asked, before it is killed. */
const STOP_GRACE_MS = 5000;

const owned = new Set<ChildProcess>();
let watching = false;

/** From now on `child` is killed, at the latest, when this process exits. */
export function ownProcess(child: ChildProcess): void {
  if (!watching) process.on('exit', killOwned);
  watching = true;
  owned.add(child);
  child.once('exit', () => owned.delete(child));
}

/** Resolves when `child` has gone: `ask` makes it end by itself, after `graceMs` it is killed. */
export async function endProcess(
  child: ChildProcess,
  ask: () => void,
  graceMs = STOP_GRACE_MS,
): Promise<void> {
  if (hasEnded(child)) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  ask();
  await ended;
  clearTimeout(timer);
}

/** Whether `child` never started or has ended. */
export function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

/** `ended by SIGKILL`, `ended with code 3`. */
export function describeExit(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `ended with code ${code ?? 'unknown'}` : `was ended by ${signal}`;
}

function killOwned(): void {
  for (const child of owned) child.kill('SIGKILL');
}
