/**
 * The revocation list of a run: what the broker was started with and everything that has been
 * revoked since. A list only grows, and its number with it (RFC 5280 §5.2.3).
 */
import { DAY_MS, type EpochMs, HOUR_MS } from '../core/time.ts';
import type { Authority } from '../identity/authority.ts';
import { type RevokedCertificate, readCrl } from '../identity/crl.ts';
import { buildCrl, crlPem } from '../identity/crl-build.ts';
import { decodePem } from '../identity/pem.ts';

export class RevocationRegister {
  readonly #authority: Authority;
  readonly #revoked = new Map<string, RevokedCertificate>();
  #number: number;

  /** `startPem` is the list that the broker has read, if it has one. */
  constructor(authority: Authority, startPem?: string) {
    this.#authority = authority;
    const { asn1 } = authority.tools;
    const start = startPem === undefined ? undefined : readCrl(asn1, decodePem(startPem));
    for (const entry of start?.revoked ?? []) this.#revoked.set(entry.serialNumber, entry);
    this.#number = Number.parseInt(start?.crlNumber ?? '0', 16);
  }

  get size(): number {
    return this.#revoked.size;
  }

  has(serialNumber: string): boolean {
    return this.#revoked.has(serialNumber);
  }

  /** PEM of the next list, with these serial numbers added. */
  add(serialNumbers: readonly string[], at: EpochMs): string {
    const revokedAt = Math.round(at);
    for (const serialNumber of serialNumbers) {
      if (!this.has(serialNumber)) this.#revoked.set(serialNumber, { serialNumber, revokedAt });
    }
    this.#number += 1;
    return crlPem(
      buildCrl(this.#authority, {
        // Clocks of brokers may lag; a list from the future is none.
        thisUpdate: revokedAt - HOUR_MS,
        nextUpdate: revokedAt + DAY_MS,
        number: this.#number,
        revoked: [...this.#revoked.values()],
      }),
    );
  }

  /** Forgets entries that never reached the broker. */
  withdraw(serialNumbers: readonly string[]): void {
    for (const serialNumber of serialNumbers) this.#revoked.delete(serialNumber);
  }
}
