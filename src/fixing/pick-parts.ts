/**
 * Picks what to try next: for each finding the first strategy that has not been tried on it, fits
 * where it is, and goes with what is kept. Automatic strategies come before suggested ones. Pure.
 */
import type { FixId } from '../core/ids.ts';
import { applyParts } from '../scenario/fixes/apply.ts';
import type { FixParams } from '../scenario/fixes/params.ts';
import { FIXES, fixOf } from '../scenario/fixes/registry.ts';
import type { Scenario } from '../scenario/schema.ts';
import type { OpenFinding } from './open-finding.ts';
import { mergeProposals, partsOf } from './parts.ts';
import { type Proposal, placed, proposal } from './proposal.ts';

/** What a choice depends on. */
export interface PickInput {
  readonly scenario: Scenario;
  readonly open: readonly OpenFinding[];
  readonly kept: readonly Proposal[];
  readonly tried: ReadonlyMap<string, readonly FixId[]>;
  readonly options: {
    readonly allowSuggestions: boolean;
    readonly asked: readonly FixParams[];
    /** Strategies that the broker has no means for, each with a sentence. */
    readonly unable: ReadonlyMap<FixId, string>;
  };
}

export interface Picked {
  readonly parts: readonly Proposal[];
  /** With what was picked now. */
  readonly tried: ReadonlyMap<string, readonly FixId[]>;
}

export function pickParts({ scenario, open, kept, tried, options }: PickInput): Picked {
  const next = new Map(tried);
  let parts: readonly Proposal[] = [];
  for (const finding of open) {
    for (const params of candidates(finding, scenario, kept, options)) {
      const known = next.get(finding.key) ?? [];
      if (known.includes(params.strategy)) continue;
      const more = mergeProposals(parts, [proposal(params, [finding])]);
      if ('problems' in applyParts(scenario, partsOf([...kept, ...more]))) continue;
      next.set(finding.key, [...known, params.strategy]);
      parts = more;
      break;
    }
  }
  // In the words of all the findings that a part is tried on.
  const byKey = new Map(open.map((finding) => [finding.key, finding]));
  return {
    parts: parts.map(({ params, findings }) =>
      proposal(
        params,
        findings.flatMap((key) => byKey.get(key) ?? []),
      ),
    ),
    tried: next,
  };
}

/** What could be tried on a finding, best first. */
function candidates(
  finding: OpenFinding,
  scenario: Scenario,
  kept: readonly Proposal[],
  { allowSuggestions, asked, unable }: PickInput['options'],
): readonly FixParams[] {
  const fixed = kept.reduce((so, { params }) => fixOf(params).apply(so, params) ?? so, scenario);
  const wanted = asked.filter((params) => fixOf(params).addresses.includes(finding.check));
  const allowed = finding.fixes
    .filter((id) => !unable.has(id))
    .filter((id) => allowSuggestions || FIXES[id].application === 'automatic')
    .filter((id) => !wanted.some(({ strategy }) => strategy === id))
    .sort((a, b) => rank(a) - rank(b));
  return [...wanted, ...allowed.flatMap((id) => placed(id, finding, fixed) ?? [])];
}

function rank(id: FixId): number {
  return FIXES[id].application === 'automatic' ? 0 : 1;
}
