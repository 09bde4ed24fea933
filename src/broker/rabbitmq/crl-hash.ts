/**
 * The name that RabbitMQ (Erlang's `ssl_crl_hash_dir`) looks for a revocation list under: OpenSSL's
 * hash of the issuer's name, as `openssl crl -hash` prints it. It is the SHA-1 of the name in a
 * canonical form (X509_NAME_hash; crypto/x509/x_name.c of OpenSSL). Pure.
 */
import { createHash } from 'node:crypto';

const SEQUENCE = 0x30;
const SET = 0x31;
const UTF8_STRING = 0x0c;
const INTEGER = 0x02;
/** Tags of strings that the canonical form writes as UTF-8: UTF8, Printable, T61, IA5, Visible. */
const TEXTS = new Set([0x0c, 0x13, 0x14, 0x16, 0x1a]);
const PEM = /-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]+)-----END X509 CRL-----/;

/** Such as `1a2b3c4d.r0`; undefined if the text is no revocation list. */
export function crlFileName(crlPem: string): string | undefined {
  const base64 = PEM.exec(crlPem)?.[1];
  if (base64 === undefined) return undefined;
  try {
    const [list] = read(Buffer.from(base64, 'base64'));
    const [body] = read(contentOf(list));
    const parts = read(contentOf(body));
    // Version (which may be left out), algorithm of the signature, issuer.
    const issuer = parts[parts[0]?.tag === INTEGER ? 2 : 1];
    if (issuer?.tag !== SEQUENCE) return undefined;
    const digest = createHash('sha1').update(canonical(issuer.content)).digest();
    return `${digest.readUInt32LE(0).toString(16).padStart(8, '0')}.r0`;
  } catch {
    return undefined;
  }
}

interface Element {
  readonly tag: number;
  readonly content: Buffer;
}

/** The elements that follow one another in `bytes`; throws if they are cut short. */
function read(bytes: Buffer): readonly Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes.readUInt8(at);
    const first = bytes.readUInt8(at + 1);
    const extra = first < 0x80 ? 0 : first & 0x7f;
    const length = extra === 0 ? first : bytes.readUIntBE(at + 2, extra);
    const start = at + 2 + extra;
    if (start + length > bytes.length) throw new RangeError('cut short');
    elements.push({ tag, content: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return elements;
}

function contentOf(element: Element | undefined): Buffer {
  if (element?.tag !== SEQUENCE) throw new RangeError('no sequence');
  return element.content;
}

/** The parts of a name, one after the other, without a sequence around them. */
function canonical(name: Buffer): Buffer {
  const parts = read(name).map(({ content }) => {
    const attributes = read(content).map((attribute) => {
      const [type, value] = read(contentOf(attribute));
      if (type === undefined || value === undefined) throw new RangeError('no attribute');
      return write(SEQUENCE, Buffer.concat([write(type.tag, type.content), text(value)]));
    });
    return write(SET, Buffer.concat(attributes));
  });
  return Buffer.concat(parts);
}

/** Lower case, without blanks around it and with single ones inside. */
function text({ tag, content }: Element): Buffer {
  if (!TEXTS.has(tag)) return write(tag, content);
  const words = content.toString(tag === UTF8_STRING ? 'utf8' : 'latin1');
  const plain = words.replace(/[ \t\n\v\f\r]+/g, ' ').replace(/^ | $/g, '');
  const lower = plain.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return write(UTF8_STRING, Buffer.from(lower, 'utf8'));
}

function write(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const size = length < 0x100 ? 1 : 2;
  const head = Buffer.alloc(2 + size);
  head.writeUInt8(tag, 0);
  head.writeUInt8(0x80 | size, 1);
  head.writeUIntBE(length, 2, size);
  return Buffer.concat([head, content]);
}
