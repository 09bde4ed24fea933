/** Matrices in every format: nothing from outside breaks out, and every cell leads to its reason. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareWithBaseline, recordBaseline } from '../../src/matrix/baseline.ts';
import type { CellResult } from '../../src/matrix/cell.ts';
import type { MatrixResult } from '../../src/matrix/result.ts';
import { renderMatrixHtml } from '../../src/report/matrix/html.ts';
import { renderMatrixJson } from '../../src/report/matrix/json.ts';
import { renderMatrixJunit } from '../../src/report/matrix/junit.ts';
import { renderMatrixMarkdown } from '../../src/report/matrix/markdown.ts';
import { renderMatrix } from '../../src/report/matrix/text.ts';
import { terminalStyle } from '../../src/report/style.ts';
import {
  cell,
  HOSTILE_TEXTS,
  matrixResult,
  pairPlan,
  randomCells,
} from '../support/matrix-results.ts';
import { parseXml } from '../support/xml.ts';

const text = (result: MatrixResult, width = 100) =>
  renderMatrix(result, terminalStyle(false, width));

/** A matrix in which every text that can come from outside is `hostile`. */
function hostileMatrix(hostile: string): MatrixResult {
  const name = { broker: hostile, configuration: hostile, scenario: hostile };
  const bad = cell('b/c/s', 'unmet', {
    ...name,
    because: hostile,
    brokerVersion: hostile,
    folder: hostile,
    reproduce: hostile,
    expectations: [{ text: hostile, outcome: 'unmet', because: hostile, risk: hostile }],
  });
  const other = { ...bad, configuration: 'other', outcome: 'inconclusive' as const };
  const cells = [bad, other];
  const plan = pairPlan(name, { ...name, configuration: 'other' }, { title: hostile });
  const state = { name: hostile, toolVersion: hostile, brokers: { b: hostile }, cells };
  const before = cells.map((one) => ({ ...one, outcome: 'met' as const, expectations: [] }));
  return matrixResult(cells, [plan], {
    name: hostile,
    folder: hostile,
    toolVersion: hostile,
    brokers: { [hostile]: hostile },
    notes: [hostile],
    comparison: compareWithBaseline(state, recordBaseline({ ...state, cells: before }), {
      file: hostile,
    }),
  });
}

const hostileMatrices = HOSTILE_TEXTS.map(
  (one) => [JSON.stringify(one), hostileMatrix(one)] as const,
);
/** What no output may hold, whatever the format. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f\u0080-\u009f\u202e\u2066\ud800]/u;

describe('every format', () => {
  const formats = {
    text,
    markdown: renderMatrixMarkdown,
    html: renderMatrixHtml,
    junit: renderMatrixJunit,
  } as const;

  it.each(Object.entries(formats))('%s shows no control character as it is', (_, render) => {
    for (const [, result] of hostileMatrices) expect(render(result)).not.toMatch(CONTROL);
  });

  it.each(Object.entries({ ...formats, json: renderMatrixJson }))(
    '%s leads from a cell to its reason, risk, evidence and command',
    (_, render) => {
      const one = cell('mosquitto/open/theft', 'unmet', { because: 'nothing was asked for' });
      const shown = render(matrixResult([one]));
      for (const part of [
        'nothing was asked for',
        'theft harms the owner',
        'npx doppelfleet matrix --only mosquitto/open/theft --mqtt-version 5',
      ]) {
        expect(shown).toContain(part);
      }
    },
  );
});

describe('the terminal', () => {
  const names = (count: number, prefix: string) =>
    Array.from({ length: count }, (_, index) => `${prefix}-number-${index + 1}`);

  it('shows thirty scenarios on thirty configurations in a hundred columns', () => {
    const cells = names(30, 'configuration').flatMap((configuration) =>
      names(30, 'scenario').flatMap((scenario) =>
        (['3.1.1', '5'] as const).map((mqttVersion) =>
          cell(`mosquitto/${configuration}/${scenario}`, 'met', { mqttVersion }),
        ),
      ),
    );
    const lines = text(matrixResult(cells)).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    for (const name of [...names(30, 'configuration'), ...names(30, 'scenario')]) {
      expect(lines.some((line) => line.includes(`${name} `))).toBe(true);
    }
    expect(lines.join('').match(/✔/g)).toHaveLength(1800 + 2);
  });

  it('puts the name of a configuration above its column', () => {
    const result = matrixResult([
      cell('nats/closed/theft', 'met'),
      cell('nats/open/theft', 'unmet'),
      cell('nats/open/spoof', 'inconclusive'),
    ]);
    expect(text(result).split('\n').slice(2, 7)).toEqual([
      'nats 1.2.3  a column is MQTT 5',
      '      open ┐',
      '  closed ┐ │',
      '  theft  ✔ ✖',
      '  spoof  · ?',
    ]);
  });

  it('says once what keeps every scenario of a configuration from being tried', () => {
    const cells = ['one', 'two', 'three', 'four'].map((scenario) =>
      cell(`rabbitmq/mutual-tls/${scenario}`, 'inconclusive', { because: 'it is not installed' }),
    );
    const lines = text(matrixResult(cells)).split('\n');
    expect(lines.filter((line) => line.includes('not installed'))).toEqual([
      '    ? one, two, three and 1 more, MQTT 5: it is not installed',
    ]);
  });

  it('marks what is insecure on purpose', () => {
    const [secure, open] = [cell('b/secure/s', 'met'), cell('b/open/s', 'unmet')];
    const shown = text(matrixResult([secure, open], [pairPlan(secure, open)]));
    expect(shown).toContain('✖ s, MQTT 5 (insecure on purpose): s harms the owner;');
    expect(shown).toContain('✔ R1 holds: a certificate is required');
    expect(shown).toContain('✔ met  2 cells: 1 met, 1 unmet, 0 inconclusive');
  });

  it('against a baseline tells the reasons of what changed, and counts the rest', () => {
    const before = recordBaseline(matrixResult([cell('b/c/old', 'unmet'), cell('b/c/new', 'met')]));
    const result = matrixResult([cell('b/c/old', 'unmet'), cell('b/c/new', 'unmet')]);
    const comparison = compareWithBaseline(result, before, { file: 'base.json' });
    for (const shown of [text, renderMatrixMarkdown].map((show) =>
      show({ ...result, comparison }),
    )) {
      expect(shown).toContain('new harms the owner');
      expect(shown).not.toContain('old harms the owner');
      expect(shown).toMatch(/\b1 more (cell is )?not met, as in the baseline/);
    }
  });

  it('fits sixty columns, the last line with its counts as well', () => {
    const cells = names(20, 'session').flatMap((configuration) =>
      names(10, 'takeover').map((scenario) =>
        cell(`mosquitto/${configuration}/${scenario}`, 'unmet', {
          because: 'it was so '.repeat(9),
        }),
      ),
    );
    const result = matrixResult(cells);
    const comparison = compareWithBaseline(result, recordBaseline(matrixResult([])), {
      file: 'base.json',
    });
    for (const shown of [text(result, 60), text({ ...result, comparison }, 60)]) {
      expect(shown.split('\n').filter((line) => line.length > 60)).toEqual([]);
      expect(shown).toContain('200 cells: 0 met, 200 unmet, 0 inconclusive');
    }
  });

  it('tells a change that is the same in both MQTT versions once', () => {
    const both = (outcome: 'met' | 'unmet') =>
      (['3.1.1', '5'] as const).map((mqttVersion) => cell('b/c/theft', outcome, { mqttVersion }));
    const result = matrixResult(both('unmet'));
    const comparison = compareWithBaseline(result, recordBaseline(matrixResult(both('met'))), {
      file: 'base.json',
    });
    const shown = [text, renderMatrixMarkdown, renderMatrixHtml];
    for (const page of shown.map((show) => show({ ...result, comparison }))) {
      expect(page.match(/after this change/g)).toHaveLength(1);
      expect(page).toContain('b/c, MQTT 3.1.1 and 5: after this change theft harms the owner');
      expect(page).toContain('2 cells changed');
    }
  });

  it('breaks no line for any result, at any width', () => {
    fc.assert(
      fc.property(randomCells, fc.integer({ min: 60, max: 160 }), (cells, width) => {
        expect(text(matrixResult(cells), width)).not.toMatch(CONTROL);
      }),
    );
  });
});

describe('HTML', () => {
  const ATTRIBUTES = [
    ...[
      'lang',
      'charset',
      'http-equiv',
      'content',
      'name',
      'class',
      'scope',
      'id',
      'href',
      'title',
    ],
    'aria-label',
    'role',
    'tabindex',
  ];

  /** The tags of a page; strict about what may stand in one. */
  const tags = (page: string) => {
    const body = page.replace(/<style>[\s\S]*?<\/style>/, '');
    const found = body.match(/<[^>]*>/g) ?? [];
    for (const tag of found) {
      expect(tag).toMatch(/^<(!doctype html|\/?[a-z0-9]+( [a-z-]+="[^"<>]*")*)>$/);
      for (const [, name = ''] of tag.matchAll(/ ([a-z-]+)="[^"]*"/g)) {
        expect(ATTRIBUTES).toContain(name);
      }
    }
    expect(body.replace(/<[^>]*>/g, '')).not.toMatch(/[<>]/);
    return found.map((tag) => /^<\/?([a-z0-9!]+)/.exec(tag)?.[1]);
  };

  it.each(hostileMatrices)('stays a page without script whatever is shown: %s', (_, result) => {
    const allowed = tags(renderMatrixHtml(matrixResult([cell('b/c/s', 'met')])));
    const pairTags = tags(renderMatrixHtml(hostileMatrix('plain')));
    const names = new Set([...allowed, ...pairTags]);
    for (const name of tags(renderMatrixHtml(result))) expect(names).toContain(name);
    expect(names).not.toContain('script');
    expect(names).not.toContain('img');
  });

  it('allows itself one style sheet, named by its hash, and nothing else', () => {
    const page = renderMatrixHtml(matrixResult([cell('b/c/s', 'met')]));
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(page).toContain(`content="default-src 'none'; style-src 'sha256-${hash}';`);
    expect(style).not.toMatch(/url\(|@import|</);
  });

  it('links every place of the tables to its reason, which exists once', () => {
    const cells = [cell('b/secure/s', 'met'), cell('b/open/s', 'unmet'), cell('c/x/t', 'met')];
    const [secure, open] = cells;
    const pairs = secure && open ? [pairPlan(secure, open)] : [];
    const page = renderMatrixHtml(matrixResult(cells, pairs));
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    const links = [...page.matchAll(/ href="#([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(links)).toEqual(new Set(ids));
    // The contents, then each place, then both sides of the pair.
    const contents = ['pairs', 'broker-1', 'broker-2', 'reasons'];
    expect(links.slice(0, 4)).toEqual(contents);
    expect(links).toHaveLength(contents.length + cells.length + 2);
    expect(page).toContain('<th scope="row">s</th>');
    expect(page).toContain('<th scope="col"><span>secure</span></th>');
  });
});

describe('Markdown', () => {
  it.each(hostileMatrices)('keeps every row of a table whole: %s', (_, result) => {
    const lines = renderMatrixMarkdown(result).split('\n');
    const rows = lines.filter((line) => line.startsWith('|'));
    const widths = rows.map((row) => row.split('|').length);
    // Pairs, then one broker with one scenario.
    expect(new Set(widths)).toEqual(new Set([7, 5]));
    for (const line of lines) {
      const bare = line.replace(/^<details><summary>[^<]*<\/summary>$|^<\/details>$/, '');
      expect(bare.replace(/`[^`]*`/g, '')).not.toMatch(/[<>]|\]\(|(^|[^&])#\d|@\w/);
    }
  });

  it('leads with the changes', () => {
    const before = recordBaseline(matrixResult([cell('b/c/theft', 'met')]));
    const result = matrixResult([cell('b/c/theft', 'unmet')]);
    const comparison = compareWithBaseline(result, before, { file: 'base.json' });
    const shown = renderMatrixMarkdown({ ...result, comparison });
    expect(shown.indexOf('after this change theft harms the owner')).toBeGreaterThan(0);
    expect(shown.indexOf('after this change')).toBeLessThan(shown.indexOf('| Configuration'));
  });
});

describe('JUnit', () => {
  const suites = (result: MatrixResult) =>
    parseXml(renderMatrixJunit(result)).children.map(({ attributes, children }) => ({
      name: attributes.name,
      counts: [attributes.tests, attributes.failures, attributes.errors].map(Number),
      cases: children
        .filter(({ name }) => name === 'testcase')
        .map((one) => `${one.attributes.name}: ${one.children[0]?.name}`),
    }));
  const cells: readonly CellResult[] = [
    cell('b/secure/s', 'met'),
    cell('b/open/s', 'unmet'),
    cell('b/open/t', 'inconclusive'),
  ];

  it.each(hostileMatrices)('is well-formed whatever stands in it: %s', (_, result) => {
    expect(() => parseXml(renderMatrixJunit(result))).not.toThrow();
  });

  it('has a suite for each configuration and a case for each cell', () => {
    expect(suites(matrixResult(cells))).toEqual([
      { name: 'b/secure', counts: [1, 0, 0], cases: ['s, MQTT 5: system-out'] },
      { name: 'b/open', counts: [2, 1, 1], cases: ['s, MQTT 5: failure', 't, MQTT 5: error'] },
    ]);
  });

  it('passes the insecure side of a pair that holds, and has a case for the pair', () => {
    const [secure, open] = cells;
    const pairs = secure && open ? [pairPlan(secure, open)] : [];
    expect(suites(matrixResult(cells.slice(0, 2), pairs))).toMatchObject([
      { counts: [1, 0, 0] },
      { counts: [1, 0, 0] },
      { name: 'pairs', counts: [1, 0, 0] },
    ]);
  });

  it('with a baseline fails only what changed, and what is no longer there', () => {
    const before = [cell('b/secure/s', 'unmet'), ...cells.slice(1), cell('b/gone/s', 'met')];
    const result = matrixResult(cells);
    const comparison = compareWithBaseline(result, recordBaseline(matrixResult(before)), {
      file: 'base.json',
    });
    expect(suites({ ...result, comparison })).toEqual([
      { name: 'b/secure', counts: [1, 1, 0], cases: ['s, MQTT 5: failure'] },
      {
        name: 'b/open',
        counts: [2, 0, 0],
        cases: ['s, MQTT 5: system-out', 't, MQTT 5: system-out'],
      },
      { name: 'no longer there', counts: [1, 1, 0], cases: ['s, MQTT 5: failure'] },
    ]);
  });
});

describe('JSON', () => {
  it('is the whole result', () => {
    const result = matrixResult([cell('b/c/s', 'met')]);
    expect(JSON.parse(renderMatrixJson(result))).toEqual(result);
  });
});
