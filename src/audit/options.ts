/** What an audit can be asked, and what is wrong with it before a file is opened. Pure. */
import { EXIT, UserError } from '../core/errors.ts';
import { CHECK_IDS, type CheckId } from '../core/ids.ts';
import { nearest, printable } from '../core/text.ts';
import type { EpochMs } from '../core/time.ts';
import type { AuditCheck } from './check.ts';
import { CHECKS } from './registry.ts';
import type { SessionOptions } from './sessions.ts';
import { type AuditWindow, parseAuditWindow } from './windows.ts';

export interface AuditOptions extends SessionOptions {
  /** Which checks to run; all by default. */
  readonly checks?: 'all' | readonly CheckId[];
  /** `run` (default), `on-demand`, `<from>..<to>` or a parsed window. */
  readonly window?: string | AuditWindow;
  /** Stands in for the clock; by default the histories' end, or for `on-demand` the present. */
  readonly now?: EpochMs;
  /** Overlaps up to this long are disconnects seen late; {@link OVERLAP_TOLERANCE_MS} by default. */
  readonly toleranceMs?: number;
  /** Memory of the store in megabytes before it spills to disk. */
  readonly memoryMb?: number;
}

/** Options that have been checked. */
export interface AuditPlan {
  readonly checks: readonly AuditCheck[];
  readonly window: AuditWindow;
}

/** Finds everything that is wrong with the options. Throws a {@link UserError} (64). */
export function auditPlan({ checks, window }: AuditOptions): AuditPlan {
  const ids: readonly string[] = checks === undefined || checks === 'all' ? CHECK_IDS : checks;
  const unknown = ids.filter((id) => !CHECK_IDS.some((known) => known === id));
  if (unknown.length > 0 || ids.length === 0) {
    const problems = unknown.map((id) => {
      const near = nearest(id, CHECK_IDS);
      return {
        message: `there is no check "${printable(id, 80)}"`,
        hint: near ? `did you mean ${near}?` : `use ${CHECK_IDS.join(' or ')}`,
      };
    });
    const none = { message: 'no check was named', hint: `use ${CHECK_IDS.join(' or ')}` };
    throw new UserError(EXIT.usage, problems.length > 0 ? problems : none);
  }
  return {
    checks: CHECK_IDS.filter((id) => ids.includes(id)).map((id) => CHECKS[id]),
    window: typeof window === 'string' ? parseAuditWindow(window) : (window ?? { kind: 'run' }),
  };
}
