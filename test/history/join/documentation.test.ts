/** The page on evidence names every disagreement with its level and its sentence. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { DISAGREEMENTS } from '../../../src/history/join/disagreement.ts';

test('docs/evidence.md lists every kind of disagreement as the registry has it', async () => {
  const page = await readFile(new URL('../../../docs/evidence.md', import.meta.url), 'utf8');
  const listed = page.split('\n').filter((line) => line.startsWith('| `') && line.includes('-'));
  const kinds = Object.entries(DISAGREEMENTS).map(
    ([kind, { level, sentence }]) => `| \`${kind}\` | ${level} | ${sentence} |`,
  );
  expect(listed.filter((line) => /\| (contradiction|gap|note) \|/.test(line))).toEqual(kinds);
});
