import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayWidth } from '../../src/live/display-width.ts';
import { frame } from '../../src/live/frame.ts';
import { NotableLog } from '../../src/live/notable-log.ts';
import { notable, someProgress } from '../support/run-progress.ts';

describe('a frame', () => {
  it('tells the essentials in 30 columns', () => {
    expect(frame(someProgress(), { width: 30, unicode: true })).toEqual([
      'running   12.4s of 30s',
      'devices   40/46 connected',
      'connects  52/s · 1,203 in all',
      'takeovers 13/s · 412 in all',
      'latency   p50 4.1ms · p99 22ms'.slice(0, 19),
      'messages  120/s · 4,000 sent',
      'groups    pumps 37/40',
      '2.4s      and 12 more takeov…',
    ]);
  });

  it('draws bars and sparklines beside the numbers in 80', () => {
    expect(frame(someProgress(), { width: 80, unicode: true })).toEqual([
      '  running   ██████████████░░░░░░░░░░░░░░░░░░░ 12.4s of 30s · 17.6s left',
      '  devices   40/46 connected · 6 connecting · 3 failed',
      '  connects                              ▁▂▃██ 52/s · 1,203 in all',
      '  takeovers                             ▁▂▃██ 13/s · 412 in all',
      '  latency   p50 4.1ms · p99 22ms · late p99 1.3ms',
      '  messages  120/s · 4,000 sent · 3,990 received',
      '  groups    pumps 37/40 · clones 3/6',
      '  1.2s      client ID pump-firmware-default was taken over',
      '  2.4s      and 12 more takeovers',
    ]);
  });

  it('has room for more in 140', () => {
    const [phase, , connects] = frame(someProgress(), { width: 140, unicode: true });
    const bar = '█'.repeat(25) + '░'.repeat(35);
    expect(phase).toBe(`  running   ${bar} 12.4s of 30s · 17.6s left`);
    expect(connects).toBe(`  connects  ${' '.repeat(55)}▁▂▃██ 52/s · 1,203 in all · 1,100 closed`);
  });

  it('needs no more than ASCII', () => {
    const progress = someProgress({ notable: [notable(1, 'client ID pümpe-水 was taken over')] });
    expect(frame(progress, { width: 80, unicode: false })).toEqual([
      '  running   ##############................... 12.4s of 30s | 17.6s left',
      '  devices   40/46 connected | 6 connecting | 3 failed',
      '  connects                              _.:## 52/s | 1,203 in all',
      '  takeovers                             _.:## 13/s | 412 in all',
      '  latency   p50 4.1ms | p99 22ms | late p99 1.3ms',
      '  messages  120/s | 4,000 sent | 3,990 received',
      '  groups    pumps 37/40 | clones 3/6',
      '  1.2s      client ID p?mpe-? was taken over',
    ]);
  });

  it('says of takeovers that nobody can see when they will be told', () => {
    const progress = someProgress({ takeoversVisible: false, takeovers: 0 });
    const lines = frame(progress, { width: 80, unicode: true });
    expect(lines).toContain('  takeovers told after the run');
  });

  it('counts the groups for which there is no room', () => {
    const groups = Array.from({ length: 40 }, (_, n) => ({
      name: `group-${n}`,
      devices: 10,
      connected: n % 11,
    }));
    const lines = frame(someProgress({ groups, groupsLeftOut: 7 }), { width: 80, unicode: true });
    expect(lines).toContain(
      '  groups    group-0 0/10 · group-1 1/10 · group-2 2/10 · group-3 3/10 · 43 more',
    );
  });

  it('never reaches the edge of the window and never holds a control code, whatever is said', () => {
    const anyName = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.constantFrom(
        '\u001b[2J\u001b[H',
        '水'.repeat(90),
        '👩‍👩‍👧',
        'e\u0301'.repeat(200),
        '☂\ufe0f',
      ),
    );
    const runs = fc.record({
      names: fc.array(anyName, { maxLength: 8 }),
      interlude: anyName,
      width: fc.integer({ min: 30, max: 200 }),
      unicode: fc.boolean(),
      takeovers: fc.nat(),
      latency: fc.double({ min: 0, max: 1e7, noNaN: true }),
    });
    fc.assert(
      fc.property(runs, ({ names, interlude, width, unicode, takeovers, latency }) => {
        const log = new NotableLog();
        for (const name of names) log.add('takeover', 0, () => `client ID ${name} was taken over`);
        log.add('interlude', 0, () => interlude);
        const title = log.entries.at(-1)?.text ?? '';
        const progress = someProgress({
          notable: log.entries,
          interlude: title,
          takeovers,
          latencyMs: { p50: latency / 3, p99: latency },
        });
        for (const line of frame(progress, { width, unicode })) {
          expect(displayWidth(line)).toBeLessThan(width);
          expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
          if (!unicode) expect(line).toMatch(/^[\x20-\x7e]*$/);
        }
      }),
    );
  });
});

describe('the width of text', () => {
  it.each([
    ['pump', 4],
    ['水ポンプ', 8],
    ['e\u0301', 1],
    ['🚰', 2],
    ['☂\ufe0f', 2],
    ['…', 1],
  ])('%s takes %d columns', (text, columns) => {
    expect(displayWidth(text)).toBe(columns);
  });
});
