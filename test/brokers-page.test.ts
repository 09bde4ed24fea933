/** The page on brokers says what the registries say; see `expectGenerated` for writing it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { PROFILES } from '../src/broker/profiles/registry.ts';
import { BROKERS } from '../src/broker/registry.ts';
import { ruleTable } from '../src/report/broker-rules.ts';
import {
  adapterTable,
  placeholderTable,
  profileSections,
  profileTable,
} from '../src/report/probe-profiles.ts';
import { runCli } from './support/fake-environment.ts';
import { expectGenerated } from './support/generated-page.ts';

const FILE = join(fileURLToPath(new URL('..', import.meta.url)), 'docs', 'brokers.md');
const BLOCKS: Readonly<Record<string, string>> = {
  adapters: adapterTable(Object.values(BROKERS)),
  placeholders: placeholderTable(),
  rules: ruleTable(Object.values(BROKERS)),
  profiles: profileTable(Object.values(PROFILES)),
  sections: profileSections(Object.values(PROFILES)),
};

describe('the page on brokers', () => {
  it('has the tables that the registries give', async () => {
    await expectGenerated(FILE, BLOCKS);
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
