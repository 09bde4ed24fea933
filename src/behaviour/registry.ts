/** Every behaviour, by the name that scenario files use. A new one is a file and two lines here. */
import { z } from 'zod';
import type { Behaviour } from './behaviour.ts';
import { flapping } from './flapping.ts';
import { leaving } from './leaving.ts';
import { rotating } from './rotating.ts';
import { steady } from './steady.ts';

/** Parameters of a behaviour, told apart by `kind`. */
export const behaviourParams = z.discriminatedUnion('kind', [
  steady.params,
  flapping.params,
  leaving.params,
  rotating.params,
]);
export type BehaviourParams = z.output<typeof behaviourParams>;
type BehaviourId = BehaviourParams['kind'];

/** A behaviour that stands in only one of the two lists does not compile. */
export const BEHAVIOURS = { steady, flapping, leaving, rotating } satisfies Record<
  BehaviourId,
  unknown
>;

/** Behaviours that need no parameters, so that a scenario may write their bare name. */
export const plainBehaviourIds = ['steady'] as const satisfies readonly BehaviourId[];

/** The behaviour that `params` belong to. */
export function behaviourOf(params: BehaviourParams): Behaviour<BehaviourParams> {
  return BEHAVIOURS[params.kind];
}
