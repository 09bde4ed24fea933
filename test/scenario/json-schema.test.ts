/**
 * The JSON Schema for editors: the published file is what the code says (`UPDATE_SCHEMA=1` writes
 * it anew), every scenario of the project is valid by it, and it knows a mistake when it sees one.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { BEHAVIOURS } from '../../src/behaviour/registry.ts';
import { FIXES } from '../../src/scenario/fixes/registry.ts';
import { scenarioJsonSchema } from '../../src/scenario/schema.ts';

const FOLDER = new URL('../../scenarios/', import.meta.url);
const PUBLISHED = new URL('scenario.schema.json', FOLDER);

const validate = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true }).compile(
  scenarioJsonSchema(),
);

/** What the schema has against a file, empty if nothing. */
function complaints(text: string): readonly string[] {
  validate(parse(text, { merge: true }));
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const HEAD = 'name: t\npurpose: p\nduration: 5s\n';

describe('the published JSON Schema', () => {
  it('is what the code says, byte for byte', () => {
    const text = `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`;
    if (process.env.UPDATE_SCHEMA === '1') writeFileSync(PUBLISHED, text);
    expect(readFileSync(PUBLISHED, 'utf8'), 'UPDATE_SCHEMA=1 writes it anew').toBe(text);
  });

  it.each(readdirSync(FOLDER).filter((name) => name.endsWith('.yaml')))('accepts %s', (name) => {
    const text = readFileSync(new URL(name, FOLDER), 'utf8');
    expect(complaints(text)).toEqual([]);
    expect(text.startsWith('# yaml-language-server: $schema=./scenario.schema.json\n')).toBe(true);
  });

  it.each([...Object.values(BEHAVIOURS)])(
    'accepts the example of the behaviour $id',
    (behaviour) => {
      expect(complaints(`${HEAD}fleet:\n  a:\n    devices: 2\n    ${behaviour.example}\n`)).toEqual(
        [],
      );
    },
  );

  it.each(Object.values(FIXES))('knows the fix $id', ({ id, params }) => {
    const needed: Readonly<Record<string, string>> = { on: 'a', connections: '9' };
    const shape: Readonly<Record<string, { safeParse(value: unknown): { success: boolean } }>> =
      params.shape;
    const given = Object.keys(needed).filter(
      (key) => shape[key] !== undefined && !shape[key].safeParse(undefined).success,
    );
    const more = given.map((key) => `, ${key}: ${needed[key]}`).join('');
    const fleet = 'fleet: { a: { devices: 1 } }\n';
    expect(complaints(`${HEAD}${fleet}fixes: { x: { strategy: ${id}${more} } }\n`)).toEqual([]);
    expect(complaints(`${HEAD}${fleet}fixes: { x: [{ strategy: ${id}${more} }] }\n`)).toEqual([]);
  });

  it('leaves x- keys to the author', () => {
    expect(complaints(`${HEAD}fleet: { a: { devices: 1 } }\nx-notes: [1, { a: 2 }]\n`)).toEqual([]);
  });

  it.each([
    ['an unknown key', 'fleet: { a: { devices: 1, devies: 2 } }'],
    ['an unknown key at the top', 'fleet: { a: { devices: 1 } }\nfoo: 1'],
    ['no devices', 'fleet: { a: { devices: 0 } }'],
    ['a name in capitals', 'fleet: { A: { devices: 1 } }'],
    ['a bare number for a duration', 'fleet: { a: { devices: 1 } }\nsettle: 5'],
    ['an unknown behaviour', 'fleet: { a: { devices: 1, behaviour: { kind: x } } }'],
    ['an unknown rule', 'fleet: { a: { devices: 1 } }\nbroker: { rules: [{ rule: x }] }'],
    ['an unknown check', 'fleet: { a: { devices: 1 } }\naudit: { checks: [X] }'],
  ])('refuses %s', (_what, rest) => {
    expect(complaints(`${HEAD}${rest}\n`)).not.toEqual([]);
  });

  it('demands what the tool demands, and no more', () => {
    expect(complaints('{}').toSorted()).toEqual([
      " must have required property 'duration'",
      " must have required property 'fleet'",
      " must have required property 'name'",
      " must have required property 'purpose'",
    ]);
  });
});
