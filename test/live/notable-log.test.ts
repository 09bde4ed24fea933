import { describe, expect, it } from 'vitest';
import { NotableLog } from '../../src/live/notable-log.ts';

describe('the log of notable things', () => {
  it('writes out three of a kind in a second and counts the rest', () => {
    const log = new NotableLog();
    let made = 0;
    for (let n = 1; n <= 5000; n++) {
      log.add('takeover', n, () => {
        made++;
        return `takeover ${n}`;
      });
    }
    log.add('phase', 5000, () => 'the faults end');
    log.endSecond(5001);
    log.add('takeover', 5002, () => 'takeover 5001');
    expect(log.entries.map(({ seq, text, first }) => [seq, text, first])).toEqual([
      [1, 'takeover 1', true],
      [2, 'takeover 2', false],
      [3, 'takeover 3', false],
      [4, 'the faults end', true],
      [5, 'and 4,997 more takeovers', false],
      [6, 'takeover 5001', false],
    ]);
    expect(made).toBe(3);
  });

  it('keeps the newest hundred', () => {
    const log = new NotableLog();
    for (let second = 1; second <= 150; second++) {
      log.add('lost', second, () => `lost ${second}`);
      log.endSecond(second);
    }
    expect(log.entries).toHaveLength(100);
    expect(log.entries.at(0)?.text).toBe('lost 51');
    expect(log.entries.at(-1)?.seq).toBe(150);
  });

  it('makes what a client ID holds safe to show', () => {
    const log = new NotableLog();
    log.add('takeover', 0, () => 'client ID \u001b[2Jx\u202e was taken over');
    expect(log.entries[0]?.text).toBe('client ID \\x1b[2Jx\\u{202e} was taken over');
  });
});
