/**
 * Caps on what one run may do. This is an attack tool: they apply until they are raised on the
 * command line, one by one.
 */
import { EXIT, type Problem, UserError } from '../core/errors.ts';
import { CAP_ARRIVALS_PER_SECOND, CAP_DEVICES, CAP_DURATION_MS } from '../core/limits.ts';
import { formatDuration } from '../core/time.ts';
import type { BlastRadius } from '../report/report.ts';

export interface Caps {
  readonly devicesMax: number;
  readonly arrivalsPerSecondMax: number;
  readonly durationMsMax: number;
}

export const DEFAULT_CAPS: Caps = {
  devicesMax: CAP_DEVICES,
  arrivalsPerSecondMax: CAP_ARRIVALS_PER_SECOND,
  durationMsMax: CAP_DURATION_MS,
};

/** Throws a {@link UserError} if a script may take longer than the cap. */
export function checkLongest(totalMs: number, { durationMsMax }: Caps): void {
  if (totalMs <= durationMsMax) return;
  throw new UserError(EXIT.usage, {
    message: `the script may take ${formatDuration(totalMs)}, the cap is ${formatDuration(durationMsMax)}`,
    hint: `wait or repeat less, or raise it with --max-duration ${Math.ceil(totalMs / 1000)}s`,
  });
}

/** Throws a {@link UserError} that names every cap the plan exceeds. */
export function checkCaps(radius: BlastRadius, caps: Caps): void {
  const problems: Problem[] = [];
  const exceed = (what: string, cap: string, option: string, value: number | string): void => {
    problems.push({
      message: `the plan has ${what}, the cap is ${cap}`,
      hint: `raise it with ${option} ${value} if that is meant`,
    });
  };
  if (radius.devices > caps.devicesMax) {
    exceed(`${radius.devices} devices`, String(caps.devicesMax), '--max-devices', radius.devices);
  }
  if (radius.arrivalsPerSecondMax > caps.arrivalsPerSecondMax) {
    const rate = radius.arrivalsPerSecondMax;
    exceed(`${rate} arrivals in one second`, String(caps.arrivalsPerSecondMax), '--max-rate', rate);
  }
  const total = radius.durationMs + radius.settleMs;
  if (total > caps.durationMsMax) {
    const duration = `${Math.ceil(total / 1000)}s`;
    exceed(formatDuration(total), formatDuration(caps.durationMsMax), '--max-duration', duration);
  }
  if (problems.length > 0) throw new UserError(EXIT.usage, problems);
}
