/**
 * Imports existing device certificates into the store's pool. Nothing is stored unless all of it is
 * sound; every problem is told with file and line. Keys are copied into the store, 0600.
 */
import type { X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { EXIT, fileError, type Problem, UserError } from '../core/errors.ts';
import { plural, printable } from '../core/text.ts';
import { loadToolkit } from './authority.ts';
import { chainsTo } from './chain.ts';
import { commitDevices, type StoredDevice } from './commit.ts';
import { judgeCandidate, type SoundDevice } from './import-candidate.ts';
import { readCsv, readFolder } from './import-source.ts';
import { encodePem } from './pem.ts';
import { readCertificates } from './read-pem.ts';
import { capProblems } from './requests.ts';
import type { Store } from './store.ts';
import { readInput, writeStoreFile } from './store-files.ts';
import { withLock } from './store-lock.ts';

/** What goes with an import of devices. */
export interface DeviceImport {
  /** PEM file of the authority that the devices chain to, for a broker started by us to trust. */
  readonly caFile?: string;
  /** Drops what was imported before. */
  readonly replace?: boolean;
}

/** What an import has brought. */
export interface ImportedDevices {
  readonly imported: number;
  /** Size of the pool after the import. */
  readonly pool: number;
}

/** Takes over the certificates of a folder or a CSV. Throws `UserError` with every problem. */
export async function importDevices(
  store: Store,
  path: string,
  { caFile, replace = false }: DeviceImport = {},
): Promise<ImportedDevices> {
  const { asn1 } = await loadToolkit();
  const source = (await isFolder(path)) ? await readFolder(path) : await readCsv(path);
  const problems: Problem[] = [...source.problems];
  const authorities = caFile === undefined ? [] : await readAuthorities(caFile, problems);
  const devices: SoundDevice[] = [];
  for (const candidate of source.candidates) {
    const judgement = judgeCandidate(asn1, candidate);
    if (judgement.kind === 'device') devices.push(judgement.device);
    else if (judgement.kind === 'unsound') problems.push(...judgement.problems);
    else {
      const message = "is an authority's certificate and was left out";
      store.warn({ file: judgement.file, message, hint: 'name it as the authority (--ca)' });
    }
  }
  problems.push(...duplicates(devices));
  if (problems.length === 0 && devices.length === 0) {
    problems.push({ file: printable(path), message: 'holds no device certificate with its key' });
  }
  if (problems.length > 0) throw new UserError(EXIT.invalidInput, capProblems(problems));
  warnAbout(store, devices, authorities);
  const caPem = authorities.map(({ raw }) => encodePem('CERTIFICATE', raw)).join('');
  if (caPem !== '') await withLock(store, () => writeStoreFile(store, 'device-ca.pem', caPem));
  const manifest = await commitDevices(store, toStored(devices), { list: 'imported', replace });
  return { imported: devices.length, pool: manifest.imported.length };
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    throw fileError(error, 'read', printable(path));
  }
}

async function readAuthorities(path: string, problems: Problem[]): Promise<X509Certificate[]> {
  try {
    const file = printable(path);
    const certificates = readCertificates((await readInput(path)).text, file, problems);
    if (certificates.some(({ ca }) => !ca)) {
      problems.push({ file, message: "holds a certificate that is not an authority's" });
    }
    return certificates;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    problems.push(...error.problems);
    return [];
  }
}

function duplicates(devices: readonly SoundDevice[]): Problem[] {
  const first = new Map<string, SoundDevice>();
  const problems: Problem[] = [];
  for (const device of devices) {
    const known = first.get(device.details.certificateId);
    if (known === undefined) {
      first.set(device.details.certificateId, device);
      continue;
    }
    const { file, line } = known.where;
    const place = line === undefined ? file : `${file}:${line}`;
    const hint = 'name each certificate once; sharing is planned in the scenario';
    problems.push({ ...device.where, message: `is the same certificate as ${place}`, hint });
  }
  return problems;
}

/** Names are unique in the pool: where several would have one, each gets a part of its ID. */
function toStored(devices: readonly SoundDevice[]): StoredDevice[] {
  const count = new Map<string, number>();
  for (const { baseName } of devices) count.set(baseName, (count.get(baseName) ?? 0) + 1);
  return devices.map(({ baseName, thingName, details, pair }) => {
    const { certificateId, serialNumber, keyType, notBefore, notAfter } = details;
    const shared = (count.get(baseName) ?? 0) > 1;
    const name = shared ? `${baseName.slice(0, 100)}-${certificateId.slice(0, 12)}` : baseName;
    const facts = { certificateId, serialNumber, keyType, notBefore, notAfter };
    return { entry: { name, thingName, ...facts }, pair };
  });
}

function warnAbout(
  store: Store,
  devices: readonly SoundDevice[],
  authorities: readonly X509Certificate[],
): void {
  const now = store.now();
  const warn = (found: readonly SoundDevice[], what: string, hint: string): void => {
    const [first] = found;
    if (first === undefined) return;
    const message = `${plural(found.length, 'certificate')} ${what}, such as this`;
    store.warn({ ...first.where, message, hint });
  };
  const refused = 'brokers refuse such devices';
  warn(
    devices.filter(({ details }) => details.notAfter <= now),
    'expired',
    refused,
  );
  warn(
    devices.filter(({ details }) => details.notBefore > now),
    'not valid yet',
    refused,
  );
  warn(
    devices.filter((device) => !servesClients(device)),
    'not made for TLS clients',
    refused,
  );
  if (authorities.length > 0) {
    const chained = ({ certificate, pair }: SoundDevice): boolean =>
      chainsTo(certificate, { certificatePem: pair.certificatePem, authorities });
    const hint = "check the authority's file; a broker that trusts only it refuses them";
    warn(
      devices.filter((device) => !chained(device)),
      'not issued by the authority',
      hint,
    );
  }
  const loose = devices.flatMap(({ looseKeyFile }) => looseKeyFile ?? []);
  if (loose[0] !== undefined) {
    const message = `others can read ${plural(loose.length, 'private key')}, such as this`;
    store.warn({ file: loose[0], message, hint: 'run chmod 600 on them; the copies are 0600' });
  }
}

function servesClients({ details: { extendedKeyUsage } }: SoundDevice): boolean {
  const purposes = extendedKeyUsage?.purposes;
  return (
    purposes === undefined ||
    purposes.includes('TLS Web Client Authentication') ||
    purposes.includes('Any Extended Key Usage')
  );
}
