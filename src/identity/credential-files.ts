/** A certificate and its key from two PEM files that a user named: read, checked, never shown. */
import type { X509Certificate } from 'node:crypto';
import { EXIT, type Problem, UserError } from '../core/errors.ts';
import { loadAsn1 } from './asn1.ts';
import { readCertificate } from './read-certificate.ts';
import { readCertificates, readPrivateKey } from './read-pem.ts';
import { readInputBytes } from './store-files.ts';

export interface FileCredential {
  readonly certificateId: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  /** Of its subject; undefined if it has none. */
  readonly commonName?: string;
}

/** Throws a `UserError` (65) with everything that is wrong with the two files. */
export async function readCredentialFiles(files: {
  readonly certificate: string;
  readonly key: string;
}): Promise<FileCredential> {
  const [certificatePem, privateKeyPem] = await Promise.all(
    [files.certificate, files.key].map(async (file) =>
      (await readInputBytes(file)).toString('utf8'),
    ),
  );
  const problems: Problem[] = [];
  const [leaf] = readCertificates(certificatePem ?? '', files.certificate, problems);
  const key = readPrivateKey(privateKeyPem ?? '', files.key, problems);
  if (leaf !== undefined && key !== undefined && !leaf.checkPrivateKey(key)) {
    problems.push({
      file: files.key,
      message: `the key does not belong to the certificate in ${files.certificate}`,
      hint: 'give the key that the certificate was made with',
    });
  }
  if (problems.length > 0 || leaf === undefined) throw new UserError(EXIT.invalidInput, problems);
  const { commonName } = readCertificate(await loadAsn1(), leaf.raw);
  return {
    certificateId: certificateIdOf(leaf),
    certificatePem: certificatePem ?? '',
    privateKeyPem: privateKeyPem ?? '',
    ...(commonName === undefined ? {} : { commonName }),
  };
}

function certificateIdOf(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase();
}
