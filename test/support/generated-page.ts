/** Pages of which parts come from the code: between `<!-- generated: name -->` and `<!-- end -->`. */
import { readFile, writeFile } from 'node:fs/promises';
import { expect } from 'vitest';

function filled(page: string, blocks: Readonly<Record<string, string>>): string {
  return page.replace(
    /<!-- generated: (\w+) -->\n[\s\S]*?<!-- end -->/g,
    (_block, name: string) => `<!-- generated: ${name} -->\n\n${blocks[name]}\n\n<!-- end -->`,
  );
}

/**
 * Holds a page to the blocks, each of which it has once. `DOPPELFLEET_WRITE_DOCS=1` writes it anew;
 * the test fails all the same, so that nobody commits what they have not read.
 */
export async function expectGenerated(
  file: string,
  blocks: Readonly<Record<string, string>>,
): Promise<void> {
  const page = await readFile(file, 'utf8');
  expect([...page.matchAll(/generated: (\w+)/g)].map((match) => match[1])).toEqual(
    Object.keys(blocks),
  );
  if (process.env.DOPPELFLEET_WRITE_DOCS === '1') await writeFile(file, filled(page, blocks));
  expect(page).toBe(filled(page, blocks));
}
