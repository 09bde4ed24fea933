/** Badges: readable without colour, safe whatever the names, the same bytes for the same matrix. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Badge, renderBadgeJson, renderBadgeSvg } from '../../src/report/badge.ts';
import { textWidth } from '../../src/report/badge-widths.ts';
import { matrixBadges } from '../../src/report/matrix/badges.ts';
import {
  cell,
  HOSTILE_TEXTS,
  matrixResult,
  pairPlan,
  randomCells,
} from '../support/matrix-results.ts';
import { parseXml } from '../support/xml.ts';

const svg = (text: string) => parseXml(`<?xml version="1.0" encoding="UTF-8"?>\n${text}`);
const badge = (more: Partial<Badge> = {}): Badge => ({
  label: 'mosquitto',
  message: '42 met',
  outcome: 'met',
  ...more,
});

describe('a badge', () => {
  it('says in words what it shows, for those who do not see it', () => {
    const root = svg(renderBadgeSvg(badge()));
    expect(root.attributes).toMatchObject({ role: 'img', 'aria-label': 'mosquitto: 42 met' });
    expect(root.children[0]).toMatchObject({ name: 'title', text: 'mosquitto: 42 met' });
  });

  it('is as wide as its texts and their margins', () => {
    expect(textWidth('', 11)).toBe(0);
    expect(textWidth('mm', 11)).toBe(21.4);
    expect(textWidth('m', 11)).toBeGreaterThan(3 * textWidth('i', 11));
    const width = (label: string) => Number(svg(renderBadgeSvg(badge({ label }))).attributes.width);
    expect(width('mm') - width('m')).toBeCloseTo(10.7, 5);
  });

  it('has the shape that shields.io reads, and an error can not be coloured green', () => {
    expect(JSON.parse(renderBadgeJson(badge()))).toEqual({
      schemaVersion: 1,
      label: 'mosquitto',
      message: '42 met',
      color: '#1a7f37',
    });
    expect(JSON.parse(renderBadgeJson(badge({ outcome: 'unmet' })))).toMatchObject({
      isError: true,
    });
  });

  it.each(HOSTILE_TEXTS)('is one image with %j as its text', (text) => {
    const root = svg(renderBadgeSvg(badge({ label: text, message: text })));
    expect(root.children.map(({ name }) => name)).toEqual(['title', 'rect', 'path', 'g']);
    JSON.parse(renderBadgeJson(badge({ label: text, message: text })));
  });
});

describe('the badges of a matrix', () => {
  const files = (cells: Parameters<typeof matrixResult>[0], plans = [] as never[]) =>
    matrixBadges(matrixResult(cells, plans));

  it('are one for all, one for each broker, one for each scenario on it, and a page', () => {
    const cells = [
      cell('mosquitto/a/theft', 'met'),
      cell('mosquitto/b/theft', 'unmet'),
      cell('nats/a/theft:shared', 'inconclusive'),
    ];
    const made = new Map(files(cells).map(({ name, content }) => [name, content]));
    expect([...made.keys()]).toEqual([
      'matrix.svg',
      'matrix.json',
      'mosquitto.svg',
      'mosquitto.json',
      'mosquitto--theft.svg',
      'mosquitto--theft.json',
      'nats.svg',
      'nats.json',
      'nats--theft.shared.svg',
      'nats--theft.shared.json',
      'badges.md',
    ]);
    expect(JSON.parse(made.get('mosquitto.json') ?? '')).toMatchObject({
      label: 'mosquitto',
      message: '1 met, 1 unmet',
    });
    expect(made.get('badges.md')).toContain('](./nats--theft.shared.svg) |');
  });

  it('do not blame a broker for what is insecure on purpose', () => {
    const of = (configuration: string) => ({ broker: 'b', configuration, scenario: 'theft' });
    const cells = [cell('b/closed/theft', 'met'), cell('b/open/theft', 'unmet')];
    const made = matrixBadges(matrixResult(cells, [pairPlan(of('closed'), of('open'))]));
    const json = made.find(({ name }) => name === 'b.json')?.content ?? '';
    expect(JSON.parse(json)).toEqual({
      schemaVersion: 1,
      label: 'b',
      message: '1 met, 1 insecure on purpose',
      color: '#1a7f37',
    });
  });

  it('have names of their own that are safe in any folder, and links to each', () => {
    fc.assert(
      fc.property(randomCells, (cells) => {
        const made = files(cells);
        const names = made.map(({ name }) => name.toLowerCase());
        expect(new Set(names).size).toBe(names.length);
        for (const name of names) expect(name).toMatch(/^[a-z0-9-][a-z0-9.-]{0,140}$/);
        const page = made.at(-1)?.content ?? '';
        const links = [...page.matchAll(/\]\(\.\/([^)]*)\)/g)].map((match) => match[1]);
        expect([...links].sort()).toEqual(names.filter((name) => name.endsWith('.svg')).sort());
        for (const { name, content } of made) if (name.endsWith('.svg')) svg(content);
        expect(files(cells)).toEqual(made);
      }),
    );
  });
});
