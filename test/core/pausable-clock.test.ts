/** A clock that can be stopped, over virtual time. */
import { describe, expect, it } from 'vitest';
import { PausableClock } from '../../src/core/pausable-clock.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

function clocks() {
  const wall = new VirtualClock(0);
  return { wall, clock: new PausableClock(wall) };
}

describe('PausableClock', () => {
  it('goes with the wall until it is paused', () => {
    const { wall, clock } = clocks();
    const fired: number[] = [];
    clock.schedule(100, () => fired.push(clock.now()));
    wall.runUntil(150);
    expect(fired).toEqual([100]);
    expect(clock.now()).toBe(150);
    expect(clock.behindMs).toBe(0);
  });

  it('stands while it is paused, and no timer fires', () => {
    const { wall, clock } = clocks();
    const fired: number[] = [];
    clock.schedule(100, () => fired.push(clock.now()));
    wall.runUntil(40);
    clock.pause();
    clock.schedule(60, () => fired.push(clock.now()));
    wall.runUntil(1_000);
    expect(fired).toEqual([]);
    expect(clock.now()).toBe(40);
    expect(clock.behindMs).toBe(960);
    clock.resume();
    wall.runUntil(2_000);
    expect(fired).toEqual([60, 100]);
    expect(clock.behindMs).toBe(960);
  });

  it('adds up its pauses', () => {
    const { wall, clock } = clocks();
    for (const at of [100, 200, 300]) {
      wall.runUntil(at);
      clock.pause();
      clock.pause();
      wall.runUntil(at + 50);
      clock.resume();
      clock.resume();
    }
    wall.runUntil(1_000);
    expect(clock.now()).toBe(850);
  });

  it('forgets a timer that was cancelled, paused or not', () => {
    const { wall, clock } = clocks();
    const fired: string[] = [];
    const first = clock.schedule(100, () => fired.push('first'));
    const second = clock.schedule(100, () => fired.push('second'));
    first();
    clock.pause();
    second();
    clock.resume();
    wall.runUntil(500);
    expect(fired).toEqual([]);
    expect(wall.pending).toBe(0);
  });
});
