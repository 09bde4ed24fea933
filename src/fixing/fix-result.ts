/** What comes out of a fixing session, as plain data. */
import type { FixId } from '../core/ids.ts';
import type { Outcome } from '../verdict/outcome.ts';
import type { OpenFinding } from './open-finding.ts';
import type { Proposal, Suggestion } from './proposal.ts';

/**
 * `clean`: no finding is left. `exhausted`: nothing more to try. `passes`: no more passes allowed.
 * `cycle`: it would go on in a circle. `unsound`: a run proved nothing. `dry-run`: only proposed.
 * `interrupted`: somebody stopped it.
 */
export type Ending =
  | 'clean'
  | 'exhausted'
  | 'passes'
  | 'cycle'
  | 'unsound'
  | 'dry-run'
  | 'interrupted';

/** The end of a session. */
export interface SessionEnd {
  readonly ending: Ending;
  /** Why, as a sentence. */
  readonly because: string;
  /** All that has helped, as `--fix` takes it; absent when nothing has. */
  readonly spec?: string;
  /** What would be tried next. */
  readonly next: readonly Proposal[];
}

/** One run with a fix. */
export interface FixPass {
  /** From 1. */
  readonly pass: number;
  readonly spec: string;
  readonly folder: string;
  /** What was new in this pass. */
  readonly tried: readonly Proposal[];
  /** Of these: what removed a finding that it was tried on, and stays. */
  readonly helped: readonly Proposal[];
  /** Of these: what removed none, and was taken back. */
  readonly useless: readonly Proposal[];
  readonly removed: readonly OpenFinding[];
  /** Findings that were not there before this pass. */
  readonly appeared: readonly OpenFinding[];
  readonly remaining: readonly OpenFinding[];
}

/** A suggestion, and how to try it. */
export interface OpenSuggestion extends Suggestion {
  /** The command line that tries it. */
  readonly command: string;
  /** Why this broker can't, as a sentence; absent when it can. */
  readonly unable?: string;
}

/** All of a session, for people and machines. */
export interface FixReport extends SessionEnd {
  readonly kind: 'fix';
  readonly scenario: { readonly name: string; readonly file: string; readonly seed: number };
  readonly broker: string;
  readonly folder: string;
  readonly outcome: Outcome;
  /** Found in the scenario as it is. */
  readonly found: readonly OpenFinding[];
  readonly passes: readonly FixPass[];
  readonly remaining: readonly OpenFinding[];
  /** What only a person may decide on, or a broker can do. */
  readonly suggestions: readonly OpenSuggestion[];
  /** Strategies that were tried, in order. */
  readonly tried: readonly FixId[];
  /** The command that repeats it. */
  readonly reproduce: string;
}

/** 0, 1 and 2 of the exit codes: nothing left, something left, or not known. */
export function outcomeOf(ending: Ending, remaining: number): Outcome {
  if (ending === 'clean') return 'met';
  if (ending === 'cycle' || ending === 'unsound' || ending === 'interrupted') return 'inconclusive';
  return remaining === 0 ? 'met' : 'unmet';
}
