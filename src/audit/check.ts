/**
 * What an audit check is: what it looks for in words and data, one query over the sessions relation
 * with parameters, and a pure mapping from its rows to findings. A check never reads files or time.
 */
import type { CheckId, FixId } from '../core/ids.ts';
import type { TimeWindow } from '../core/time.ts';
import type { Query } from '../history/store.ts';
import type { FindingDetail, FindingResource, ResourceType, Severity } from './finding.ts';

/** What a check says of itself, for lists, reports and findings. */
export interface CheckMetadata {
  readonly id: CheckId;
  readonly title: string;
  readonly description: string;
  /** As AWS ranks it. */
  readonly severity: Severity;
  /** Kind of the resource that a finding is about. */
  readonly resourceType: ResourceType;
  readonly reasonCode: string;
  readonly reason: string;
  /** Facts without which the check can't answer. */
  readonly evidence: readonly string[];
  /** Harmless situations in which it finds something all the same. */
  readonly falsePositives: readonly string[];
  readonly references: readonly string[];
  /** Fix strategies that address what it finds. */
  readonly fixes: readonly FixId[];
  /** How far behind its start an on-demand audit ends (AWS: connection data comes late). */
  readonly onDemandLagMs: number;
}

/** What a check is run with. */
export interface CheckContext {
  readonly query: Query;
  readonly window: TimeWindow;
  /** Overlaps of sessions up to this long are taken for a disconnect seen late. */
  readonly toleranceMs: number;
  /** How far after a close the session that caused it may have connected. */
  readonly takeoverToleranceMs: number;
}

/** A finding before the audit gives it an ID and a time. */
export interface FindingDraft {
  readonly resource: FindingResource;
  /** Newest first. */
  readonly related: readonly FindingResource[];
  readonly detail: Omit<FindingDetail, 'fixes'>;
}

/** What a check found, and what it could not know. */
export interface CheckOutcome {
  readonly findings: readonly FindingDraft[];
  /** Resources of the check's kind in the window. */
  readonly resources: number;
  /** Facts whose absence leaves the answer open, each naming the field and how often it lacks. */
  readonly missing: readonly string[];
}

export interface AuditCheck extends CheckMetadata {
  readonly run: (context: CheckContext) => Promise<CheckOutcome>;
}

/** Named in `missing` when there is nothing to judge. */
export const NO_EVIDENCE = 'no connection evidence in the window';
