/**
 * The span of time that an audit looks at. `run`: all of the history. `on-demand`: what AWS IoT
 * Device Defender takes for an audit started now (31 days; some checks lag behind). `scheduled`:
 * from the last run of a scheduled audit to this one, lagging checks shifted at both ends, so that
 * consecutive windows tile. Or explicit. Pure. Spans are half-open, `[from, to)`.
 */
import { EXIT, UserError } from '../core/errors.ts';
import { printable } from '../core/text.ts';
import { DAY_MS, type EpochMs, type TimeWindow } from '../core/time.ts';

export type AuditWindow =
  | { readonly kind: 'run' }
  | { readonly kind: 'on-demand' }
  | ScheduledWindow
  | ({ readonly kind: 'explicit' } & TimeWindow);

/** The window of one run of a scheduled audit; it starts where the run before it ended. */
export interface ScheduledWindow {
  readonly kind: 'scheduled';
  readonly scheduledAuditName: string;
  /** When it ran before; undefined for its first run. */
  readonly previousRun: EpochMs | undefined;
  /** How far back the first run looks; no further than the histories reach. */
  readonly firstWindowMs: number;
}

/** How far back an on-demand audit looks (AWS: 31 days before its start). */
const ON_DEMAND_MS = 31 * DAY_MS;

const INSTANT =
  /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;
const INSTANT_HINT = 'write ISO 8601 with a zone, such as 2026-01-31T12:00:00Z, or a date in UTC';

/** `run`, `on-demand` or `<from>..<to>`. Throws a {@link UserError} (64). */
export function parseAuditWindow(text: string): AuditWindow {
  if (text === 'run' || text === 'on-demand') return { kind: text };
  const [from, to, ...more] = text.split('..');
  if (from === undefined || to === undefined || more.length > 0) {
    throw new UserError(EXIT.usage, {
      message: `"${printable(text, 80)}" is not a window`,
      hint: 'write run, on-demand or <from>..<to>, such as 2026-01-01..2026-01-31T12:00:00Z',
    });
  }
  const window = { kind: 'explicit', from: parseInstant(from), to: parseInstant(to) } as const;
  if (window.from < window.to) return window;
  throw new UserError(EXIT.usage, {
    message: `the window "${printable(text, 80)}" ends before it starts or is empty`,
    hint: 'put the earlier time first',
  });
}

/** An ISO 8601 instant as epoch ms; a bare date is its start in UTC. Throws a {@link UserError} (64). */
export function parseInstant(text: string): EpochMs {
  const at = instantFrom(text);
  if (at !== undefined) return at;
  throw new UserError(EXIT.usage, {
    message: `"${printable(text, 80)}" is not a point in time`,
    hint: INSTANT_HINT,
  });
}

/** As {@link parseInstant}; undefined when it is none. */
export function instantFrom(text: string): EpochMs | undefined {
  const date = INSTANT.exec(text)?.[1];
  const at = date === undefined ? Number.NaN : Date.parse(text);
  // V8 lets 30 February roll over into March.
  const day = Date.parse(`${date}T00:00:00Z`);
  const real = !Number.isNaN(day) && new Date(day).toISOString().startsWith(date ?? '');
  return !Number.isNaN(at) && real ? at : undefined;
}

/** What a window is resolved against. */
export interface WindowContext {
  readonly now: EpochMs;
  /** From the first to just after the last moment that the histories cover. */
  readonly recorded: TimeWindow;
  /** How far behind `now` an on-demand audit by this check ends (AWS: 2 h for shared certificates). */
  readonly onDemandLagMs: number;
}

export function resolveWindow(window: AuditWindow, context: WindowContext): TimeWindow {
  switch (window.kind) {
    case 'run':
      return context.recorded;
    case 'on-demand':
      return { from: context.now - ON_DEMAND_MS, to: context.now - context.onDemandLagMs };
    case 'scheduled':
      return scheduledSpan(window, context);
    case 'explicit':
      return { from: window.from, to: window.to };
  }
}

/** AWS leaves the first run open: like on demand, its lower bound is not shifted. */
function scheduledSpan(
  { previousRun, firstWindowMs }: ScheduledWindow,
  { now, recorded, onDemandLagMs }: WindowContext,
): TimeWindow {
  const to = now - onDemandLagMs;
  if (previousRun !== undefined) return { from: previousRun - onDemandLagMs, to };
  return { from: Math.min(to, Math.max(now - firstWindowMs, recorded.from)), to };
}
