/**
 * Which names the identity layer accepts: names in the store (they become file names, so they must
 * not leave their folder), thing names (any Unicode text that fits a common name) and the host
 * names of a server certificate. Pure.
 */
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { EXIT, type Problem, UserError } from '../core/errors.ts';
import { printable } from '../core/text.ts';

/** RFC 5280 appendix A, `ub-common-name`: characters, not bytes. */
const COMMON_NAME_LENGTH_MAX = 64;

const STORE_NAME = /^(?!\.)[A-Za-z0-9._-]{1,128}$/;
const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

/** What is wrong with a name in the store, or undefined. */
export function storeNameProblem(name: string): Problem | undefined {
  if (STORE_NAME.test(name)) return undefined;
  return {
    message: `"${printable(name, 80)}" cannot be a name in the certificate store`,
    hint: 'use 1 to 128 letters, digits, ".", "_" or "-", without a leading dot',
  };
}

/** A name in the store for a thing: the thing name where it is valid, otherwise made from it. */
export function storeNameFor(thingName: string): string {
  if (STORE_NAME.test(thingName)) return thingName;
  const slug = thingName.replace(/[^A-Za-z0-9_-]+/g, '-').slice(0, 48);
  const digest = createHash('sha256').update(thingName).digest('hex').slice(0, 12);
  return `${slug.replace(/^-+|-+$/g, '') || 'thing'}-${digest}`;
}

/** What is wrong with a thing name as a common name, or undefined. */
export function thingNameProblem(thingName: string): Problem | undefined {
  const quoted = `the thing name "${printable(thingName, 80)}"`;
  const length = [...thingName].length;
  if (length === 0) return { message: 'a thing name is empty', hint: 'give at least 1 character' };
  if (length > COMMON_NAME_LENGTH_MAX) {
    return {
      message: `${quoted} has ${length} characters, a certificate's common name holds 64`,
      hint: 'shorten it (RFC 5280, ub-common-name)',
    };
  }
  if (/\p{Surrogate}/u.test(thingName)) {
    return { message: `${quoted} is not Unicode text`, hint: 'remove the lone surrogate' };
  }
  return undefined;
}

/** `text` can stand as a dNSName: letter-digit-hyphen labels, and not an IPv4 address in disguise. */
export function isDnsName(text: string): boolean {
  const labels = text.split('.');
  return (
    text.length <= 253 &&
    labels.every((label) => DNS_LABEL.test(label)) &&
    !/^\d+$/.test(labels.at(-1) ?? '')
  );
}

/** Hosts of a server certificate, each once: DNS names in lower case, IP addresses as given. */
export interface ServerHosts {
  readonly dns: readonly string[];
  readonly ips: readonly string[];
}

/** `localhost`, 127.0.0.1 and ::1, and the given hosts. Throws `UserError` naming every bad one. */
export function serverHosts(hosts: readonly string[]): ServerHosts {
  const dns = new Set(['localhost']);
  const ips = new Set(['127.0.0.1', '::1']);
  const problems: Problem[] = [];
  for (const host of hosts) {
    const address = host.replace(/^\[(.*)\]$/, '$1');
    const name = domainToASCII(host.replace(/^\*\./, '')).toLowerCase();
    if (isIP(address) !== 0 && !address.includes('%')) ips.add(canonicalIp(address));
    else if (isDnsName(name)) dns.add(host.startsWith('*.') ? `*.${name}` : name);
    else {
      problems.push({
        message: `"${printable(host, 80)}" is neither a host name nor an IP address`,
        hint: 'a server certificate needs one, without port or path',
      });
    }
  }
  if (problems.length > 0) throw new UserError(EXIT.usage, problems);
  return { dns: [...dns], ips: [...ips] };
}

/** Bytes of an IP address for an iPAddress name (RFC 5280 §4.2.1.6): 4 or 16. */
export function ipBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail] = canonicalIp(address).split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const left = groups(head);
  const right = groups(tail ?? '');
  const zeros = new Array<number>(8 - left.length - right.length).fill(0);
  return Buffer.from([...left, ...zeros, ...right].flatMap((group) => [group >> 8, group & 0xff]));
}

/** One spelling per address: the URL parser compresses IPv6 (RFC 5952) and resolves dotted tails. */
function canonicalIp(address: string): string {
  return isIP(address) === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}
