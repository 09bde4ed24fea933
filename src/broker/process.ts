/**
 * Processes that an adapter owns. None outlives its run: `endProcess` waits a bounded time before
 * it kills; when this process exits for any reason, whatever is left is killed first. Owned
 * processes are started `detached`, so that Ctrl-C in a terminal reaches only us and the run can
 * close its connections before the broker goes.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { resolve } from 'node:path';
import type { RunningBroker } from './adapter.ts';

/** A broker that runs in a process of ours. */
export interface BrokerProcess extends RunningBroker {
  readonly pid: number;
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

/**
 * Kills `pid` when the pipe to us ends, that is when this process has gone in whichever way, even by
 * SIGKILL, and removes `secrets` (paths of files that may be there). The guard itself is to be killed
 * when `pid` has ended.
 */
export function startGuard(pid: number, secrets: readonly string[] = []): ChildProcess {
  const script = 'read -r _; kill -KILL "$0"; rm -f -- "$@"';
  const files = secrets.map((file) => resolve(file));
  const guard = spawn('/bin/sh', ['-c', script, String(pid), ...files], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: {},
  });
  // Without a shell the ordinary ways of ending the broker remain.
  guard.on('error', () => {});
  if (guard.stdin instanceof Socket) guard.stdin.on('error', () => {}).unref();
  ownProcess(guard);
  guard.unref();
  return guard;
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
