/**
 * What a probe gives: a value that was measured, with what was seen, or why it could not be
 * measured. A probe never guesses: where its positive control fails, the answer is unknown.
 */
import type { BrokerCapabilities, CapabilityId } from '../broker/capabilities.ts';
import type { ProbeBench } from './bench.ts';

export type Measurement<Value> =
  | {
      readonly value: Value;
      /** What was seen, as a clause. */
      readonly because: string;
    }
  | {
      /** Why it could not be measured, as a clause. */
      readonly unknown: string;
    };

export type Probe<Id extends CapabilityId> = (
  bench: ProbeBench,
) => Promise<Measurement<BrokerCapabilities[Id]>>;

/** A control failed: there is nothing to measure. Caught by whoever runs the probe. */
export class ControlFailed extends Error {}

/** Ends a probe unless what must hold does; `what` says what did not hold, as a clause. */
export function control(holds: boolean, what: string): asserts holds {
  if (!holds) throw new ControlFailed(what);
}
