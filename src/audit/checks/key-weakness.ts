/**
 * What is wrong with a public key. AWS's rule is CVE-2017-15361 and CVE-2008-0166; the first is
 * tested here by its fingerprint, the second needs lists of the 2008 keys and is not tested. Size,
 * exponent and curve are rules of ours (AWS refuses such certificates when they are registered),
 * with reason codes that begin with DOPPELFLEET. Pure.
 */
import type { FindingDraft } from '../check.ts';
import type { AuditCertificate } from '../evidence.ts';
import type { FindingDetail } from '../finding.ts';
import { certificateDetail, certificateResource } from './certificate-findings.ts';
import { hasRocaFingerprint } from './roca.ts';

/** AWS's code and ours; AWS publishes no texts. */
export const ROCA = {
  reasonCode: 'CERTIFICATE_KEY_VULNERABILITY_CVE-2017-15361',
  reason: 'Certificate key is vulnerable: CVE-2017-15361.',
} as const;
/** AWS IoT registers no shorter ones; NIST SP 800-131A disallows them. */
const RSA_BITS_MIN = 2048;
/** FIPS 186-5 §5.1: above 2^16. */
const RSA_EXPONENT_MIN = 65_537n;

/** By OpenSSL's and NIST's names: at least 112 bits of strength (NIST SP 800-57, table 2). */
const SOUND_KEYS: ReadonlySet<string> = new Set([
  'prime256v1',
  'secp384r1',
  'secp521r1',
  'P-256',
  'P-384',
  'P-521',
  'secp224r1',
  'secp256k1',
  'brainpoolP256r1',
  'brainpoolP320r1',
  'brainpoolP384r1',
  'brainpoolP512r1',
  'ed25519',
  'ed448',
]);
/** Curves of OpenSSL's list with less. */
const WEAK_CURVE =
  /^(secp(112|128|160|192)[rk]\d|prime(192|239)v\d|sect(113|131|163|193)[rk]\d|brainpoolP(160|192)[rt]1|wap-wsg|c2pnb(163|176)|c2tnb191|Oakley-EC2N-3)/;

interface Weakness {
  readonly reasonCode: string;
  readonly reason: string;
  readonly diagnosis: 'vulnerable-key' | 'weak-key';
  readonly because: string;
}

/** One finding per weakness, the gravest first. */
export function keyFindings(certificate: AuditCertificate, now: number): readonly FindingDraft[] {
  const resource = certificateResource(certificate);
  return weaknesses(certificate).map(({ reasonCode, reason, diagnosis, because }) => {
    const said: Pick<FindingDetail, 'diagnosis' | 'confidence' | 'because'> = {
      diagnosis,
      confidence: 'certain',
      because,
    };
    return { resource, related: [], reasonCode, reason, detail: certificateDetail(said, now) };
  });
}

function weaknesses(certificate: AuditCertificate): readonly Weakness[] {
  return certificate.modulus === undefined
    ? curveWeaknesses(certificate)
    : rsaWeaknesses(certificate, BigInt(`0x${certificate.modulus}`));
}

function rsaWeaknesses({ publicExponent }: AuditCertificate, modulus: bigint): Weakness[] {
  const found: Weakness[] = [];
  const bits = modulus.toString(2).length;
  if (hasRocaFingerprint(modulus)) {
    found.push({
      ...ROCA,
      diagnosis: 'vulnerable-key',
      because: 'its modulus has the fingerprint of the flawed key generator (ROCA)',
    });
  }
  if (bits < RSA_BITS_MIN) {
    found.push({
      reasonCode: 'DOPPELFLEET_RSA_KEY_BELOW_2048_BITS',
      reason: 'RSA key has fewer than 2048 bits (a rule of doppelfleet).',
      diagnosis: 'weak-key',
      because: `an RSA key of ${bits} bits; ${RSA_BITS_MIN} are the least`,
    });
  }
  const exponent = publicExponent === undefined ? undefined : BigInt(`0x${publicExponent}`);
  if (exponent !== undefined && (exponent < RSA_EXPONENT_MIN || exponent % 2n === 0n)) {
    found.push({
      reasonCode: 'DOPPELFLEET_RSA_EXPONENT_UNSAFE',
      reason: 'RSA public exponent is unsafe (a rule of doppelfleet).',
      diagnosis: 'weak-key',
      because: `the RSA public exponent is ${exponent}; safe ones are odd and above 65536`,
    });
  }
  return found;
}

function curveWeaknesses({ curve, keyType }: AuditCertificate): Weakness[] {
  const name = curve ?? keyType;
  if (SOUND_KEYS.has(name)) return [];
  if (WEAK_CURVE.test(name)) {
    return [
      {
        reasonCode: 'DOPPELFLEET_WEAK_CURVE',
        reason: 'Elliptic curve is too weak (a rule of doppelfleet).',
        diagnosis: 'weak-key',
        because: `the key is on the curve ${name}, which gives less than 112 bits of strength`,
      },
    ];
  }
  return [
    {
      reasonCode: 'DOPPELFLEET_UNKNOWN_KEY_TYPE',
      reason: 'Key type or curve is not known to be sound (a rule of doppelfleet).',
      diagnosis: 'weak-key',
      because: `the key is of type ${name}, which is not among the known sound ones`,
    },
  ];
}
