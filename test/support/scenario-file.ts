/** A scenario of a test's own, as a file. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Path of the file, which is written into `folder`. */
export async function writeScenario(folder: string, text: string): Promise<string> {
  const file = join(folder, 'scenario.yaml');
  await writeFile(file, text);
  return file;
}
