/** Distinguished names as text: RFC 4514, as `openssl x509 -nameopt RFC2253` prints them. Pure. */
import { type Asn1, type Asn1Node, childrenOf } from './asn1.ts';

const SHORT_NAMES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'title',
  '2.5.4.42': 'GN',
  '2.5.4.46': 'dnQualifier',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
};

/** ASN.1 string types whose bytes are not UTF-8 (X.680 §8.6). */
const LATIN1_TYPES = new Set([20, 22]);
const BMP_STRING = 30;
const UNIVERSAL_STRING = 28;

/** `CN=pump-1,O=doppelfleet`; control characters as `\0A`, special ones behind a backslash. */
export function distinguishedName(asn1: Asn1, name: Asn1Node): string {
  const parts = attributes(name).map((set) =>
    set
      .map(([oid, value]) => {
        const dotted = asn1.dotted(oid);
        return `${SHORT_NAMES[dotted] ?? dotted}=${escapeValue(stringOf(asn1, value))}`;
      })
      .join('+'),
  );
  return parts.reverse().join(',');
}

/** The last common name of a subject, which is the one that TLS software takes. */
export function commonNameOf(asn1: Asn1, name: Asn1Node): string | undefined {
  const names = attributes(name)
    .flat()
    .filter(([oid]) => asn1.dotted(oid) === '2.5.4.3');
  const last = names.at(-1);
  return last === undefined ? undefined : stringOf(asn1, last[1]);
}

type Attribute = readonly [oid: Asn1Node, value: Asn1Node];

function attributes(name: Asn1Node): Attribute[][] {
  return childrenOf(name).map((set) =>
    childrenOf(set).flatMap((attribute): Attribute[] => {
      const [oid, value] = childrenOf(attribute);
      return oid === undefined || value === undefined ? [] : [[oid, value]];
    }),
  );
}

function stringOf(asn1: Asn1, value: Asn1Node): string {
  const type = Number(value.type);
  // forge has already turned the 16-bit units of a BMPString into a string.
  if (type === BMP_STRING && typeof value.value === 'string') return value.value;
  const content = Array.isArray(value.value) ? asn1.encode(value) : asn1.content(value);
  if (type === UNIVERSAL_STRING) return utf32(content);
  return content.toString(LATIN1_TYPES.has(type) ? 'latin1' : 'utf8');
}

function utf32(content: Buffer): string {
  let text = '';
  for (let at = 0; at + 4 <= content.length; at += 4) {
    const code = content.readUInt32BE(at);
    text += code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
  }
  return text;
}

function escapeValue(value: string): string {
  const escaped = value
    .replace(/[,+"\\<>;]/g, '\\$&')
    .replace(/^[ #]/, '\\$&')
    .replace(/\p{Cc}/gu, escapeControl);
  return value.length > 1 && value.endsWith(' ') ? `${escaped.slice(0, -1)}\\ ` : escaped;
}

/** C0 and DEL only, as OpenSSL does; C1 characters are left to whoever shows the text. */
function escapeControl(character: string): string {
  const code = character.charCodeAt(0);
  return code >= 0x80 ? character : `\\${code.toString(16).toUpperCase().padStart(2, '0')}`;
}
