/**
 * What a certificate says besides its key: distinguished name and extensions, per role (RFC 5280
 * §4.1.2.6, §4.2). Parts that are equal for all certificates of a role are encoded once.
 */
import type { Asn1, Asn1Node } from './asn1.ts';
import { ipBytes, isDnsName, type ServerHosts } from './names.ts';
import type { KeyType } from './types.ts';

/** Organisation in the subject of everything minted here. */
const ORGANIZATION = 'doppelfleet';

/** What a certificate is for. */
export type Role = 'device' | 'server' | 'authority';

/** Encodes names and extensions. */
export interface Profile {
  /** `O=doppelfleet,CN=<commonName>`, the general part first. */
  subject(commonName: string): Asn1Node;
  /** basicConstraints, keyUsage and extendedKeyUsage of the role. */
  fixedExtensions(role: Role, keyType: KeyType): readonly Asn1Node[];
  subjectKeyIdentifier(keyId: Uint8Array): Asn1Node;
  authorityKeyIdentifier(keyId: Uint8Array): Asn1Node;
  /** A DNS name where the thing name can be one, otherwise a URI. */
  thingAltName(thingName: string): Asn1Node;
  hostAltNames(hosts: ServerHosts): Asn1Node;
}

const OID = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

/** Bit numbers of RFC 5280 §4.2.1.3. */
const KEY_USAGE = { digitalSignature: 0, keyEncipherment: 2, keyCertSign: 5, cRLSign: 6 } as const;

/** Tags of GeneralName, RFC 5280 §4.2.1.6. */
const GENERAL_NAME = { dns: 2, uri: 6, ip: 7 } as const;

/** `urn:thing:` and the percent-encoded UTF-8 of the name (RFC 3986 §2.3: unreserved stays). */
function thingUri(thingName: string): string {
  const encoded = encodeURIComponent(thingName).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `urn:thing:${encoded}`;
}

/** Builds the profile over a loaded ASN.1. */
export function certificateProfile(asn1: Asn1): Profile {
  const constant = (node: Asn1Node): Asn1Node => asn1.encoded(asn1.encode(node));
  const oids = Object.fromEntries(
    Object.entries(OID).map(([name, dotted]) => [name, constant(asn1.oid(dotted))]),
  ) as Readonly<Record<keyof typeof OID, Asn1Node>>;
  const attribute = (oid: Asn1Node, text: string): Asn1Node => {
    const value = PRINTABLE.test(text) ? asn1.printable(text) : asn1.utf8(text);
    return asn1.set(asn1.sequence(oid, value));
  };
  const yes = asn1.boolean(true);
  const extension = (oid: Asn1Node, value: Asn1Node, critical = false): Asn1Node => {
    const content = asn1.octets(asn1.encode(value));
    return critical ? asn1.sequence(oid, yes, content) : asn1.sequence(oid, content);
  };
  const organization = constant(attribute(oids.organization, ORGANIZATION));
  const name = (tag: number, text: string): Asn1Node =>
    asn1.implicit(tag, Buffer.from(text, 'ascii'));
  const altNames = (names: readonly Asn1Node[]): Asn1Node =>
    extension(oids.subjectAltName, asn1.sequence(...names));

  const fixed = (role: Role, keyType: KeyType): Asn1Node[] => {
    const usages = asn1.namedBits(keyUsages(role, keyType).map((usage) => KEY_USAGE[usage]));
    const authority = role === 'authority';
    const constraints = authority ? asn1.sequence(yes) : asn1.sequence();
    const purpose = role === 'server' ? oids.serverAuth : oids.clientAuth;
    const extensions = [
      extension(oids.basicConstraints, constraints, authority),
      extension(oids.keyUsage, usages, true),
    ];
    if (!authority) extensions.push(extension(oids.extendedKeyUsage, asn1.sequence(purpose)));
    return extensions.map(constant);
  };
  const cache = new Map<string, readonly Asn1Node[]>();
  return {
    subject: (commonName) => asn1.sequence(organization, attribute(oids.commonName, commonName)),
    fixedExtensions: (role, keyType) => {
      const key = `${role} ${keyType}`;
      const known = cache.get(key) ?? fixed(role, keyType);
      cache.set(key, known);
      return known;
    },
    subjectKeyIdentifier: (keyId) => extension(oids.subjectKeyIdentifier, asn1.octets(keyId)),
    authorityKeyIdentifier: (keyId) =>
      extension(oids.authorityKeyIdentifier, asn1.sequence(asn1.implicit(0, keyId))),
    thingAltName: (thingName) =>
      altNames([
        isDnsName(thingName)
          ? name(GENERAL_NAME.dns, thingName)
          : name(GENERAL_NAME.uri, thingUri(thingName)),
      ]),
    hostAltNames: ({ dns, ips }) =>
      altNames([
        ...dns.map((host) => name(GENERAL_NAME.dns, host)),
        ...ips.map((ip) => asn1.implicit(GENERAL_NAME.ip, ipBytes(ip))),
      ]),
  };
}

/** The characters of an ASN.1 PrintableString (X.680 §41.4). */
const PRINTABLE = /^[A-Za-z0-9 '()+,\-./:=?]*$/;

function keyUsages(role: Role, keyType: KeyType): readonly (keyof typeof KEY_USAGE)[] {
  if (role === 'authority') return ['keyCertSign', 'cRLSign'];
  // TLS 1.2 with RSA key exchange encrypts to the server's key.
  const enciphers = role === 'server' && keyType.startsWith('RSA');
  return enciphers ? ['digitalSignature', 'keyEncipherment'] : ['digitalSignature'];
}
