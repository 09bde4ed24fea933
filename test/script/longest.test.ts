import { expect, test } from 'vitest';
import {
  builtInScripts,
  findBuiltInScript,
  loadScriptFile,
  parseScript,
} from '../../src/script/load.ts';
import { longestMs } from '../../src/script/longest.ts';

function longest(steps: string): number {
  const head = 'name: t\npurpose: p\nclients: { a: {}, b: {} }\n';
  return longestMs(parseScript(`${head}steps:\n${steps}`, 't.yaml').script);
}

test('a script may take as long as all that it may wait for, as often as it is repeated', () => {
  const steps = [
    '  - { connect: a, within: 2s, risk: r }',
    '  - { connect: a }',
    '  - publish: { client: a, topic: x, payload: x }',
    '  - receive: { client: a, payload: x, within: 1s }',
    '  - session: { client: a, is: closed }',
    '  - session: { client: a, is: open }',
    '  - duel: { clients: [a, b], for: 4s, accepted: 9 }',
    '  - repeat: { times: 100, steps: [{ wait: 1m }, { drop: a }] }',
  ];
  expect(longest(steps.join('\n'))).toBe(2000 + 10_000 + 1000 + 5000 + 4000 + 100 * 60_000);
});

test('every built-in script may take five minutes at most', async () => {
  for (const name of await builtInScripts()) {
    const { script } = await loadScriptFile((await findBuiltInScript(name)) ?? '');
    expect(longestMs(script), name).toBeLessThanOrEqual(300_000);
  }
});
