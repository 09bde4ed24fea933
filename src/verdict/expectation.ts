/** The words of the verdict: what is judged, against what, and what comes out. */
import type { AuditFinding, AuditResult } from '../audit/finding.ts';
import type { CheckId } from '../core/ids.ts';
import type { ExpectedOutcome } from '../scenario/schema.ts';
import type { Outcome } from './outcome.ts';

/** A planted finding with the identity that its devices really used. */
export interface ExpectedPlanted {
  readonly check: CheckId;
  /** Client ID or certificate ID, as the check names its resource. */
  readonly resource: string;
  /** For people: the client ID, or the name of the certificate. */
  readonly label: string;
  readonly devices: readonly string[];
  /** How many of its devices must have been connected for it to be able to appear. */
  readonly devicesNeeded: number;
}

export interface ExpectationResult {
  readonly kind:
    | 'planted'
    | 'no-other'
    | 'none'
    | 'expected'
    | 'forbidden'
    | 'threshold'
    | 'refused'
    | 'quiet'
    | 'generator'
    | 'broker';
  /** The expectation as a sentence. */
  readonly text: string;
  readonly outcome: Outcome;
  /** Why, as a sentence. */
  readonly because: string;
  /** IDs of the findings it is about. */
  readonly findings: readonly string[];
}

export interface Verdict {
  readonly outcome: Outcome;
  readonly expectations: readonly ExpectationResult[];
}

/** A limit beyond which nothing that a generator shows proves anything. */
export interface GeneratorLimit {
  /** The limit as a sentence. */
  readonly text: string;
  /** What was measured, as a sentence. */
  readonly because: string;
}

export interface JudgeInput {
  readonly expect: ExpectedOutcome;
  readonly planted: readonly ExpectedPlanted[];
  /** What the plan leaves to chance: found or not, neither is against it. */
  readonly undecided?: readonly ExpectedPlanted[];
  readonly audit: AuditResult;
  /** Metrics by the names of the threshold catalogue; undefined where nothing was measured. */
  readonly metrics: Readonly<Record<string, number | undefined>>;
  readonly neverConnected: readonly string[];
  /** Devices that a rule of the broker must refuse whenever they connect. */
  readonly mustBeRefused?: readonly string[];
  /** Names of the plan's certificates → certificate IDs. */
  readonly certificateIds: ReadonlyMap<string, string>;
  readonly latenessP99MsMax: number;
  /** Other limits of the generator that it has gone beyond. */
  readonly limitsPassed?: readonly GeneratorLimit[];
  /** Undefined when the plan has no settle stage. */
  readonly quiet: boolean | undefined;
  /** What cut the run short: the broker died, the recording failed. */
  readonly failure?: string;
}

/** A result that still holds its findings whole. */
export type Draft = Omit<ExpectationResult, 'findings'> & {
  readonly findings?: readonly AuditFinding[];
};

/** A number for a sentence. */
export function round(value: number): string {
  return Number(value.toFixed(value < 10 ? 2 : 1)).toLocaleString('en-US');
}
