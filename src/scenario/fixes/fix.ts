/**
 * A fix strategy is a pure change of a group, applied before the plan is made; the same seed then
 * shows what it cures and what it does not. Metadata says so beforehand.
 */
import { z } from 'zod';
import type { CheckId, FixId } from '../../core/ids.ts';
import { type Group, slug } from '../group-schema.ts';

export interface Fix<Params> {
  readonly id: FixId;
  readonly title: string;
  /** Checks whose findings it addresses. */
  readonly addresses: readonly CheckId[];
  /** What it costs, hides or leaves as it was. */
  readonly costs: readonly string[];
  readonly params: z.ZodType<Params>;
  /** Undefined when the group has nothing that this strategy could change. */
  apply(group: Group, params: Params): Group | undefined;
  /** The same parameters with every duration multiplied, for `--time-scale`; absent without any. */
  scaled?(params: Params, factor: number): Params;
}

/** The part every strategy has in common in a scenario file. */
export const onGroups = z
  .union([slug.transform((name) => [name]), z.array(slug).min(1)])
  .optional()
  .describe('the groups it is applied to; all groups that it can change when left out');
