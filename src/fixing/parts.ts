/** Proposals put together into one fix: each strategy once, on the groups of all of them. Pure. */
import type { FixId } from '../core/ids.ts';
import { formatFix } from '../scenario/fixes/format-fix.ts';
import type { FixParams } from '../scenario/fixes/params.ts';
import { type Proposal, together } from './proposal.ts';

/** In the order in which the strategies first come. */
export function mergeProposals(
  some: readonly Proposal[],
  more: readonly Proposal[],
): readonly Proposal[] {
  const all = new Map<FixId, Proposal>();
  for (const one of [...some, ...more]) {
    const known = all.get(one.strategy);
    all.set(one.strategy, known === undefined ? one : joined(known, one));
  }
  return [...all.values()];
}

/** What strategies to apply, with their parameters. */
export function partsOf(proposals: readonly Proposal[]): readonly FixParams[] {
  return mergeProposals([], proposals).map(({ params }) => params);
}

/** All of them as `--fix` takes them. */
export function specOf(proposals: readonly Proposal[]): string {
  return partsOf(proposals).map(formatFix).join('+');
}

function joined(a: Proposal, b: Proposal): Proposal {
  const params = together(a.params, b.params);
  return {
    ...a,
    params,
    spec: formatFix(params),
    findings: [...new Set([...a.findings, ...b.findings])],
  };
}
