/** Bare timers at a rate, in a process that does nothing else: how late does Node fire them? */
import { setTimeout as wait } from 'node:timers/promises';
import { type Distribution, distributionOf } from '../src/fleet/statistics.ts';
import { answerParent } from './child.ts';

export interface TimerQuestion {
  readonly perSecond: number;
  readonly seconds: number;
}

const LEAD_MS = 100;

answerParent(async ({ perSecond, seconds }: TimerQuestion): Promise<Distribution | undefined> => {
  const startedAt = performance.now() + LEAD_MS;
  const lateness: number[] = [];
  for (let n = 0; n < perSecond * seconds; n++) {
    const at = startedAt + (1000 * n) / perSecond;
    setTimeout(() => lateness.push(Math.max(0, performance.now() - at)), at - performance.now());
  }
  await wait(LEAD_MS * 2 + seconds * 1000);
  return distributionOf(lateness);
});
