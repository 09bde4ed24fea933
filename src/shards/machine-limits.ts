/** What this machine gives: read from the system, with cautious words where it says nothing. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { freemem } from 'node:os';
import { systemCode } from '../core/errors.ts';
import type { MachineLimits } from './budget.ts';

/** Where the system does not tell: what IANA sets aside (RFC 6335 §6). */
const DYNAMIC_PORTS = { from: 49_152, to: 65_535 };

/** Limits of this process and of the machine it runs on. */
export function machineLimits(): MachineLimits {
  return { openFilesMax: openFilesMax(), ports: portRange(), availableBytes: availableBytes() };
}

/** Node raises the soft limit to the hard one, and children inherit it. */
function openFilesMax(): number {
  const report = process.report.getReport() as {
    readonly userLimits?: { readonly open_files?: { readonly soft: number | 'unlimited' } };
  };
  const soft = report.userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : Number.POSITIVE_INFINITY;
}

/** Linux tells; see ip(7). */
function portRange(): MachineLimits['ports'] {
  try {
    const text = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
    const [from, to] = text.trim().split(/\s+/).map(Number);
    return from !== undefined && to !== undefined && to >= from ? { from, to } : DYNAMIC_PORTS;
  } catch {
    return DYNAMIC_PORTS;
  }
}

/** With what a container may take; Node 20 before 20.13 knows only what is free. */
function availableBytes(): number {
  const { availableMemory } = process as { readonly availableMemory?: () => number };
  return availableMemory === undefined ? freemem() : availableMemory.call(process);
}

/** Why connections can't start from this address, or undefined if they can. */
export function addressProblem(address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => {
      const missing = systemCode(error) === 'EADDRNOTAVAIL';
      resolve(missing ? 'is no address of this machine' : `can't be used: ${error.message}`);
    });
    server.listen({ host: address, port: 0 }, () => server.close(() => resolve(undefined)));
  });
}
