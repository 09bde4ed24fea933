/**
 * The JSON Schema of scripts for editors: the published file is what the code says
 * (`UPDATE_SCHEMA=1` writes it anew), and every script of the project is valid by it.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { scriptJsonSchema } from '../../src/script/schema.ts';

const PUBLISHED = new URL('../../scenarios/script.schema.json', import.meta.url);
const FOLDER = new URL('../../scenarios/scripts/', import.meta.url);

const validate = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true }).compile(
  scriptJsonSchema(),
);

/** What the schema has against a file, empty if nothing. */
function complaints(text: string): readonly string[] {
  validate(parse(text, { merge: true }));
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const HEAD = 'name: t\npurpose: p\nclients: { owner: {} }\n';

describe('the published JSON Schema of scripts', () => {
  it('is what the code says, byte for byte', () => {
    const text = `${JSON.stringify(scriptJsonSchema(), null, 2)}\n`;
    if (process.env.UPDATE_SCHEMA === '1') writeFileSync(PUBLISHED, text);
    expect(readFileSync(PUBLISHED, 'utf8'), 'UPDATE_SCHEMA=1 writes it anew').toBe(text);
  });

  it.each(readdirSync(FOLDER).filter((name) => name.endsWith('.yaml')))('accepts %s', (name) => {
    const text = readFileSync(new URL(name, FOLDER), 'utf8');
    expect(complaints(text)).toEqual([]);
    expect(text.startsWith('# yaml-language-server: $schema=../script.schema.json\n')).toBe(true);
  });

  it('leaves x- keys to the author', () => {
    expect(complaints(`${HEAD}steps: [{ connect: owner }]\nx-notes: [1, { a: 2 }]\n`)).toEqual([]);
  });

  it.each([
    ['an unknown verb', 'steps: [{ conect: owner }]'],
    ['no steps', 'steps: []'],
    ['a bare number for a duration', 'steps: [{ wait: 5 }]'],
    [
      'a QoS that is not spoken here',
      'steps: [{ subscribe: { client: owner, filter: a, qos: 2 } }]',
    ],
    ['an unknown state of a session', 'steps: [{ session: { client: owner, is: gone } }]'],
  ])('refuses %s', (_what, rest) => {
    expect(complaints(`${HEAD}${rest}\n`)).not.toEqual([]);
  });

  it('demands what the tool demands, and no more', () => {
    expect(complaints('{}').toSorted()).toEqual(
      ['clients', 'name', 'purpose', 'steps'].map((key) => ` must have required property '${key}'`),
    );
  });
});
