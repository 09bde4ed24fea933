/**
 * Proposals: which strategies to try on which findings, in order, and which only somebody may decide
 * on. Pure; whether they help is for the next run to show.
 */
import type { FixId } from '../core/ids.ts';
import { plural, printable } from '../core/text.ts';
import type { FixApplication, FixSide } from '../scenario/fixes/fix.ts';
import { formatFix } from '../scenario/fixes/format-fix.ts';
import { type FixParams, fixParams } from '../scenario/fixes/params.ts';
import { FIXES, fixOf } from '../scenario/fixes/registry.ts';
import type { Scenario } from '../scenario/schema.ts';
import type { OpenFinding } from './open-finding.ts';

/** A strategy with its parameters, and what it is for. */
export interface Proposal {
  readonly strategy: FixId;
  readonly title: string;
  readonly side: FixSide;
  readonly application: FixApplication;
  /** As `--fix` takes it. */
  readonly spec: string;
  readonly params: FixParams;
  /** A sentence: what it is tried on. */
  readonly why: string;
  /** Keys of the findings that it is tried on. */
  readonly findings: readonly string[];
  readonly costs: readonly string[];
}

/** What only a person may decide on, or a broker can do. */
export interface Suggestion {
  readonly strategy: FixId;
  readonly title: string;
  readonly side: FixSide;
  /** As `--with` takes it; `<group>` stands where somebody has to choose. */
  readonly spec: string;
  readonly why: string;
  readonly costs: readonly string[];
}

/**
 * The strategy put where the finding is: on those of its groups that it changes. Undefined when it
 * changes nothing there, or needs to be told more than a finding says.
 */
export function placed(
  strategy: FixId,
  finding: OpenFinding,
  scenario: Scenario,
): FixParams | undefined {
  // Which of the holders is the thief, no finding tells.
  if (strategy === 'revoke-certificates') return undefined;
  const bare = fixParams.safeParse({ strategy });
  const takesGroups = 'on' in FIXES[strategy].params.shape;
  if (!takesGroups) {
    return bare.success && fixOf(bare.data).apply(scenario, bare.data) !== undefined
      ? bare.data
      : undefined;
  }
  const on = finding.groups.filter((group) => {
    const one = fixParams.safeParse({ strategy, on: [group] });
    return one.success && fixOf(one.data).apply(scenario, one.data) !== undefined;
  });
  const all = fixParams.safeParse({ strategy, on });
  return on.length > 0 && all.success ? all.data : undefined;
}

/** A proposal for the findings that it is tried on. */
export function proposal(params: FixParams, findings: readonly OpenFinding[]): Proposal {
  const { id: strategy, title, side, application, costs } = fixOf(params);
  return {
    strategy,
    title,
    side,
    application,
    spec: formatFix(params),
    params,
    why: reason(findings),
    findings: findings.map(({ key }) => key),
    costs,
  };
}

/** For each strategy that must not be applied unasked, once, whatever it takes to place it. */
export function suggestionsFor(
  findings: readonly OpenFinding[],
  scenario: Scenario,
  used: readonly FixId[],
): readonly Suggestion[] {
  const strategies = new Map<FixId, OpenFinding[]>();
  for (const finding of findings) {
    for (const id of finding.fixes) {
      if (FIXES[id].application !== 'suggestion' || used.includes(id)) continue;
      strategies.set(id, [...(strategies.get(id) ?? []), finding]);
    }
  }
  return [...strategies].flatMap(([strategy, about]) => {
    const spec = specOf(strategy, about, scenario);
    if (spec === undefined) return [];
    const { title, side, costs } = FIXES[strategy];
    return [{ strategy, title, side, spec, why: reason(about), costs }];
  });
}

function specOf(
  strategy: FixId,
  findings: readonly OpenFinding[],
  scenario: Scenario,
): string | undefined {
  if (strategy === 'revoke-certificates') return `${strategy}:on=<group>`;
  const params = findings.flatMap((finding) => placed(strategy, finding, scenario) ?? []);
  const [first, ...others] = params;
  return first && formatFix(others.reduce(together, first));
}

/** One strategy on the groups of both. */
export function together(a: FixParams, b: FixParams): FixParams {
  if (!('on' in a) || !('on' in b) || a.on === undefined || b.on === undefined) return a;
  return { ...a, on: [...new Set([...a.on, ...b.on])] };
}

const SHOWN = 2;

function reason(findings: readonly OpenFinding[]): string {
  const kinds = new Map<string, OpenFinding[]>();
  for (const finding of findings) {
    const kind = `${finding.check} (${finding.diagnosis})`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), finding]);
  }
  return [...kinds]
    .map(([kind, some]) => {
      const labels = some.slice(0, SHOWN).map(({ label }) => printable(label, 60));
      const more = some.length > SHOWN ? ', …' : '';
      return `${plural(some.length, 'finding')} of ${kind}: ${labels.join(', ')}${more}`;
    })
    .join('; ');
}
