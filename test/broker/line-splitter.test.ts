import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineSplitter } from '../../src/broker/line-splitter.ts';

function split(chunks: readonly Buffer[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return lines;
}

test('only a line feed ends a line', () => {
  const text = 'a\u2028b\u2029c\rd\u0085e\nf';
  expect(split([Buffer.from(text)])).toEqual(['a\u2028b\u2029c\rd\u0085e', 'f']);
});

test('lines do not depend on how their bytes come in', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.array(fc.nat({ max: 300 }), { maxLength: 8 }),
      (text, cuts) => {
        const bytes = Buffer.from(text);
        const ends = [...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b)];
        const chunks = [0, ...ends].map((start, i) => bytes.subarray(start, ends[i]));
        expect(split(chunks)).toEqual(split([bytes]));
      },
    ),
  );
});

test('a line without an end is handed on in pieces, so that memory stays bounded', () => {
  const piece = Buffer.alloc(50_000, 'x');
  const lines = split([piece, piece, piece]);
  expect(lines.map((line) => line.length)).toEqual([100_000, 50_000]);
});
