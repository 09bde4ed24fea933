/**
 * What an audit check is: what it looks for in words and data, one query over the sessions relation
 * with parameters (or a look at the certificates, or both), and a pure mapping from its rows to
 * findings. A check never reads files or time.
 */
import type { CheckId, FixId } from '../core/ids.ts';
import type { EpochMs, TimeWindow } from '../core/time.ts';
import type { Query } from '../history/store.ts';
import type { CertificateEvidence } from './evidence.ts';
import type { FindingDetail, FindingResource, ResourceType, Severity } from './finding.ts';
import type { AuditSemantics } from './semantics.ts';

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
  /**
   * What it looks at; `sessions` by default. A check that needs certificates is part of `all` only
   * when certificates are given; named without them it is run and answers {@link NO_CERTIFICATES}.
   */
  readonly needs?: 'sessions' | 'certificates' | 'both';
  /** It judges the present (`CheckContext.now`): its window is empty, `[now, now)`. */
  readonly pointInTime?: boolean;
}

/** Limits of certificate checks, in days; AWS's defaults 30 and 365, its range 30 to 3652. */
export interface CertificateThresholds {
  /** AWS: `CERT_EXPIRATION_THRESHOLD_IN_DAYS`. */
  readonly expirationDays: number;
  /** AWS: `CERT_AGE_THRESHOLD_IN_DAYS`. */
  readonly ageDays: number;
}

/** What a check is run with. */
export interface CheckContext {
  readonly query: Query;
  readonly window: TimeWindow;
  /** Overlaps of sessions up to this long are taken for a disconnect seen late. */
  readonly toleranceMs: number;
  /** How far after a close the session that caused it may have connected. */
  readonly takeoverToleranceMs: number;
  /** When the audit started: the present of checks on certificates. */
  readonly now: EpochMs;
  /** Undefined when none were given. */
  readonly certificates: CertificateEvidence | undefined;
  readonly thresholds: CertificateThresholds;
  /** How AWS's open points are read; `relatedMax` bounds what a finding lists. */
  readonly semantics: AuditSemantics;
}

/** A finding before the audit gives it an ID and a time. */
export interface FindingDraft {
  readonly resource: FindingResource;
  /** Newest first. */
  readonly related: readonly FindingResource[];
  readonly detail: Omit<FindingDetail, 'fixes'>;
  /** Where they differ from the check's: one check may have several reason codes. */
  readonly reasonCode?: string;
  readonly reason?: string;
}

/** What a check found, and what it could not know. */
export interface CheckOutcome {
  readonly findings: readonly FindingDraft[];
  /** Resources of the check's kind in the window. */
  readonly resources: number;
  /** Facts whose absence leaves the answer open, each naming the field and how often it lacks. */
  readonly missing: readonly string[];
  /**
   * False when the evidence gives the check nothing to judge, so that `all` leaves it out; it is
   * told all the same when the check was named.
   */
  readonly applies?: boolean;
}

export interface AuditCheck extends CheckMetadata {
  readonly run: (context: CheckContext) => Promise<CheckOutcome>;
}

/** Named in `missing` when there is nothing to judge. */
export const NO_EVIDENCE = 'no connection evidence in the window';
export const NO_CERTIFICATES = 'certificates: none were given';
