/** Cells of a matrix: every combination once, and what is left out is said. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellId, cellName } from '../../src/matrix/cell.ts';
import {
  expandMatrix,
  leftOutNotes,
  type MatrixDefinition,
  selectCells,
} from '../../src/matrix/expand.ts';
import { cellFilter } from '../../src/matrix/select.ts';

const BOTH = ['3.1.1', '5'] as const;
const definition: MatrixDefinition = {
  versions: BOTH,
  configurations: [
    { broker: 'mosquitto', configuration: 'mutual-tls' },
    { broker: 'nats', configuration: 'mutual-tls' },
  ],
  scenarios: ['theft', 'takeover'],
  pairs: [],
  spoken: (broker) => (broker === 'nats' ? ['3.1.1'] : BOTH),
};

const side = (name: string) => {
  const [broker = '', configuration = '', scenario = ''] = name.split('/');
  return { broker, configuration, scenario };
};
const pair = (secure: string, insecure: string) => ({
  requirement: 'R1',
  title: 'differs',
  secure: side(secure),
  insecure: side(insecure),
});
const names = (matrix: MatrixDefinition) =>
  expandMatrix(matrix).cells.map((key) => `${cellName(key)} ${key.mqttVersion}`);

describe('the cells of a matrix', () => {
  it('are scenarios × configurations × versions in the order of the file', () => {
    expect(names(definition)).toEqual([
      'mosquitto/mutual-tls/theft 3.1.1',
      'mosquitto/mutual-tls/theft 5',
      'mosquitto/mutual-tls/takeover 3.1.1',
      'mosquitto/mutual-tls/takeover 5',
      'nats/mutual-tls/theft 3.1.1',
      'nats/mutual-tls/takeover 3.1.1',
    ]);
  });

  it('leave out versions that a broker does not speak, with one note', () => {
    expect(leftOutNotes(expandMatrix(definition))).toEqual([
      'nats does not speak MQTT 5: its cells in that version are left out',
    ]);
  });

  it('include what pairs name, and only in versions that both sides can do', () => {
    const pairs = [pair('mosquitto/acl/publish', 'nats/mutual-tls/publish')];
    const expanded = expandMatrix({ ...definition, scenarios: [], pairs });
    expect(expanded.cells.map((key) => `${cellName(key)} ${key.mqttVersion}`)).toEqual([
      'mosquitto/acl/publish 3.1.1',
      'nats/mutual-tls/publish 3.1.1',
    ]);
    expect(expanded.pairs).toMatchObject([{ versions: ['3.1.1'] }]);
  });

  it('leave out versions that a scenario is not about', () => {
    const about = (scenario: string) => (scenario === 'theft' ? (['5'] as const) : BOTH);
    expect(names({ ...definition, about })).not.toContain('mosquitto/mutual-tls/theft 3.1.1');
  });

  it('stand once each, whatever product and pairs name twice', () => {
    const slug = fc.constantFrom('a', 'b', 'c');
    const sides = fc.record({ broker: slug, configuration: slug, scenario: slug });
    const versions = fc.subarray([...BOTH], { minLength: 1 });
    fc.assert(
      fc.property(
        fc.array(fc.record({ broker: slug, configuration: slug })),
        fc.array(slug),
        fc.array(fc.tuple(sides, sides)),
        versions,
        versions,
        (configurations, scenarios, pairs, wanted, spoken) => {
          const { cells } = expandMatrix({
            versions: wanted,
            configurations,
            scenarios,
            pairs: pairs.map(([secure, insecure]) => ({
              requirement: 'R',
              title: 't',
              secure,
              insecure,
            })),
            spoken: () => spoken,
          });
          const ids = cells.map(cellId);
          expect(new Set(ids).size).toBe(ids.length);
          const told = wanted.filter((version) => spoken.includes(version));
          const all = [
            ...configurations.flatMap((one) => scenarios.map((scenario) => ({ ...one, scenario }))),
            ...pairs.flat(),
          ].flatMap((one) => told.map((mqttVersion) => cellId({ ...one, mqttVersion })));
          expect(new Set(ids)).toEqual(new Set(all));
        },
      ),
    );
  });
});

describe('a selection of cells', () => {
  const fits = (pattern: string, name: string) =>
    cellFilter({ only: [pattern] })({ ...side(name), mqttVersion: '5' });

  it.each([
    ['mosquitto', 'mosquitto/mutual-tls/theft', true],
    ['mosquitto/mutual-tls', 'mosquitto/mutual-tls/theft', true],
    ['mosquitto/*', 'mosquitto/mutual-tls/theft', true],
    ['*/theft', 'mosquitto/mutual-tls/theft', true],
    ['*/mutual-*/th*ft', 'mosquitto/mutual-tls/theft', true],
    ['mosquitto/mutual-tls/theft', 'mosquitto/mutual-tls/theft:variant', false],
    ['mosq', 'mosquitto/mutual-tls/theft', false],
    ['mosquitto/mutual.tls/theft', 'mosquitto/mutual-tls/theft', false],
    ['*t*theft*theft', 'mosquitto/mutual-tls/theft', false],
    ['nats/**', 'mosquitto/mutual-tls/theft', false],
    ['mosquitto/tls-1.3(only)/[a]', 'mosquitto/tls-1.3(only)/[a]', true],
  ])('%s on %s: %s', (pattern, name, expected) => {
    expect(fits(pattern, name)).toBe(expected);
  });

  it('takes any number of stars without slowing down', () => {
    const long = `mosquitto/${'a'.repeat(2000)}/theft`;
    expect(fits(`${'*a'.repeat(1000)}*x`, long)).toBe(false);
    expect(fits(`${'*a'.repeat(1000)}*t`, long)).toBe(true);
  });

  it('keeps a pair only where both sides are wanted', () => {
    const pairs = [
      pair('mosquitto/acl/publish', 'mosquitto/open/publish'),
      pair('mosquitto/acl/publish', 'nats/mutual-tls/publish'),
    ];
    const expanded = expandMatrix({ ...definition, pairs });
    const selected = selectCells(expanded, cellFilter({ brokers: ['mosquitto'] }));
    expect(selected.pairs.map(({ insecure }) => insecure.broker)).toEqual(['mosquitto']);
    expect(leftOutNotes(selected)).toEqual([]);
    const newer = selectCells(expanded, cellFilter({ mqttVersions: ['5'] }));
    expect(newer.pairs.map(({ versions }) => versions)).toEqual([['5']]);
  });
});
