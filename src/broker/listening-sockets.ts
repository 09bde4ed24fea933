/**
 * Where a process really listens, whatever its configuration said: the last of the rails that keep a
 * broker of ours on this machine. Read from Linux's /proc; elsewhere nothing is known.
 */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { endianness } from 'node:os';
import { isLoopback } from './target.ts';

/** State of a socket that listens, in `/proc/net/tcp` (Linux's TCP_LISTEN). */
const LISTENING = '0A';
const WORD_BYTES = 4;

/** Addresses that `pid` listens on and that are not this machine's alone; empty if none is known. */
export async function listensBeyond(pid: number): Promise<readonly string[]> {
  const [own, ...tables] = await Promise.all([
    socketsOf(pid),
    ...['tcp', 'tcp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'utf8').catch(() => '')),
  ]);
  return tables
    .flatMap((table) => table.split('\n'))
    .flatMap((line) => {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
      if (state !== LISTENING || !own.has(inode)) return [];
      const address = addressOf(local.split(':')[0] ?? '');
      return isLoopback(address) ? [] : [address];
    });
}

async function socketsOf(pid: number): Promise<ReadonlySet<string>> {
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder).catch(() => []);
  const targets = await Promise.all(names.map((n) => readlink(`${folder}/${n}`).catch(() => '')));
  return new Set(targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []));
}

/** `0100007F` is 127.0.0.1: words of four bytes, each as the machine has it in memory. */
function addressOf(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  if (endianness() === 'LE') {
    for (let at = 0; at < bytes.length; at += WORD_BYTES) {
      bytes.subarray(at, at + WORD_BYTES).reverse();
    }
  }
  const mapped = bytes.length > WORD_BYTES && bytes.toString('hex', 0, 12) === MAPPED;
  if (mapped || bytes.length === WORD_BYTES) return [...bytes.subarray(-WORD_BYTES)].join('.');
  const groups = bytes.toString('hex').match(/.{4}/g) ?? [];
  return new URL(`ws://[${groups.join(':')}]`).hostname.replace(/^\[|\]$/g, '');
}

/** ::ffff:0:0/96, IPv4 addresses in those of IPv6 (RFC 4291 §2.5.5.2). */
const MAPPED = '00000000000000000000ffff';
