/** The effects of a run, from the files that it left: truth and the devices' side of its history. */
import { join } from 'node:path';
import { DeviceSessions } from '../effects/device-sessions.ts';
import type { BanCounterParameters, FixEffects } from '../effects/fix-effects.ts';
import type { KeptClientIds } from '../effects/kept-sessions.ts';
import { type Measured, type MeasuredRun, measureEffects } from '../effects/measure.ts';
import type { TruthRecord } from '../fleet/session.ts';
import type { ConnectionEvent } from '../history/event.ts';
import { readLines } from '../history/lines.ts';
import type { FleetPlan } from '../scenario/plan.ts';

/** What the runs of one call have in common, so that their effects can be compared. */
export class EffectsOfRuns {
  readonly #banCounter: BanCounterParameters | undefined;
  #before: KeptClientIds | undefined;

  /** The counter of the first flapping ban that one of the plans asks for, or EMQX's. */
  constructor(plans: readonly FleetPlan[]) {
    this.#banCounter = plans
      .flatMap(({ brokerRules }) => brokerRules)
      .find((rule) => rule.rule === 'flapping-ban');
  }

  /** Of a run without a fix, and then of those with. */
  async measure(
    folder: string,
    run: Omit<MeasuredRun, 'sessions' | 'banCounter' | 'before'>,
  ): Promise<FixEffects> {
    const before = run.plan.fix === undefined ? undefined : this.#before;
    const { effects, keptClientIds } = await readEffects(folder, {
      ...run,
      ...(this.#banCounter === undefined ? {} : { banCounter: this.#banCounter }),
      ...(before === undefined ? {} : { before }),
    });
    if (run.plan.fix === undefined) this.#before = keptClientIds;
    return effects;
  }
}

/** Reads `truth.ndjson` and `history.ndjson` of the folder, which this run has just written. */
async function readEffects(folder: string, run: Omit<MeasuredRun, 'sessions'>): Promise<Measured> {
  const sessions = new DeviceSessions(run.plan);
  await readRecords(join(folder, 'truth.ndjson'), (value) => sessions.truth(value as TruthRecord));
  await readRecords(
    join(folder, 'history.ndjson'),
    (value) => sessions.event(value as ConnectionEvent),
    // Of the broker's side nothing is asked: half of the lines need not be read.
    '"vantage":"device"',
  );
  return measureEffects({ ...run, sessions: sessions.all() });
}

/** Every line that is a record; the header, the trailer and a line cut off at the end are none. */
async function readRecords(
  file: string,
  take: (value: unknown) => void,
  containing = '"kind"',
): Promise<void> {
  for await (const lines of readLines(file)) {
    for (const { bytes, terminated } of lines) {
      if (bytes === undefined || !terminated || !bytes.includes(containing)) continue;
      const value: unknown = JSON.parse(bytes.toString('utf8'));
      if (typeof value === 'object' && value !== null && 'kind' in value) take(value);
    }
  }
}
