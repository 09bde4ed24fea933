/** Probing behind the safety rails: a broker elsewhere must have been allowed, and must be there. */
import { checkTarget } from '../broker/target.ts';
import { realClock } from '../fleet/real-clock.ts';
import type { ProbeResult } from '../probe/probe-result.ts';
import { type ProbeOptions, type ProbeTarget, runProbe } from '../probe/run-probe.ts';
import { checkReachable } from './reachable.ts';

export interface ProbeBrokerOptions extends Omit<ProbeOptions, 'clock'> {
  /** Hosts other than loopback that the user's own list allows. */
  readonly allowedTargets?: readonly string[];
  /** Path of that list, for the message of a refusal. */
  readonly allowListFile?: string;
}

/** An external target with where it is, for the rails. */
export type ProbeBrokerTarget =
  | Extract<ProbeTarget, { kind: 'local' }>
  | (Extract<ProbeTarget, { kind: 'external' }> & { readonly host: string; readonly port: number });

/** Measures every capability of a broker. Throws a `UserError` before the first packet. */
export async function probeBroker(
  target: ProbeBrokerTarget,
  options: ProbeBrokerOptions = {},
): Promise<ProbeResult> {
  const { allowedTargets = [], allowListFile = "the user's allow-list", ...rest } = options;
  if (target.kind === 'external') {
    const { host, port } = target;
    checkTarget(host, port, { named: allowedTargets, confirmed: [host], userFile: allowListFile });
    await checkReachable(target);
  }
  return runProbe(target, { ...rest, clock: realClock });
}
