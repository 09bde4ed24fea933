/**
 * PEM (RFC 7468): writing, and reading of files from outside. Reading is one pass over the lines,
 * so that a hostile file costs no more than its length. Pure.
 */

/** One block of a PEM file. */
export interface PemBlock {
  /** `CERTIFICATE`, `PRIVATE KEY`, `EC PRIVATE KEY`, … */
  readonly label: string;
  /** The block as text, from BEGIN to END, with a line end. */
  readonly text: string;
  /** Line of the BEGIN, from 1. */
  readonly line: number;
  /** The content is protected by a pass phrase. */
  readonly encrypted: boolean;
}

const LINE_LENGTH = 64;

/** DER as a PEM block with lines of 64 characters. */
export function encodePem(label: string, der: Buffer): string {
  const base64 = der.toString('base64');
  let body = '';
  for (let at = 0; at < base64.length; at += LINE_LENGTH) {
    body += `${base64.slice(at, at + LINE_LENGTH)}\n`;
  }
  return `-----BEGIN ${label}-----\n${body}-----END ${label}-----\n`;
}

/** DER of the first block of `pem`; only for PEM that was checked before. */
export function decodePem(pem: string): Buffer {
  const start = pem.indexOf('\n') + 1;
  return Buffer.from(pem.slice(start, pem.indexOf('-----END', start)), 'base64');
}

/** The first certificate of a PEM text that was checked before, without what follows it. */
export function leafPem(certificatePem: string): string {
  const end = certificatePem.indexOf('-----END CERTIFICATE-----\n');
  return certificatePem.slice(0, end + '-----END CERTIFICATE-----\n'.length);
}

/** All complete blocks of `text`, in order; what is between blocks is ignored, as RFC 7468 allows. */
export function parsePem(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let open: { label: string; line: number; lines: string[] } | undefined;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    const begin = /^-----BEGIN ([A-Z0-9 ]{1,64})-----$/.exec(line)?.[1];
    if (begin !== undefined) open = { label: begin, line: index + 1, lines: [] };
    open?.lines.push(line);
    if (open === undefined || line !== `-----END ${open.label}-----`) continue;
    const encrypted =
      open.label.startsWith('ENCRYPTED') || open.lines.some((at) => /^Proc-Type:.*ENC/.test(at));
    blocks.push({
      label: open.label,
      line: open.line,
      text: `${open.lines.join('\n')}\n`,
      encrypted,
    });
    open = undefined;
  }
  return blocks;
}

/** Certificates among `blocks`. */
export function certificateBlocks(blocks: readonly PemBlock[]): PemBlock[] {
  return blocks.filter(({ label }) => /^(X509 |TRUSTED )?CERTIFICATE$/.test(label));
}

/** Private keys among `blocks`. */
export function privateKeyBlocks(blocks: readonly PemBlock[]): PemBlock[] {
  return blocks.filter(({ label }) => label.endsWith('PRIVATE KEY'));
}
