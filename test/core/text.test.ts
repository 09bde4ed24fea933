import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearest, plural, printable } from '../../src/core/text.ts';

describe('printable', () => {
  it.each([
    ['escape sequences', 'a\u001b[31mb', 'a\\x1b[31mb'],
    ['line breaks and tabs', 'a\r\n\tb', 'a\\x0d\\x0a\\x09b'],
    ['the eight-bit control characters', 'a\u009b31mb', 'a\\x9b31mb'],
    ['direction overrides', 'a\u202eb\u2066c', 'a\\u{202e}b\\u{2066}c'],
    ['what has no width', 'a\u200bb\ufeffc', 'a\\u{200b}b\\u{feff}c'],
    ['line and paragraph separators', 'a\u2028b\u2029c', 'a\\u{2028}b\\u{2029}c'],
    ['lone surrogates', 'a\ud800b\udfffc', 'a\\u{d800}b\\u{dfff}c'],
    ['noncharacters, which XML forbids', 'a\ufffeb\uffffc', 'a\\u{fffe}b\\u{ffff}c'],
    ['private characters', 'a\ue000b', 'a\\u{e000}b'],
    ['tags outside the first plane', 'a\u{e0041}b', 'a\\u{e0041}b'],
    ['NUL and DEL', '\u0000\u007f', '\\x00\\x7f'],
  ])('makes %s visible', (_what, text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('leaves letters of every script and emoji as they are', () => {
    expect(printable('Pumpe-ä 泵 😀 a{{n}}<&>')).toBe('Pumpe-ä 泵 😀 a{{n}}<&>');
  });

  it('cuts what is too long, and never through a character of two code units', () => {
    expect(printable('abcdef', 6)).toBe('abcdef');
    expect(printable('abcdefg', 6)).toBe('abcde…');
    expect(printable('abcd😀fg', 6)).toBe('abcd…');
    expect(printable('abc', 1)).toBe('…');
  });

  it('lets nothing through that moves a cursor or turns the text, at any length', () => {
    const nasty = fc.constantFrom('\u001b', '\u202e', '\ud800', '\u0007', '\uffff', '😀', 'a');
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: nasty })),
        fc.integer({ min: 1, max: 40 }),
        (text, lengthMax) => {
          const shown = printable(text, lengthMax);
          expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\uFFFE\uFFFF]/u);
          expect(shown.length).toBeLessThanOrEqual(lengthMax);
        },
      ),
    );
  });
});

describe('nearest', () => {
  const words = ['flapping', 'steady', 'leaving', 'rotating'];

  it.each([
    ['flaping', 'flapping'],
    ['FLAPPING', 'flapping'],
    ['stedy', 'steady'],
    ['leavign', 'leaving'],
  ])('finds what %s was meant to be', (word, meant) => {
    expect(nearest(word, words)).toBe(meant);
  });

  it.each(['', 'xyz', 'completely-different'])('suggests nothing for %j', (word) => {
    expect(nearest(word, words)).toBeUndefined();
  });

  it('suggests nothing where there is nothing', () => {
    expect(nearest('steady', [])).toBeUndefined();
  });

  it('gives a word itself when it is there', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), (candidates) => {
        const [word = ''] = candidates;
        expect(nearest(word, candidates)?.toLowerCase()).toBe(word.toLowerCase());
      }),
    );
  });

  it('does not compare a huge word letter by letter', () => {
    expect(nearest('x'.repeat(1_000_000), words)).toBeUndefined();
  });
});

describe('plural', () => {
  it.each([
    [0, '0 devices'],
    [1, '1 device'],
    [2, '2 devices'],
    [12_345, '12,345 devices'],
  ])('writes %d', (count, text) => {
    expect(plural(count, 'device')).toBe(text);
  });

  it('takes an irregular plural', () => {
    expect(plural(2, 'entry', 'entries')).toBe('2 entries');
  });
});
