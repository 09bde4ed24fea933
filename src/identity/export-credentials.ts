/** Writes credentials as PEM pairs for other tools: `<name>.pem`, `<name>.key` (0600). */
import { join } from 'node:path';
import pLimit from 'p-limit';
import { EXIT, UserError } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import { storeNameProblem } from './names.ts';
import { KEY_MODE, makeFolder } from './store-files.ts';
import type { Credential } from './types.ts';

/** Where a pair was written. */
/** Pairs written side by side. */
const FILES_AT_ONCE = 16;

export interface ExportedPair {
  readonly name: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** Writes each pair into `folder`, and `ca.pem` if `caPem` is given. Replaces older files. */
export async function exportCredentials(
  credentials: Iterable<Credential>,
  folder: string,
  caPem?: string,
): Promise<readonly ExportedPair[]> {
  const all = [...credentials];
  const problems = all.flatMap(({ name }) => storeNameProblem(name) ?? []);
  if (caPem !== undefined && all.some(({ name }) => name === 'ca')) {
    const message = "a device named ca would overwrite the authority's certificate, ca.pem";
    problems.push({ message, hint: 'export it into a folder of its own, without the authority' });
  }
  if (problems.length > 0) throw new UserError(EXIT.usage, problems);
  await makeFolder(folder);
  if (caPem !== undefined) await writeFileAtomic(join(folder, 'ca.pem'), caPem);
  // Each pair has two files open at a time: far below any limit on open files.
  const limit = pLimit(FILES_AT_ONCE);
  return limit.map(all, async ({ name, certificatePem, privateKeyPem }) => {
    const certificateFile = join(folder, `${name}.pem`);
    const keyFile = join(folder, `${name}.key`);
    await writeFileAtomic(keyFile, privateKeyPem, KEY_MODE);
    await writeFileAtomic(certificateFile, certificatePem);
    return { name, certificateFile, keyFile };
  });
}
