/**
 * The fingerprint of RSA keys made by the flawed library of CVE-2017-15361 («ROCA»; Nemec and
 * others, CCS 2017): their primes are k·M + (65537^a mod M) for a product M of small primes, so
 * the modulus is a power of 65537 modulo M. A random modulus of 2048 bits passes with a chance
 * below 2^-150. Pure.
 */

const GENERATOR = 65_537n;

/** The 39 primes whose product is the M of the shortest keys; longer keys use more, and these too. */
const PRIMES = [
  2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
  101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/** Powers of the generator modulo one prime: the exponent of each residue that occurs. */
interface PrimeLogs {
  readonly prime: bigint;
  readonly order: number;
  readonly exponents: ReadonlyMap<number, number>;
}

const LOGS: readonly PrimeLogs[] = PRIMES.map((prime) => {
  const exponents = new Map<number, number>();
  const step = Number(GENERATOR % BigInt(prime));
  for (let power = 1 % prime; !exponents.has(power); power = (power * step) % prime) {
    exponents.set(power, exponents.size);
  }
  return { prime: BigInt(prime), order: exponents.size, exponents };
});

/**
 * Whether the modulus is a power of 65537 modulo M. By the Chinese remainder theorem there is such
 * an exponent if there is one for each prime and any two agree modulo the common divisor of their
 * orders.
 */
export function hasRocaFingerprint(modulus: bigint): boolean {
  const known: { readonly exponent: number; readonly order: number }[] = [];
  for (const { prime, order, exponents } of LOGS) {
    const exponent = exponents.get(Number(modulus % prime));
    if (exponent === undefined) return false;
    for (const other of known) {
      if ((exponent - other.exponent) % commonDivisor(order, other.order) !== 0) return false;
    }
    known.push({ exponent, order });
  }
  return true;
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
