import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { builtInScenarios } from '../../src/scenario/load.ts';
import { builtInScripts, scriptName } from '../../src/script/load.ts';
import { loadAnyScenario } from '../../src/script/load-any.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function nameOf(reference: string): Promise<string> {
  const loaded = await loadAnyScenario(reference);
  return loaded.kind === 'script' ? scriptName(loaded.script) : loaded.fleet.scenario.name;
}

const SCRIPT =
  'name: mine\npurpose: p\nclients: { a: {} }\nsteps: [{ connect: a, risk: r }]\nvariants: { v: {} }\n';

describe('a scenario of either kind', () => {
  test('is found by its name, and no name belongs to both kinds', async () => {
    const [fleets, scripts] = await Promise.all([builtInScenarios(), builtInScripts()]);
    expect(scripts.length).toBeGreaterThan(2);
    expect(fleets.filter((name) => scripts.includes(name))).toEqual([]);
    for (const name of [...fleets, ...scripts]) expect(await nameOf(name)).toBe(name);
  });

  test('is told by what its file holds', async () => {
    const file = join(await temporaryFolder(), 'mine.yaml');
    await writeFile(file, SCRIPT);
    expect(await nameOf(file)).toBe('mine');
    expect(await nameOf(`${file}:v`)).toBe('mine:v');
    expect((await loadAnyScenario(file)).kind).toBe('script');
    await writeFile(file, 'name: x\nsteps: 5\n');
    await expect(loadAnyScenario(file)).rejects.toThrow('purpose: this key is required');
    await expect(loadAnyScenario(file)).rejects.not.toThrow(' fleet:');
  });

  test.each([
    ['session-theft:shared-certificte', 'did you mean session-theft:shared-certificate?'],
    ['cloned-client-ids:v', 'only scripts have variants'],
    ['session-thef', 'did you mean session-theft?'],
    ['cloned-client-id', 'did you mean cloned-client-ids?'],
    ['\u001b[2J', 'is named'],
  ])('that there is not is a user’s mistake: %j', async (reference, words) => {
    const error: unknown = await loadAnyScenario(reference).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(UserError);
    expect(String(error)).toContain(words);
    expect(String(error)).not.toContain('\u001b');
  });
});
