/**
 * The page on brokers says what the registries say. `DOPPELFLEET_WRITE_DOCS=1` writes it anew; the
 * test fails all the same, so that nobody commits what they have not read.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { PROFILES } from '../src/broker/profiles/registry.ts';
import { BROKERS } from '../src/broker/registry.ts';
import {
  adapterTable,
  placeholderTable,
  profileSections,
  profileTable,
} from '../src/report/probe-profiles.ts';
import { runCli } from './support/fake-environment.ts';

const FILE = join(fileURLToPath(new URL('..', import.meta.url)), 'docs', 'brokers.md');
const BLOCKS: Readonly<Record<string, string>> = {
  adapters: adapterTable(Object.values(BROKERS)),
  placeholders: placeholderTable(),
  profiles: profileTable(Object.values(PROFILES)),
  sections: profileSections(Object.values(PROFILES)),
};

function filled(page: string): string {
  return page.replace(
    /<!-- generated: (\w+) -->\n[\s\S]*?<!-- end -->/g,
    (_block, name: string) => `<!-- generated: ${name} -->\n\n${BLOCKS[name]}\n\n<!-- end -->`,
  );
}

describe('the page on brokers', () => {
  it('has the tables that the registries give', async () => {
    const page = await readFile(FILE, 'utf8');
    expect([...page.matchAll(/generated: (\w+)/g)].map((match) => match[1])).toEqual(
      Object.keys(BLOCKS),
    );
    if (process.env.DOPPELFLEET_WRITE_DOCS === '1') await writeFile(FILE, filled(page));
    expect(page).toBe(filled(page));
  });

  it('names every broker that can be started, with how to install it', async () => {
    const page = await readFile(FILE, 'utf8');
    for (const id of Object.keys(BROKERS)) expect(page).toContain(`| \`${id}\` | `);
  });

  it('is what list brokers --json shows: claims, sources, evidence, configuration', async () => {
    const { code, stdout } = await runCli(['list', 'brokers', '--json']);
    expect(code).toBe(0);
    const { brokers } = JSON.parse(stdout);
    const names = brokers.map((one: { name: string }) => one.name);
    expect(names).toEqual([...Object.keys(BROKERS), ...Object.keys(PROFILES)]);
    const aws = brokers.find((one: { name: string }) => one.name === 'aws-iot-core');
    const { claims, ports, evidence, configuration } = PROFILES['aws-iot-core'];
    expect(aws.details).toMatchObject({ claims, ports, evidence, configuration });
  });
});
