/** A PEM file of authorities that an external broker's certificate must chain to. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { EXIT, fileError, UserError } from '../core/errors.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** The text of the file, once every certificate in it could be read. */
export async function readTrustFile(file: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw fileError(error, 'read', file);
  }
  const certificates = text.match(CERTIFICATE) ?? [];
  try {
    for (const pem of certificates) new X509Certificate(pem);
    if (certificates.length > 0) return certificates.join('\n');
  } catch {
    // Reported below; what OpenSSL says of a broken PEM helps nobody.
  }
  throw new UserError(EXIT.invalidInput, {
    file,
    message: 'this is not a readable CA certificate',
    hint: 'give a PEM file that holds BEGIN CERTIFICATE blocks',
  });
}
