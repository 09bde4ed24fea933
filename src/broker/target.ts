/**
 * The safety rail of targets: this is an attack tool, so a host that is not this machine must have
 * been allowed twice, in writing and on the command line, before the first packet. Pure; names are
 * never resolved, because what a name resolves to can change after the check.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { EXIT, UserError } from '../core/errors.ts';
import { printable } from '../core/text.ts';

/** Entries are `host` or `host:port`; IPv6 with a port in brackets: `[::1]:8883`. No wildcards. */
export interface TargetAllowList {
  /** Named under `targets:` in the scenario, or in the user's file. */
  readonly named: readonly string[];
  /** Named on the command line. */
  readonly confirmed: readonly string[];
  /** Path of the user's file, for the message. */
  readonly userFile: string;
  /** It is not attacked: findings are published to it. */
  readonly publishing?: boolean;
  /** It is a worker that asks, whose own user allows targets in one place. */
  readonly worker?: boolean;
}

/** Whether `host` is this machine: 127.0.0.0/8, ::1 or `localhost`; no other name. */
export function isLoopback(host: string): boolean {
  if (isIPv4(host)) return host.startsWith('127.');
  if (isIPv6(host)) return !host.includes('%') && new URL(`ws://[${host}]`).hostname === '[::1]';
  return host.toLowerCase() === 'localhost';
}

/** Throws a `UserError` (64) that says what to do, unless the target may be used. */
export function checkTarget(host: string, port: number, allowList: TargetAllowList): void {
  if (isLoopback(host)) return;
  const target = formatTarget(host, port);
  const { publishing = false, worker = false } = allowList;
  if (worker && allows(allowList.named, host, port)) return;
  if (worker) {
    throw new UserError(EXIT.usage, {
      message: `${target} is not this machine and has not been allowed as a target here`,
      hint: `if it may be attacked from here, start the worker with --allow-target ${target} or name it in ${allowList.userFile}`,
    });
  }
  const missing: string[] = [];
  if (!allows(allowList.named, host, port)) {
    const file = publishing ? '' : 'under "targets:" in the scenario or ';
    missing.push(`name it ${file}in ${allowList.userFile}`);
  }
  if (!allows(allowList.confirmed, host, port)) {
    const option = publishing ? `--target ${target}` : `--broker mqtts://${target}`;
    missing.push(`name it on the command line (${option})`);
  }
  if (missing.length === 0) return;
  throw new UserError(EXIT.usage, {
    message: `${target} is not this machine and has not been allowed as a target`,
    hint: `if ${publishing ? 'findings may go there' : 'you may attack it'}, ${missing.join(' and ')}`,
  });
}

function allows(entries: readonly string[], host: string, port: number): boolean {
  const wanted = new Set([canonical(host), canonical(formatTarget(host, port))]);
  return entries.some((entry) => wanted.has(canonical(entry.trim())));
}

function formatTarget(host: string, port: number): string {
  return printable(isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`);
}

/** Names are compared without regard to case, IPv6 addresses in their shortest form. */
function canonical(entry: string): string {
  const bracketed = /^\[([^\]]*)\](:\d+)?$/.exec(entry);
  const address = bracketed?.[1] ?? entry;
  if (!isIPv6(address) || address.includes('%')) return entry.toLowerCase();
  return `${new URL(`ws://[${address}]`).hostname}${bracketed?.[2] ?? ''}`;
}
