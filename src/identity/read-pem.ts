/**
 * Certificates and keys out of PEM texts from outside: what is wrong is collected as problems with
 * file and line, in our own words, so that no part of a key can get into a message. Pure.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { Problem } from '../core/errors.ts';
import { certificateBlocks, parsePem, privateKeyBlocks } from './pem.ts';

/** The certificates of a PEM text; what is wrong goes to `problems`. */
export function readCertificates(
  text: string,
  file: string,
  problems: Problem[],
): X509Certificate[] {
  const certificates: X509Certificate[] = [];
  const blocks = certificateBlocks(parsePem(text));
  if (blocks.length === 0) {
    problems.push({
      file,
      message: 'holds no certificate in PEM',
      hint: 'convert DER by: openssl x509 -inform der -in FILE -out FILE.pem',
    });
  }
  for (const { text: pem, line } of blocks) {
    try {
      certificates.push(new X509Certificate(pem));
    } catch {
      problems.push({ file, line, message: 'the certificate is damaged or not X.509' });
    }
  }
  return certificates;
}

/** The one private key of a PEM text; what is wrong goes to `problems`, never the key. */
export function readPrivateKey(
  text: string,
  file: string,
  problems: Problem[],
): KeyObject | undefined {
  const [block, second] = privateKeyBlocks(parsePem(text));
  if (block === undefined) {
    const hint = 'expected a PEM block with the label PRIVATE KEY';
    const message = text === '' ? 'is missing or empty' : 'holds no private key in PEM';
    problems.push({ file, message, hint });
    return undefined;
  }
  const { line } = block;
  if (second !== undefined) {
    problems.push({ file, line: second.line, message: 'holds more than one private key' });
    return undefined;
  }
  if (block.encrypted) {
    const hint = 'decrypt it first: openssl pkey -in FILE -out FILE.key';
    problems.push({ file, line, message: 'the private key is encrypted', hint });
    return undefined;
  }
  try {
    return createPrivateKey(block.text);
  } catch {
    problems.push({ file, line, message: 'the private key is damaged or of an unknown kind' });
    return undefined;
  }
}
