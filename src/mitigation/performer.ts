/** What carries an action out, one for each type; chosen from a registry by whoever has the means. */
import type { AuditFinding } from '../audit/finding.ts';
import type { ActionType, MitigationAction } from './action.ts';
import type { ActionFacts, Journal } from './journal.ts';

export interface ActionRequest {
  readonly taskId: string;
  readonly action: MitigationAction;
  readonly finding: AuditFinding;
}

export interface Performer {
  /** What it would do, a line each; touches nothing. Throws `ActionFailed` where it could not. */
  foresee(request: ActionRequest): Promise<ActionFacts & { readonly would: readonly string[] }>;
  /** Does it, writing every step down. Throws `ActionFailed`. */
  perform(request: ActionRequest, journal: Journal): Promise<ActionFacts>;
}

export type Performers = Readonly<Record<ActionType, Performer>>;
