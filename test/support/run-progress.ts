/** A run of 46 devices in mid-course, as watchers are told of it. */
import type { RunProgress, SecondSample } from '../../src/live/progress.ts';

export function someProgress(changes: Partial<RunProgress> = {}): RunProgress {
  return {
    phase: 'running',
    phaseElapsedMs: 12_400,
    phaseMs: 30_000,
    elapsedMs: 12_400,
    totalMs: 33_000,
    devices: 46,
    connected: 40,
    connecting: 6,
    accepted: 1203,
    failed: 3,
    closed: 1100,
    published: 4000,
    received: 3990,
    takeoversVisible: true,
    takeovers: 412,
    takeoversPerSecond: 13,
    groups: [
      { name: 'pumps', devices: 40, connected: 37 },
      { name: 'clones', devices: 6, connected: 3 },
    ],
    groupsLeftOut: 0,
    latencyMs: { p50: 4.13, p99: 22 },
    latenessP99Ms: 1.25,
    seconds: [0, 5, 10, 50, 52].map(someSecond),
    notable: [
      notable(1, 'client ID pump-firmware-default was taken over'),
      notable(2, 'and 12 more takeovers'),
    ],
    ...changes,
  };
}

export function someSecond(connects: number, place: number): SecondSample {
  return {
    atMs: 1000 * (place + 1),
    connects,
    closes: connects,
    failed: 0,
    takeovers: connects / 4,
    messages: 120,
    connected: 40,
  };
}

export function notable(seq: number, text: string): RunProgress['notable'][number] {
  return { seq, atMs: 1200 * seq, kind: 'takeover', text, first: seq === 1 };
}
