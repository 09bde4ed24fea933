/**
 * A fix strategy is a pure change of a scenario, applied before the plan is made; the same seed then
 * shows what it cures and what it does not. Metadata says so beforehand.
 */
import { z } from 'zod';
import type { BrokerRuleId } from '../../core/broker-rule.ts';
import type { CheckId, FixId } from '../../core/ids.ts';
import { slug } from '../group-schema.ts';
import type { Scenario } from '../schema.ts';

/** Where a fix is made: in the devices' firmware, or in the broker's configuration. */
export type FixSide = 'device' | 'broker';

/**
 * `automatic`: safe to try on what a finding names. `suggestion`: it locks out, takes away or needs
 * somebody to decide, so that it is only applied when it was asked for by name.
 */
export type FixApplication = 'automatic' | 'suggestion';

/** What a fix strategy says of itself. */
export interface FixMetadata {
  readonly id: FixId;
  readonly title: string;
  readonly side: FixSide;
  readonly application: FixApplication;
  /** Checks whose findings it addresses. */
  readonly addresses: readonly CheckId[];
  /** What it costs, hides or leaves as it was. */
  readonly costs: readonly string[];
  /** As `--fix` takes it. */
  readonly example: string;
  /** What the broker is asked to enforce; absent for fixes of the devices. */
  readonly rule?: BrokerRuleId;
}

export interface Fix<Params> extends FixMetadata {
  readonly params: z.ZodType<Params>;
  /** Undefined when the scenario has nothing that this strategy could change. */
  apply(scenario: Scenario, params: Params): Scenario | undefined;
  /** The same parameters with every duration multiplied, for `--time-scale`; absent without any. */
  scaled?(params: Params, factor: number): Params;
}

/** One strategy of a fix, as plans and reports name it. */
export interface FixPart extends Omit<FixMetadata, 'id' | 'example' | 'rule'> {
  readonly strategy: FixId;
}

const groupNames = z.union([slug.transform((name) => [name]), z.array(slug).min(1)]);

/** Parameter of strategies that are safe on every group. */
export const onGroups = groupNames
  .optional()
  .describe('the groups it is applied to; all groups that it can change when left out');

/** Parameter of strategies for which somebody has to say whom they are meant for. */
export const onNamedGroups = groupNames.describe('the groups it is applied to');
