/** The engine's patience in tests: long enough for two busy cores, short enough to be waited for. */
import { ENGINE_TIMING, type EngineTiming } from '../../src/engine/timing.ts';

export const QUICK: EngineTiming = {
  ...ENGINE_TIMING,
  aliveMs: 250,
  silenceMs: 3_000,
  lockMs: 3_000,
  stalledMs: 1_000,
  ttlMs: 15_000,
  refusalPauseMs: 1_000,
};
