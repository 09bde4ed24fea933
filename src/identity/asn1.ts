/**
 * The one home of node-forge: ASN.1 structure as small builders over its `asn1` module. Loaded on
 * demand, because the package costs every start 30 ms. Keys and signatures stay with node:crypto.
 * Values are forge's binary strings inside and Buffers at this border. DER as in ITU-T X.690.
 */
import type { asn1 as ForgeAsn1 } from 'node-forge';

/** A parsed or built ASN.1 value. */
export type Asn1Node = ForgeAsn1.Asn1;

/** Builders and readers of DER; obtained once by {@link loadAsn1}, then synchronous. */
export interface Asn1 {
  sequence(...children: readonly Asn1Node[]): Asn1Node;
  set(...children: readonly Asn1Node[]): Asn1Node;
  /** Explicit context tag `[number]` around one value. */
  explicit(number: number, child: Asn1Node): Asn1Node;
  /** Implicit context tag `[number]` over raw content. */
  implicit(number: number, content: Uint8Array): Asn1Node;
  oid(dotted: string): Asn1Node;
  boolean(value: boolean): Asn1Node;
  null(): Asn1Node;
  /** A non-negative integer given as big-endian bytes of any length. */
  unsigned(bytes: Uint8Array): Asn1Node;
  octets(content: Uint8Array): Asn1Node;
  /** A BIT STRING of whole bytes. */
  bits(content: Uint8Array): Asn1Node;
  /** A BIT STRING of named bits (X.690 §11.2.2: no trailing zero bits). */
  namedBits(set: readonly number[]): Asn1Node;
  utf8(text: string): Asn1Node;
  printable(text: string): Asn1Node;
  /** UTCTime through 2049, GeneralizedTime from 2050 on (RFC 5280 §4.1.2.5). */
  time(epochMs: number): Asn1Node;
  /** DER that is already encoded, taken over as it is. */
  encoded(der: Uint8Array): Asn1Node;
  encode(node: Asn1Node): Buffer;
  /** Throws on anything but one whole DER value. */
  decode(der: Uint8Array): Asn1Node;
  /** Content of a primitive value. */
  content(node: Asn1Node): Buffer;
  /** Dotted text of an OBJECT IDENTIFIER. */
  dotted(node: Asn1Node): string;
  /** Epoch milliseconds of a UTCTime or GeneralizedTime. */
  epochMs(node: Asn1Node): number;
}

/** Loads node-forge; later calls are answered by the module cache. */
export async function loadAsn1(): Promise<Asn1> {
  const { default: forge } = await import('node-forge');
  return wrap(forge.asn1);
}

/** Children of a constructed value; none for a primitive one or for nothing. */
export function childrenOf(node: Asn1Node | undefined): Asn1Node[] {
  return node !== undefined && Array.isArray(node.value) ? [...node.value] : [];
}

const GENERALIZED_TIME_FROM = Date.UTC(2050, 0, 1);
const UTC_TIME_FROM = Date.UTC(1950, 0, 1);
const CONSTRUCTED = 0x20;

function wrap(asn1: typeof ForgeAsn1): Asn1 {
  const { Class, Type } = asn1;
  // The published types lack the options that the function takes.
  const fromDer = asn1.fromDer as unknown as (bytes: string, options: object) => Asn1Node;
  const primitive = (type: ForgeAsn1.Type, content: string): Asn1Node =>
    asn1.create(Class.UNIVERSAL, type, false, content);
  const constructed = (type: ForgeAsn1.Type, children: readonly Asn1Node[]): Asn1Node =>
    asn1.create(Class.UNIVERSAL, type, true, [...children]);
  return {
    sequence: (...children) => constructed(Type.SEQUENCE, children),
    set: (...children) => constructed(Type.SET, children),
    explicit: (number, child) => asn1.create(Class.CONTEXT_SPECIFIC, number, true, [child]),
    implicit: (number, content) =>
      asn1.create(Class.CONTEXT_SPECIFIC, number, false, binary(content)),
    oid: (dotted) => primitive(Type.OID, asn1.oidToDer(dotted).getBytes()),
    boolean: (value) => primitive(Type.BOOLEAN, value ? '\xff' : '\x00'),
    null: () => primitive(Type.NULL, ''),
    unsigned: (bytes) => primitive(Type.INTEGER, unsignedContent(bytes)),
    octets: (content) => primitive(Type.OCTETSTRING, binary(content)),
    bits: (content) => primitive(Type.BITSTRING, `\x00${binary(content)}`),
    namedBits: (set) => primitive(Type.BITSTRING, binary(namedBitsContent(set))),
    utf8: (text) => primitive(Type.UTF8, binary(Buffer.from(text, 'utf8'))),
    printable: (text) => primitive(Type.PRINTABLESTRING, text),
    time: (epochMs) =>
      epochMs >= UTC_TIME_FROM && epochMs < GENERALIZED_TIME_FROM
        ? primitive(Type.UTCTIME, asn1.dateToUtcTime(new Date(epochMs)))
        : primitive(Type.GENERALIZEDTIME, asn1.dateToGeneralizedTime(new Date(epochMs))),
    encoded: (der) => encodedNode(asn1, der),
    encode: (node) => Buffer.from(asn1.toDer(node).getBytes(), 'latin1'),
    decode: (der) => fromDer(binary(der), DECODING),
    content: contentOf,
    dotted: (node) => asn1.derToOid(contentOf(node).toString('latin1')),
    epochMs: (node) => {
      const text = contentOf(node).toString('latin1');
      const utc = node.type === Type.UTCTIME;
      return (utc ? asn1.utcTimeToDate(text) : asn1.generalizedTimeToDate(text)).getTime();
    },
  };
}

/** forge would otherwise guess at structure inside BIT STRINGs. */
const DECODING = { strict: true, parseAllBytes: true, decodeBitStrings: false };

function binary(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function contentOf(node: Asn1Node): Buffer {
  if (typeof node.value !== 'string') throw new TypeError('a primitive ASN.1 value was expected');
  return Buffer.from(node.value, 'latin1');
}

function unsignedContent(bytes: Uint8Array): string {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const magnitude = binary(bytes.subarray(start));
  return (bytes[start] ?? 0) >= 0x80 ? `\x00${magnitude}` : magnitude;
}

function namedBitsContent(set: readonly number[]): Uint8Array {
  const highest = Math.max(...set);
  const content = new Uint8Array(2 + Math.floor(highest / 8));
  content[0] = 7 - (highest % 8);
  for (const bit of set) {
    const at = 1 + Math.floor(bit / 8);
    content[at] = (content[at] ?? 0) | (0x80 >> (bit % 8));
  }
  return content;
}

/** The identifier octet goes in as a whole (forge ORs class and type), the content untouched. */
function encodedNode(asn1: typeof ForgeAsn1, der: Uint8Array): Asn1Node {
  const identifier = der[0] ?? 0;
  const length = der[1] ?? 0;
  const headerLength = length < 0x80 ? 2 : 2 + (length & 0x7f);
  const type: number = identifier & (0x1f | CONSTRUCTED);
  const tagClass: number = identifier & 0xc0;
  return asn1.create(tagClass, type, false, binary(der.subarray(headerLength)));
}
