/**
 * Key pairs by node:crypto, in the two encodings a certificate needs: public key bits and PKCS#8.
 * EC keys come from ECDH objects, whose raw numbers are put into a DER frame made once: exporting
 * a KeyObject costs as much as the key itself on Node 24, and four times as much on Node 20.
 */
import {
  createECDH,
  createPrivateKey,
  generateKeyPair,
  generateKeyPairSync,
  type KeyObject,
  X509Certificate,
} from 'node:crypto';
import { promisify } from 'node:util';
import type { Asn1, Asn1Node } from './asn1.ts';
import { decodePem } from './pem.ts';
import { KEY_TYPES, type KeyType } from './types.ts';

/** A new key pair. `privateKeyDer` is PKCS#8 (RFC 5958). */
export interface KeyPair {
  readonly keyType: KeyType;
  /** Content of subjectPublicKey (RFC 5280 §4.1.2.7): EC point or PKCS#1 RSAPublicKey. */
  readonly publicKeyBits: Buffer;
  readonly privateKeyDer: Buffer;
}

/** Makes keys and answers what DER frames can answer; built once per loaded ASN.1. */
export interface KeyMaker {
  generate(keyType: KeyType): KeyPair;
  /** RSA runs on the thread pool; EC is done at once, as it is cheaper than the hand-over. */
  generateAsync(keyType: KeyType): Promise<KeyPair>;
  /** AlgorithmIdentifier of the public key. */
  algorithm(keyType: KeyType): Asn1Node;
  /** The private key belongs to the certificate; false as well for a key that can't be read. */
  matches(certificatePem: string, privateKeyPem: string): boolean;
}

interface EcFrame {
  readonly curve: 'prime256v1' | 'secp384r1';
  readonly size: number;
  readonly head: Buffer;
  readonly middle: Buffer;
}

const generateRsa = promisify(generateKeyPair);

const OID = {
  ecPublicKey: '1.2.840.10045.2.1',
  rsaEncryption: '1.2.840.113549.1.1.1',
  'P-256': '1.2.840.10045.3.1.7',
  'P-384': '1.3.132.0.34',
} as const;

/** Builds the constant parts for every key type. */
export function keyMaker(asn1: Asn1): KeyMaker {
  const ecAlgorithm = (keyType: 'P-256' | 'P-384'): Buffer =>
    asn1.encode(asn1.sequence(asn1.oid(OID.ecPublicKey), asn1.oid(OID[keyType])));
  const rsa = asn1.encode(asn1.sequence(asn1.oid(OID.rsaEncryption), asn1.null()));
  const algorithms: Readonly<Record<KeyType, Asn1Node>> = {
    'P-256': asn1.encoded(ecAlgorithm('P-256')),
    'P-384': asn1.encoded(ecAlgorithm('P-384')),
    'RSA-2048': asn1.encoded(rsa),
    'RSA-3072': asn1.encoded(rsa),
  };
  const frames: Partial<Record<KeyType, EcFrame>> = {
    'P-256': ecFrame(asn1, algorithms['P-256'], { curve: 'prime256v1', size: 32 }),
    'P-384': ecFrame(asn1, algorithms['P-384'], { curve: 'secp384r1', size: 48 }),
  };
  const generate = (keyType: KeyType): KeyPair => {
    const frame = frames[keyType];
    if (frame !== undefined) return { keyType, ...generateEc(frame) };
    const { publicKey, privateKey } = generateKeyPairSync('rsa', rsaOptions(keyType));
    return { keyType, publicKeyBits: publicKey, privateKeyDer: privateKey };
  };
  return {
    generate,
    generateAsync: async (keyType) => {
      if (frames[keyType] !== undefined) return generate(keyType);
      const { publicKey, privateKey } = await generateRsa('rsa', rsaOptions(keyType));
      return { keyType, publicKeyBits: publicKey, privateKeyDer: privateKey };
    },
    algorithm: (keyType) => algorithms[keyType],
    matches: (certificatePem, privateKeyPem) =>
      matchesFramed(Object.values(frames), certificatePem, privateKeyPem) ??
      matchesAny(certificatePem, privateKeyPem),
  };
}

/** `P-256`, `RSA-2048`, …; other keys by the name that OpenSSL gives them. */
export function keyTypeOf(key: KeyObject): string {
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  const type = key.asymmetricKeyType ?? 'unknown';
  if (type === 'ec') return CURVE_NAMES[namedCurve ?? ''] ?? namedCurve ?? 'ec';
  return modulusLength === undefined ? type : `${type.toUpperCase()}-${modulusLength}`;
}

/** Size of a key in bits, as `openssl x509 -text` counts it; undefined for unusual keys. */
export function keyBitsOf(key: KeyObject): number | undefined {
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  return modulusLength ?? CURVE_BITS[namedCurve ?? key.asymmetricKeyType ?? ''];
}

/** `text` is one of the key types that can be minted. */
export function isKeyType(text: string): text is KeyType {
  return KEY_TYPES.some((keyType) => keyType === text);
}

const CURVE_NAMES: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};
const CURVE_BITS: Readonly<Record<string, number>> = {
  prime256v1: 256,
  secp384r1: 384,
  secp521r1: 521,
  secp256k1: 256,
  ed25519: 253,
};

function rsaOptions(keyType: KeyType) {
  return {
    modulusLength: Number(keyType.slice('RSA-'.length)),
    publicKeyEncoding: { type: 'pkcs1', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  } as const;
}

/** PKCS#8 around SEC 1 (RFC 5915), cut where the private number and the public point go. */
function ecFrame(
  asn1: Asn1,
  algorithm: Asn1Node,
  { curve, size }: Pick<EcFrame, 'curve' | 'size'>,
): EcFrame {
  const scalar = Buffer.alloc(size, 0xaa);
  const point = Buffer.alloc(1 + 2 * size, 0xbb);
  const sec1 = asn1.sequence(
    asn1.unsigned(Buffer.of(1)),
    asn1.octets(scalar),
    asn1.explicit(1, asn1.bits(point)),
  );
  const version = asn1.unsigned(Buffer.of(0));
  const der = asn1.encode(asn1.sequence(version, algorithm, asn1.octets(asn1.encode(sec1))));
  const scalarAt = der.indexOf(scalar);
  return {
    curve,
    size,
    head: der.subarray(0, scalarAt),
    middle: der.subarray(scalarAt + size, der.length - point.length),
  };
}

function generateEc({ curve, size, head, middle }: EcFrame): Omit<KeyPair, 'keyType'> {
  const ecdh = createECDH(curve);
  const point = ecdh.generateKeys();
  const scalar = ecdh.getPrivateKey();
  // OpenSSL drops leading zero bytes; RFC 5915 §3 wants the full length.
  const padding = Buffer.alloc(size - scalar.length);
  const privateKeyDer = Buffer.concat([head, padding, scalar, middle, point]);
  return { publicKeyBits: point, privateKeyDer };
}

/** For our own EC keys: derive the point and look for it in the certificate; undefined for others. */
function matchesFramed(
  frames: readonly EcFrame[],
  certificatePem: string,
  privateKeyPem: string,
): boolean | undefined {
  const der = decodePem(privateKeyPem);
  const frame = frames.find(({ head }) => der.subarray(0, head.length).equals(head));
  if (frame === undefined) return undefined;
  const { curve, size, head, middle } = frame;
  if (der.length !== head.length + size + middle.length + 1 + 2 * size) return undefined;
  try {
    const ecdh = createECDH(curve);
    ecdh.setPrivateKey(der.subarray(head.length, head.length + size));
    const point = ecdh.getPublicKey();
    return der.subarray(-point.length).equals(point) && decodePem(certificatePem).includes(point);
  } catch {
    return false;
  }
}

function matchesAny(certificatePem: string, privateKeyPem: string): boolean {
  try {
    return new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(privateKeyPem));
  } catch {
    return false;
  }
}
