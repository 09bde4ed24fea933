/**
 * Where a device's client ID comes from. Most are known when the plan is made; those that depend
 * on the certificate or change with every connect are resolved when the device connects.
 * UUIDs as in RFC 9562. Those of version 4 are drawn by a hash of 122 bits from the device's name
 * and randomness: a seed repeats them, and a large fleet never draws one twice.
 */
import { v4, v5 } from 'uuid';
import { assertNever } from '../core/assert.ts';
import { nextRandom, type RandomState } from '../core/random.ts';

export type ClientIdSource =
  | { readonly kind: 'literal'; readonly value: string }
  | { readonly kind: 'uuid-v4-per-connect'; readonly device: string }
  | { readonly kind: 'uuid-v5'; readonly of: 'serial' | 'certificate' };

/** Namespace of our version 5 UUIDs, itself drawn once at random. */
const NAMESPACE = '6f1c1a52-58b0-4c93-9d1b-6b1a2f2b7e11';

export function uuidV5(name: string): string {
  return v5(name, NAMESPACE);
}

/** The version 4 UUID that `nonce` stands for: as unlike any other as a random one. */
export function uuidV4(nonce: string): string {
  return v4({ random: v5(nonce, NAMESPACE, new Uint8Array(16)) });
}

/** The client ID to connect with, and the randomness that is left. */
export function resolveClientId(
  source: ClientIdSource,
  certificate: { readonly serialNumber: string; readonly certificateId: string },
  random: RandomState,
): readonly [clientId: string, next: RandomState] {
  switch (source.kind) {
    case 'literal':
      return [source.value, random];
    case 'uuid-v4-per-connect': {
      const [, next] = nextRandom(random);
      return [uuidV4(`${source.device} ${random}`), next];
    }
    case 'uuid-v5':
      return [
        uuidV5(source.of === 'serial' ? certificate.serialNumber : certificate.certificateId),
        random,
      ];
    default:
      return assertNever(source);
  }
}
