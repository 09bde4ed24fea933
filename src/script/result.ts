/**
 * What came of a scripted scenario: for each step what was observed, and what that means. A step
 * with a `risk` is what the scenario is about: it is met or unmet. A step without one is a positive
 * control: if it fails, nothing has been shown and the result is inconclusive.
 */
import type { EpochMs } from '../core/time.ts';
import type { Outcome } from '../verdict/outcome.ts';

/** How far a connection had come when it ended or was answered. */
export type ConnectPhase = 'tcp' | 'tls' | 'connect' | 'established';

/** What a device saw of one connection attempt, in the words of TLS, TCP or MQTT. */
export interface Observed {
  readonly kind:
    | 'accepted'
    | 'tls-alert'
    | 'tcp-reset'
    | 'fin'
    | 'connack'
    | 'disconnect'
    | 'timeout'
    | 'error';
  readonly phase: ConnectPhase;
  /** Name of the alert, code of CONNACK or DISCONNECT in hex, … */
  readonly detail?: string;
}

export interface StepResult {
  /** Number of the step in the file, from 1. */
  readonly step: number;
  /** The step as a sentence: `thief connects`. */
  readonly text: string;
  /** Where in the file: line, from 1. */
  readonly line?: number;
  readonly at: EpochMs;
  readonly elapsedMs: number;
  /** A control has no risk; it decides only whether the judged steps mean anything. */
  readonly role: 'control' | 'judged';
  readonly outcome: Outcome;
  /** What was seen, as a sentence. */
  readonly because: string;
  /** What it means that this is unmet, as a clause: «a second client … evicts the owner». */
  readonly risk?: string;
}

export interface ScriptResult {
  readonly steps: readonly StepResult[];
  readonly outcome: Outcome;
  /** The one sentence that says why: of the first unmet step, else of the failed control. */
  readonly because: string;
}
