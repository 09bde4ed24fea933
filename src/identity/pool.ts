/**
 * Hands out imported certificates: first those whose thing name is the one that is asked for, then
 * the others in sorted order, and those that are not valid now last. Deterministic for a given pool.
 */
import { plural, printable } from '../core/text.ts';
import type { Bundle } from './bundle.ts';
import type { CertificateEntry } from './manifest.ts';
import type { Store } from './store.ts';
import type { CertificateRequest, Credential } from './types.ts';

/** The imported certificates with their keys. */
export interface Pool {
  readonly entries: readonly CertificateEntry[];
  readonly bundle: Bundle;
  readonly matches: (certificatePem: string, privateKeyPem: string) => boolean;
}

/** Credentials by the name of their request, for as many requests as the pool can serve. */
export function assignPool(
  store: Store,
  requests: readonly CertificateRequest[],
  pool: Pool,
): Map<string, Credential> {
  const now = store.now();
  const isValid = ({ notBefore, notAfter }: CertificateEntry): boolean =>
    notBefore <= now && now < notAfter;
  const sorted = pool.entries.toSorted(
    (a, b) => Number(isValid(b)) - Number(isValid(a)) || compare(a.name, b.name),
  );
  const free = new Map(sorted.map((entry) => [entry.certificateId, entry]));
  const byThing = new Map<string, CertificateEntry[]>();
  for (const entry of sorted) {
    const same = byThing.get(entry.thingName);
    if (same === undefined) byThing.set(entry.thingName, [entry]);
    else same.push(entry);
  }
  const assigned = new Map<string, Credential>();
  const notValid: CertificateEntry[] = [];
  const give = (request: CertificateRequest, entry: CertificateEntry): boolean => {
    free.delete(entry.certificateId);
    const credential = credentialOf(request, entry, pool);
    if (credential === undefined) {
      const message = `the imported certificate ${entry.name} has lost its key in the store`;
      store.warn({ message, hint: 'import it again' });
      return false;
    }
    assigned.set(request.name, credential);
    if (!isValid(entry)) notValid.push(entry);
    return true;
  };
  for (const request of requests) {
    const own = byThing.get(request.thingName)?.filter((entry) => free.has(entry.certificateId));
    own?.some((entry) => give(request, entry));
  }
  const rest = free.values();
  for (const request of requests) {
    while (!assigned.has(request.name)) {
      const next = rest.next();
      if (next.done === true) break;
      give(request, next.value);
    }
  }
  warnNotValid(store, notValid);
  return assigned;
}

function credentialOf(
  request: CertificateRequest,
  entry: CertificateEntry,
  { bundle, matches }: Pool,
): Credential | undefined {
  const pair = bundle.get(entry.certificateId);
  if (pair === undefined || !matches(pair.certificatePem, pair.privateKeyPem)) return undefined;
  const { thingName, certificateId, serialNumber } = entry;
  return { name: request.name, thingName, certificateId, serialNumber, ...pair };
}

function warnNotValid(store: Store, entries: readonly CertificateEntry[]): void {
  const [first] = entries;
  if (first === undefined) return;
  const count = plural(entries.length, 'imported certificate');
  store.warn({
    message: `${count} in use, such as ${printable(first.name)}, not valid now`,
    hint: 'brokers refuse them; import valid ones',
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
