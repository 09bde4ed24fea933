/** The section on scripts in scenarios/README.md: its example works, and no key or verb is missing. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { scriptClient } from '../../src/script/client-schema.ts';
import { parseScript } from '../../src/script/load.ts';
import { scriptSchema } from '../../src/script/schema.ts';
import { step } from '../../src/script/step-schema.ts';

const page = readFileSync(new URL('../../scenarios/README.md', import.meta.url), 'utf8');
const section = page.slice(page.indexOf('\n## Scripts\n'));
const tables = section
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .join('\n');

test('its example is a script, with its variant', () => {
  const yaml = /```yaml\n([\s\S]*?)```/.exec(section)?.[1] ?? '';
  const { script } = parseScript(yaml, 'README.md', 'no-certificate');
  expect(script.clients.intruder?.certificate).toBe('none');
});

test.each([
  ['the file', Object.keys(scriptSchema.shape)],
  ['a client', Object.keys(scriptClient.shape)],
  ['a step', Object.keys(step.shape)],
])('every key of %s is explained', (_what, keys) => {
  expect(keys.length).toBeGreaterThan(5);
  expect(
    keys.filter((key) => !new RegExp(`\`[^\`\n]*\\b${key}\\b[^\`\n]*\``).test(tables)),
  ).toEqual([]);
});
