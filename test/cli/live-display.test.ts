/** The terminal's live display and its log, checked on a terminal that is played out in memory. */
import { describe, expect, it } from 'vitest';
import { LiveDisplay } from '../../src/cli/live-display.ts';
import { openProgress } from '../../src/cli/progress.ts';
import { terminalStyle } from '../../src/report/style.ts';
import { PlayedTerminal } from '../support/played-terminal.ts';
import { someProgress } from '../support/run-progress.ts';

function opened(terminal: PlayedTerminal, env: Readonly<Record<string, string>> = {}) {
  const exits = new Set<() => void>();
  const onExit = (handler: () => void) => {
    exits.add(handler);
    return () => exits.delete(handler);
  };
  const environment = { env: { LANG: 'C.UTF-8', ...env }, stderr: terminal, onExit };
  const view = openProgress(environment, terminalStyle(false, terminal.columns));
  return { view, exits };
}

describe('a block of lines on a terminal', () => {
  it('redraws in place, also when it shrinks, with one write each time', () => {
    const terminal = new PlayedTerminal(40, 20);
    const display = new LiveDisplay({ stderr: terminal });
    terminal.write('before\n');
    display.show(['one', 'two', 'three']);
    display.show(['1', '2', '3']);
    display.show(['a']);
    expect(terminal.lines).toEqual(['before', 'a']);
    expect(terminal.writes).toHaveLength(4);
  });

  it('stays below what is written meanwhile', () => {
    const terminal = new PlayedTerminal(40, 20);
    const display = new LiveDisplay({ stderr: terminal });
    display.show(['one', 'two']);
    display.write('\ninterrupted\n');
    display.show(['1', '2']);
    expect(terminal.lines).toEqual(['', 'interrupted', '1', '2']);
  });

  it('leaves nothing behind in a window that became narrower, or that is low', () => {
    const terminal = new PlayedTerminal(40, 6);
    const display = new LiveDisplay({ stderr: terminal });
    display.show(['x'.repeat(39), 'y'.repeat(30)]);
    terminal.resize(20);
    display.show(['1', '2']);
    expect(terminal.lines).toEqual(['1', '2']);
    display.show(Array.from({ length: 30 }, (_, n) => `${n}`));
    expect(terminal.lines).toEqual(['0', '1', '2', '3', '4']);
  });

  it('hides the cursor only while it stands, and gives it back as the process exits', () => {
    const terminal = new PlayedTerminal(40, 20);
    const { view, exits } = opened(terminal);
    view.observer.progress?.(someProgress());
    expect(terminal.cursorHidden).toBe(true);
    for (const exit of exits) exit();
    expect(terminal.cursorHidden).toBe(false);
    view.end();
    expect(exits.size).toBe(0);
    expect(terminal.lines).toEqual([]);
  });
});

describe('the progress of a run', () => {
  it('is a block on a terminal, and one line once it is over', () => {
    const terminal = new PlayedTerminal(80, 20);
    const { view } = opened(terminal);
    view.observer.brokerStarted?.({ version: 'aedes', endpoint: 'mqtts://127.0.0.1:1' });
    view.observer.progress?.(someProgress());
    expect(terminal.lines[1]).toContain('12.4s of 30s');
    expect(terminal.lines).toHaveLength(10);
    view.observer.warning?.('careful');
    expect(terminal.lines[1]).toBe('  warning careful');
    expect(terminal.lines).toHaveLength(11);
    view.end();
    expect(terminal.lines).toHaveLength(2);
  });

  it.each([
    ['no terminal', { isTTY: false }, {}],
    ['TERM=dumb', {}, { TERM: 'dumb' }],
    ['a CI system', {}, { CI: 'true' }],
  ])('is whole lines without control codes on %s', (_where, stream, env) => {
    const terminal = new PlayedTerminal(80, 20, stream);
    const { view } = opened(terminal, env);
    view.observer.brokerStarted?.({ version: 'aedes', endpoint: 'mqtts://127.0.0.1:1' });
    for (let elapsedMs = 200; elapsedMs <= 60_000; elapsedMs += 200) {
      view.observer.progress?.(someProgress({ elapsedMs, totalMs: 60_000 }));
    }
    view.end();
    const text = terminal.writes.join('');
    expect(text).not.toMatch(/[^\P{Cc}\n]/u);
    expect(text).toContain(
      'running  2s/1m       · 40/46 connected · 3 failed · 412 takeovers, 13/s',
    );
    expect(text).toContain('  at 1.2s       client ID pump-firmware-default was taken over\n');
    expect(text).not.toContain('and 12 more takeovers');
    const times = [...text.matchAll(/running {2}(\S+)\//g)].map(([, time]) => time);
    expect(times).toEqual([
      '2s',
      '4s',
      '6s',
      '8s',
      '10s',
      '12.6s',
      '15.8s',
      '19.8s',
      '24.8s',
      '31s',
      '38.8s',
      '48.6s',
      '58.6s',
    ]);
  });

  it('is ASCII where the locale knows no more', () => {
    const terminal = new PlayedTerminal(80, 20);
    const { view } = opened(terminal, { LANG: 'C' });
    view.observer.progress?.(someProgress());
    expect(terminal.lines.join('')).toMatch(/^[\x20-\x7e]*$/);
  });
});
