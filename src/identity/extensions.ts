/** Reads the extensions that decide about a certificate's use, in OpenSSL's words (RFC 5280 §4.2). */
import { type Asn1, type Asn1Node, childrenOf } from './asn1.ts';

/** Extensions; absent ones are left out. Identifiers are lower-case hex. */
export interface CertificateExtensions {
  readonly basicConstraints?: {
    readonly critical: boolean;
    readonly ca: boolean;
    readonly pathLength?: number;
  };
  readonly keyUsage?: { readonly critical: boolean; readonly usages: readonly string[] };
  readonly extendedKeyUsage?: { readonly critical: boolean; readonly purposes: readonly string[] };
  /** `DNS:…`, `URI:…`, `IP Address:…`, `email:…`; other kinds by their tag. */
  readonly subjectAltNames?: readonly string[];
  readonly subjectKeyIdentifier?: string;
  readonly authorityKeyIdentifier?: string;
}

interface Extension {
  readonly critical: boolean;
  readonly value: Asn1Node;
}

/** `field` is the `[3]` field of the certificate. Throws on extensions that are not DER. */
export function readExtensions(asn1: Asn1, field: Asn1Node | undefined): CertificateExtensions {
  const found = new Map<string, Extension>();
  for (const extension of childrenOf(childrenOf(field)[0])) {
    const [oid, second, third] = childrenOf(extension);
    const content = third ?? second;
    if (oid === undefined || content === undefined) continue;
    const name = EXTENSION_NAMES[asn1.dotted(oid)];
    if (name === undefined) continue;
    const critical = third !== undefined;
    found.set(name, { critical, value: asn1.decode(asn1.content(content)) });
  }
  const read = <T>(name: string, reader: (asn1: Asn1, extension: Extension) => T) => {
    const extension = found.get(name);
    const value = extension === undefined ? undefined : reader(asn1, extension);
    return value === undefined ? {} : { [name]: value };
  };
  return {
    ...read('basicConstraints', basicConstraints),
    ...read('keyUsage', keyUsage),
    ...read('extendedKeyUsage', extendedKeyUsage),
    ...read('subjectAltNames', subjectAltNames),
    ...read('subjectKeyIdentifier', (_, { value }) => asn1.content(value).toString('hex')),
    ...read('authorityKeyIdentifier', authorityKeyIdentifier),
  };
}

const EXTENSION_NAMES: Readonly<Record<string, keyof CertificateExtensions>> = {
  '2.5.29.14': 'subjectKeyIdentifier',
  '2.5.29.15': 'keyUsage',
  '2.5.29.17': 'subjectAltNames',
  '2.5.29.19': 'basicConstraints',
  '2.5.29.35': 'authorityKeyIdentifier',
  '2.5.29.37': 'extendedKeyUsage',
};

const KEY_USAGES = [
  'Digital Signature',
  'Non Repudiation',
  'Key Encipherment',
  'Data Encipherment',
  'Key Agreement',
  'Certificate Sign',
  'CRL Sign',
  'Encipher Only',
  'Decipher Only',
] as const;

const PURPOSES: Readonly<Record<string, string>> = {
  '2.5.29.37.0': 'Any Extended Key Usage',
  '1.3.6.1.5.5.7.3.1': 'TLS Web Server Authentication',
  '1.3.6.1.5.5.7.3.2': 'TLS Web Client Authentication',
  '1.3.6.1.5.5.7.3.3': 'Code Signing',
  '1.3.6.1.5.5.7.3.4': 'E-mail Protection',
  '1.3.6.1.5.5.7.3.8': 'Time Stamping',
  '1.3.6.1.5.5.7.3.9': 'OCSP Signing',
};

function basicConstraints(asn1: Asn1, { critical, value }: Extension) {
  const parts = childrenOf(value);
  const ca = parts.find((part) => Number(part.type) === 1);
  const length = parts.find((part) => Number(part.type) === 2);
  return {
    critical,
    ca: ca !== undefined && asn1.content(ca)[0] !== 0,
    ...(length === undefined
      ? {}
      : { pathLength: Number(`0x${asn1.content(length).toString('hex')}`) }),
  };
}

function keyUsage(asn1: Asn1, { critical, value }: Extension) {
  const bits = asn1.content(value).subarray(1);
  const isSet = (bit: number): boolean => ((bits[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0;
  return { critical, usages: KEY_USAGES.filter((_, bit) => isSet(bit)) };
}

function extendedKeyUsage(asn1: Asn1, { critical, value }: Extension) {
  const purposes = childrenOf(value).map((purpose) => {
    const oid = asn1.dotted(purpose);
    return PURPOSES[oid] ?? oid;
  });
  return { critical, purposes };
}

function subjectAltNames(asn1: Asn1, { value }: Extension): string[] {
  return childrenOf(value).map((name) => {
    const tag = Number(name.type);
    if (Array.isArray(name.value)) return `[${tag}]:<unsupported>`;
    const content = asn1.content(name);
    if (tag === 7) return `IP Address:${ipText(content)}`;
    const label = ({ 1: 'email', 2: 'DNS', 6: 'URI' } as Record<number, string>)[tag];
    return label === undefined
      ? `[${tag}]:<unsupported>`
      : `${label}:${content.toString('latin1')}`;
  });
}

/** As OpenSSL writes it: IPv6 in groups without compression. */
function ipText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) return '<invalid>';
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i));
  return groups.map((group) => group.toString(16).toUpperCase()).join(':');
}

function authorityKeyIdentifier(asn1: Asn1, { value }: Extension): string | undefined {
  const keyId = childrenOf(value).find((part) => Number(part.type) === 0);
  return keyId === undefined ? undefined : asn1.content(keyId).toString('hex');
}
