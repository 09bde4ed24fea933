/**
 * A fixing session: proposes from findings which strategies to try, keeps those that removed what
 * they were tried on, and stops when nothing is left, nothing more can be tried, the passes are used
 * up, or it goes in a circle. Pure; the runs between its steps are somebody else's.
 */
import type { FixId } from '../core/ids.ts';
import { plural, printable } from '../core/text.ts';
import { applyParts } from '../scenario/fixes/apply.ts';
import type { FixParams } from '../scenario/fixes/params.ts';
import { digestOf } from '../scenario/scenario-text.ts';
import type { Scenario } from '../scenario/schema.ts';
import type { Ending, FixPass, SessionEnd } from './fix-result.ts';
import type { OpenFinding } from './open-finding.ts';
import { mergeProposals, partsOf, specOf } from './parts.ts';
import { pickParts } from './pick-parts.ts';
import type { Proposal } from './proposal.ts';

export interface SessionOptions {
  readonly passesMax: number;
  /** Tries strategies too that are only suggested. */
  readonly allowSuggestions: boolean;
  /** Strategies that were asked for; tried before all others on the findings they address. */
  readonly asked: readonly FixParams[];
  /** Strategies that the broker has no means for, each with a sentence. */
  readonly unable: ReadonlyMap<FixId, string>;
}

/** What a run showed. */
export interface Seen {
  readonly open: readonly OpenFinding[];
  /** Why the run proves nothing; undefined for a sound one. */
  readonly unsound?: string;
  /** Folder of the run. */
  readonly folder: string;
}

/** What has happened so far; plain data. */
export interface SessionState {
  readonly scenario: Scenario;
  readonly options: SessionOptions;
  readonly first: readonly OpenFinding[];
  readonly open: readonly OpenFinding[];
  /** What has helped. */
  readonly kept: readonly Proposal[];
  /** What the run under way tries besides. */
  readonly trying: readonly Proposal[];
  readonly passes: readonly FixPass[];
  /** Strategies by the key of a finding on which they were tried. */
  readonly tried: ReadonlyMap<string, readonly FixId[]>;
  /** Keys of findings that a pass removed, each with what removed it. */
  readonly removed: ReadonlyMap<string, string>;
  /** Digests of the scenarios that have been run, so that none is run twice. */
  readonly digests: readonly string[];
}

/** Run this fix next and tell what it showed, or the end. */
export type SessionStep =
  | { readonly state: SessionState; readonly spec: string }
  | { readonly state: SessionState; readonly end: SessionEnd };

/** `seen` is the scenario as it is. */
export function beginSession(scenario: Scenario, options: SessionOptions, seen: Seen): SessionStep {
  const state: SessionState = {
    scenario,
    options,
    first: seen.open,
    open: seen.open,
    kept: [],
    trying: [],
    passes: [],
    tried: new Map(),
    removed: new Map(),
    digests: [digestOf(scenario)],
  };
  if (seen.unsound !== undefined) return ended(state, 'unsound', seen.unsound);
  return nextPass(state);
}

/** `seen` is the run of the fix that the last step named. */
export function continueSession(before: SessionState, seen: Seen): SessionStep {
  const { open: was, trying, kept, passes } = before;
  const now = new Set(seen.open.map(({ key }) => key));
  const known = new Set(was.map(({ key }) => key));
  const gone = was.filter(({ key }) => !now.has(key));
  const helped = trying.filter(({ findings }) => findings.some((key) => !now.has(key)));
  const useless = trying.filter((one) => !helped.includes(one));
  const appeared = seen.open.filter(({ key }) => !known.has(key));
  const returned = appeared.find(({ key }) => before.removed.has(key));
  const pass: FixPass = {
    pass: passes.length + 1,
    spec: specOf([...kept, ...trying]),
    folder: seen.folder,
    tried: trying,
    helped,
    useless,
    removed: gone,
    appeared,
    remaining: seen.open,
  };
  const removed = new Map(before.removed);
  for (const { key } of gone) {
    const by = trying.filter(({ findings }) => findings.includes(key)).map(({ spec }) => spec);
    removed.set(key, by.join(' and ') || pass.spec);
  }
  const state: SessionState = {
    ...before,
    open: seen.open,
    kept: mergeProposals(kept, helped),
    trying: [],
    passes: [...passes, pass],
    removed,
  };
  if (seen.unsound !== undefined) return ended(state, 'unsound', seen.unsound);
  if (returned !== undefined) {
    const { check, label } = returned;
    return ended(
      state,
      'cycle',
      `a fix cycle: ${pass.spec} brings back ${check} on ${printable(label, 60)}, which ${before.removed.get(returned.key)} had removed`,
    );
  }
  return nextPass(state);
}

function nextPass(state: SessionState): SessionStep {
  const { open, passes, options } = state;
  if (open.length === 0) {
    return ended(
      state,
      'clean',
      state.first.length === 0 ? 'nothing was found' : 'no finding remains',
    );
  }
  const picked = pickParts(state);
  const next = { ...state, tried: picked.tried };
  if (picked.parts.length === 0) {
    return ended(
      next,
      'exhausted',
      `${plural(open.length, 'finding')} left, and nothing more to try`,
    );
  }
  if (passes.length >= options.passesMax) {
    return ended(
      { ...state, trying: [] },
      'passes',
      `${plural(open.length, 'finding')} left after ${plural(passes.length, 'pass', 'passes')}`,
      picked.parts,
    );
  }
  const spec = specOf([...state.kept, ...picked.parts]);
  const digest = digestOf(fixedBy([...state.kept, ...picked.parts], state.scenario));
  if (state.digests.includes(digest)) {
    return ended(next, 'cycle', `a fix cycle: ${spec} plans what has been run before`);
  }
  return { state: { ...next, trying: picked.parts, digests: [...state.digests, digest] }, spec };
}

function fixedBy(parts: readonly Proposal[], scenario: Scenario): Scenario {
  const applied = applyParts(scenario, partsOf(parts));
  return 'scenario' in applied ? applied.scenario : scenario;
}

function ended(
  state: SessionState,
  ending: Ending,
  because: string,
  next: readonly Proposal[] = [],
): SessionStep {
  const { kept } = state;
  return {
    state,
    end: { ending, because, ...(kept.length > 0 ? { spec: specOf(kept) } : {}), next },
  };
}
