/** What an audit can be asked, and what is wrong with it before a file is opened. Pure. */
import { EXIT, type Problem, UserError } from '../core/errors.ts';
import { CHECK_IDS, type CheckId } from '../core/ids.ts';
import { RELATED_RESOURCES_MAX } from '../core/limits.ts';
import { nearest, printable } from '../core/text.ts';
import { DAY_MS, type EpochMs } from '../core/time.ts';
import type { LoadOptions } from '../history/load.ts';
import type { AuditCheck, CertificateThresholds } from './check.ts';
import type { CertificateEvidence } from './evidence.ts';
import { CHECKS } from './registry.ts';
import { type AuditSemantics, AWS_COMPAT, STRICT } from './semantics.ts';
import type { SessionOptions } from './sessions.ts';
import type { AuditSuppression } from './suppression.ts';
import { type AuditWindow, parseAuditWindow } from './windows.ts';

export interface AuditOptions extends SessionOptions {
  /** Which checks to run; all that the given evidence allows by default. */
  readonly checks?: 'all' | readonly CheckId[];
  /** `run` (default), `on-demand`, `<from>..<to>` or a parsed window. */
  readonly window?: string | AuditWindow;
  /** Stands in for the clock; by default the histories' end, or for `on-demand` the present. */
  readonly now?: EpochMs;
  /** Overlaps up to this long are disconnects seen late; {@link OVERLAP_TOLERANCE_MS} by default. */
  readonly toleranceMs?: number;
  /** How sources that are not our own histories are read; by their content by default. */
  readonly source?: LoadOptions;
  /** Memory of the store in megabytes before it spills to disk. */
  readonly memoryMb?: number;
  /** How many threads the store works with; all cores by default. */
  readonly threads?: number;
  /** Certificates and revocation lists, for the checks that look at them. */
  readonly certificates?: CertificateEvidence;
  /** AWS's defaults (30 and 365 days) where absent. */
  readonly thresholds?: Partial<CertificateThresholds>;
  /** Findings to mark as suppressed. */
  readonly suppressions?: readonly AuditSuppression[];
  /** Lists as AWS's public sample does; single choices are made with `semantics`. */
  readonly awsCompat?: boolean;
  /** Choices that differ from the default, or from those of `awsCompat`. */
  readonly semantics?: Partial<AuditSemantics>;
}

/** Options that have been checked. */
export interface AuditPlan {
  readonly checks: readonly AuditCheck[];
  readonly window: AuditWindow;
  readonly semantics: AuditSemantics;
  readonly thresholds: CertificateThresholds;
}

const THRESHOLDS: CertificateThresholds = { expirationDays: 30, ageDays: 365 };
/** AWS's bounds of both thresholds: a month and ten years. */
const THRESHOLD_DAYS_MIN = 30;
const THRESHOLD_DAYS_MAX = 3652;

/** Finds everything that is wrong with the options. Throws a {@link UserError} (64). */
export function auditPlan(options: AuditOptions): AuditPlan {
  const { window, awsCompat, certificates } = options;
  const semantics = { ...(awsCompat ? AWS_COMPAT : STRICT), ...options.semantics };
  const thresholds = { ...THRESHOLDS, ...options.thresholds };
  const problems = [
    ...checkProblems(options.checks),
    ...rangeProblems({ ...semantics, ...thresholds }),
  ];
  if (problems.length > 0) throw new UserError(EXIT.usage, problems);
  return {
    checks: chosenChecks(options.checks, certificates !== undefined),
    window: typeof window === 'string' ? parseAuditWindow(window) : (window ?? { kind: 'run' }),
    semantics,
    thresholds,
  };
}

/** Unless it is asked for, a check whose kind of evidence was not given has nothing to say. */
function chosenChecks(
  wanted: AuditOptions['checks'],
  hasCertificates: boolean,
): readonly AuditCheck[] {
  const all: readonly AuditCheck[] = CHECK_IDS.map((id) => CHECKS[id]);
  if (wanted !== undefined && wanted !== 'all') {
    return all.filter(({ id }) => wanted.includes(id));
  }
  return all.filter(({ needs = 'sessions' }) => hasCertificates || needs === 'sessions');
}

/** The same for checks that look at certificates alone, when there are no sessions. */
export function withoutSessions(plan: AuditPlan, wanted: AuditOptions['checks']): AuditPlan {
  if (wanted !== undefined && wanted !== 'all') return plan;
  return { ...plan, checks: plan.checks.filter((check) => check.needs === 'certificates') };
}

function checkProblems(checks: AuditOptions['checks']): readonly Problem[] {
  if (checks === undefined || checks === 'all') return [];
  const ids: readonly string[] = checks;
  if (ids.length === 0) {
    return [{ message: 'no check was named', hint: `use ${CHECK_IDS.join(' or ')}` }];
  }
  const unknown = ids.filter((id) => !CHECK_IDS.some((known) => known === id));
  return unknown.map((id) => {
    const near = nearest(id, CHECK_IDS);
    return {
      message: `there is no check "${printable(id, 80)}"`,
      hint: near ? `did you mean ${near}?` : `use ${CHECK_IDS.join(' or ')}`,
    };
  });
}

/** What each number counts, and its bounds. */
const RANGES = {
  relatedMax: ['related resources', 1, RELATED_RESOURCES_MAX],
  firstWindowDays: ['days of the first window', 1, 366],
  expirationDays: ['days before expiry', THRESHOLD_DAYS_MIN, THRESHOLD_DAYS_MAX],
  ageDays: ['days of age', THRESHOLD_DAYS_MIN, THRESHOLD_DAYS_MAX],
} as const;

function rangeProblems(values: Readonly<Record<keyof typeof RANGES, number>>): readonly Problem[] {
  const wrong = (Object.keys(RANGES) as (keyof typeof RANGES)[]).filter((key) => {
    const [, min, max] = RANGES[key];
    return !(Number.isInteger(values[key]) && values[key] >= min && values[key] <= max);
  });
  return wrong.map((key) => {
    const [what, min, max] = RANGES[key];
    return { message: `the ${what} are not a whole number from ${min} to ${max}` };
  });
}

/** How far back the first run of a scheduled audit looks, in ms. */
export function firstWindowMs({ firstWindowDays }: AuditSemantics): number {
  return firstWindowDays * DAY_MS;
}
