/** The scenarios of the project, as files: each is valid, named, explained and decided. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { builtInScenarios, loadScenario } from '../../src/scenario/load.ts';
import { planScenario } from '../../src/scenario/prepare.ts';

const names = await builtInScenarios();

it('there are the seeds, the full clone, a control and compliant twins', () => {
  expect(names).toEqual(
    expect.arrayContaining([
      'certificate-hand-over',
      'certificate-rotation',
      'clean-reconnect',
      'cloned-client-ids',
      'control-fleet',
      'flapping-connections',
      'full-clone',
      'shared-certificate',
    ]),
  );
});

describe.each(names)('%s', (name) => {
  it('is valid and named like its file', async () => {
    const { scenario, file } = await loadScenario(name);
    expect(scenario.name).toBe(basename(file, '.yaml'));
  });

  it('says what it is for, where it comes from, and what must be found', async () => {
    const { scenario } = await loadScenario(name);
    expect(scenario.purpose.length).toBeGreaterThan(30);
    expect(scenario.source).toBeTruthy();
    expect(scenario.expect.findings).toBeDefined();
    expect(Object.keys(scenario.expect.after)).toEqual(Object.keys(scenario.fixes));
  });

  it('leaves nothing to chance, as it is and with each fix', async () => {
    const loaded = await loadScenario(name);
    for (const fix of [undefined, ...Object.keys(loaded.scenario.fixes)]) {
      const plan = planScenario(loaded, fix === undefined ? {} : { fix });
      expect(plan.uncertain, fix ?? 'as it is').toEqual([]);
    }
  });

  it('expects no finding exactly where nothing is planted', async () => {
    const loaded = await loadScenario(name);
    const { expect: expected, fixes } = loaded.scenario;
    for (const fix of [undefined, ...Object.keys(fixes)]) {
      const { planted } = planScenario(loaded, fix === undefined ? {} : { fix });
      const findings = fix === undefined ? expected.findings : expected.after[fix]?.findings;
      if (findings === 'none') expect(planted, fix ?? 'as it is').toEqual([]);
      if (findings === 'planted') expect(planted, fix ?? 'as it is').not.toEqual([]);
    }
  });

  it('is read by people: no line is longer than a hundred columns', async () => {
    const { file } = await loadScenario(name);
    const lines = (await readFile(file, 'utf8')).split('\n');
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
  });
});
