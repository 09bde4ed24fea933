/** Judges one candidate of an import: is it a device's certificate with the key that belongs to it? */
import type { X509Certificate } from 'node:crypto';
import type { Problem } from '../core/errors.ts';
import type { Asn1 } from './asn1.ts';
import type { PemPair } from './authority.ts';
import type { Candidate, SourceFile } from './import-source.ts';
import { storeNameFor } from './names.ts';
import { certificateBlocks, encodePem, parsePem, privateKeyBlocks } from './pem.ts';
import { type CertificateDetails, readCertificate } from './read-certificate.ts';
import { readCertificates, readPrivateKey } from './read-pem.ts';

/** A device whose certificate and key belong together. */
export interface SoundDevice {
  /** Base of its name in the store. */
  readonly baseName: string;
  readonly thingName: string;
  readonly where: Pick<Problem, 'file' | 'line'>;
  readonly details: CertificateDetails;
  readonly certificate: X509Certificate;
  readonly pair: PemPair;
  /** The file of the key if others can read it. */
  readonly looseKeyFile?: string;
}

/** The device, an authority's certificate that lay beside the devices, or what is wrong. */
export type Judgement =
  | { readonly kind: 'device'; readonly device: SoundDevice }
  | { readonly kind: 'authority'; readonly file: string }
  | { readonly kind: 'unsound'; readonly problems: readonly Problem[] };

/** Judges; the problems of a CSV's candidate carry its line. */
export function judgeCandidate(asn1: Asn1, candidate: Candidate): Judgement {
  const { files, row, stem } = candidate;
  const problems: Problem[] = [];
  const unsound = (): Judgement => ({
    kind: 'unsound',
    problems: problems.map((problem) => atRow(problem, row)),
  });
  // A CSV says which file is which; in a folder the content does.
  const certificateFiles = row === undefined ? files : files.slice(0, 1);
  const keyFiles = row === undefined ? files : files.slice(-1);
  const withCertificate = certificateFiles.filter(
    ({ text }) => certificateBlocks(parsePem(text)).length > 0,
  );
  const keyFile = keyFiles.find(({ text }) => privateKeyBlocks(parsePem(text)).length > 0);
  const certificateFile = withCertificate[0];
  if (certificateFile === undefined) {
    problems.push(...lacksCertificate(files, keyFile, row));
    return unsound();
  }
  const { file } = certificateFile;
  const certificates = readCertificates(certificateFile.text, file, problems);
  const [leaf] = certificates;
  if (leaf?.ca === true) {
    if (keyFile === undefined && row === undefined) return { kind: 'authority', file };
    problems.push({ file, message: "is an authority's certificate, not a device's" });
  }
  problems.push(...contradictions(withCertificate));
  const key = readKey(files, { certificateFile, keyFile, row }, problems);
  if (leaf !== undefined && key !== undefined && !leaf.checkPrivateKey(key)) {
    const message = `the key does not belong to the certificate in ${file}`;
    problems.push({ file: keyFile?.file ?? file, message });
  }
  const details = leaf && detailsOf(asn1, leaf, { file, problems });
  if (problems.length > 0 || !leaf || !details || !keyFile) return unsound();
  const [block] = privateKeyBlocks(parsePem(keyFile.text));
  const pems = certificates.map(({ raw }) => encodePem('CERTIFICATE', raw));
  const thingName = candidate.thingName ?? details.commonName ?? stem;
  return {
    kind: 'device',
    device: {
      baseName: storeNameFor(stem),
      thingName,
      where: row ?? { file },
      details,
      certificate: leaf,
      pair: { certificatePem: [...new Set(pems)].join(''), privateKeyPem: block?.text ?? '' },
      ...(keyFile.loose ? { looseKeyFile: keyFile.file } : {}),
    },
  };
}

type Row = Candidate['row'];

/** `x.pem` and `x.crt` may both be there if they hold one certificate. */
function contradictions([first, ...others]: readonly SourceFile[]): Problem[] {
  const problems: Problem[] = [];
  if (first === undefined) return problems;
  const [leaf] = readCertificates(first.text, first.file, []);
  for (const { text, file } of others) {
    const [other] = readCertificates(text, file, problems);
    if (leaf === undefined || other === undefined || leaf.raw.equals(other.raw)) continue;
    const message = `holds another certificate than ${first.file}`;
    problems.push({ file, message, hint: 'leave one certificate per name' });
  }
  return problems;
}

function lacksCertificate(
  files: readonly SourceFile[],
  keyFile: SourceFile | undefined,
  row: Row,
): Problem[] {
  const [first] = files;
  if (keyFile !== undefined && row === undefined) {
    const hint = 'put x.pem or x.crt beside x.key';
    return [{ file: keyFile.file, message: 'has no certificate beside it', hint }];
  }
  const problems: Problem[] = [];
  if (first !== undefined) readCertificates(first.text, first.file, problems);
  return problems;
}

function readKey(
  files: readonly SourceFile[],
  {
    certificateFile,
    keyFile,
    row,
  }: { certificateFile: SourceFile; keyFile: SourceFile | undefined; row: Row },
  problems: Problem[],
) {
  const expected = keyFile ?? files.find((file) => file !== certificateFile);
  if (expected === undefined && row === undefined) {
    const hint = 'put x.key beside x.pem, or both into x.pem';
    problems.push({ file: certificateFile.file, message: 'has no private key beside it', hint });
    return undefined;
  }
  const { text, file } = expected ?? certificateFile;
  return readPrivateKey(text, file, problems);
}

function detailsOf(
  asn1: Asn1,
  leaf: X509Certificate,
  { file, problems }: { readonly file: string; readonly problems: Problem[] },
): CertificateDetails | undefined {
  try {
    const { subjectDer: _, ...details } = readCertificate(asn1, leaf.raw);
    return details;
  } catch {
    problems.push({ file, message: 'the certificate has extensions that are not DER' });
    return undefined;
  }
}

/** In a CSV the line of the CSV leads; the file that it names goes into the sentence. */
function atRow(problem: Problem, row: Row): Problem {
  if (row === undefined) return problem;
  const { file = '', line, message, hint } = problem;
  const place = line === undefined ? file : `${file}:${line}`;
  return { ...row, message: `${place}: ${message}`, ...(hint === undefined ? {} : { hint }) };
}
