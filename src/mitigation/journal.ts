/**
 * What one execution did, step by step: kept for the report, and written to the trail before and
 * after. A step that fails ends the execution; the message then says what had been changed.
 */
import { UserError } from '../core/errors.ts';
import { printable } from '../core/text.ts';
import type { Clock } from '../core/time.ts';
import type { ExecutionDetail, MitigationErrorCode, MitigationStep } from './task.ts';
import type { Trail } from './trail.ts';

/** What the report says of an execution besides its steps. */
export type ActionFacts = Omit<ExecutionDetail, 'steps'>;

/** Ends an execution as FAILED; the message is a clear sentence. */
export class ActionFailed extends Error {
  override readonly name = 'ActionFailed';
  readonly code: MitigationErrorCode;
  /** What was found out before it failed. */
  readonly facts: ActionFacts | undefined;

  constructor(code: MitigationErrorCode, message: string, facts?: ActionFacts) {
    super(message);
    this.code = code;
    this.facts = facts;
  }
}

export interface StepOptions {
  /** How to undo it, for steps that change something. */
  readonly undo?: string;
  /** What a failure of this step is called. */
  readonly failsAs: MitigationErrorCode;
}

export class Journal {
  readonly steps: MitigationStep[] = [];
  readonly #trail: Trail;
  readonly #clock: Clock;
  readonly #about: { readonly findingId: string; readonly actionName: string };

  constructor(trail: Trail, clock: Clock, about: { findingId: string; actionName: string }) {
    this.#trail = trail;
    this.#clock = clock;
    this.#about = about;
  }

  /** Does something; what it resolves with is the detail of the step. */
  async step(what: string, options: StepOptions, work: () => Promise<string | undefined>) {
    const undo = options.undo === undefined ? {} : { undo: options.undo };
    this.#write('before', { what, ...undo });
    try {
      const detail = await work();
      this.#add({ what, status: 'done', ...(detail === undefined ? {} : { detail }), ...undo });
    } catch (error) {
      const told = asFailure(error, options.failsAs);
      if (told === undefined) {
        this.#add({ what, status: 'failed', detail: 'internal error', ...undo });
        throw error;
      }
      this.#add({ what, status: 'failed', detail: told.message, ...undo });
      throw told;
    }
  }

  /** Notes what was seen. */
  observed(what: string, detail?: string): void {
    this.#add({ what, status: 'observed', ...(detail === undefined ? {} : { detail }) });
  }

  /** Notes an attempt that is one of several, in the trail only. */
  attempt(what: string, detail: string): void {
    this.#write('attempt', { what, detail: printable(detail, 500) });
  }

  /** What has been changed by now, and how to undo it; undefined if nothing. */
  changed(): string | undefined {
    const changes = this.steps.filter(({ undo }) => undo !== undefined);
    if (changes.length === 0) return undefined;
    const made = changes.map(({ what, status }) => (status === 'failed' ? `tried: ${what}` : what));
    return `done so far: ${made.join('; ')}. To undo: ${changes.map(({ undo }) => undo).join('; ')}`;
  }

  #add(step: Omit<MitigationStep, 'at'>): void {
    const shown =
      step.detail === undefined ? step : { ...step, detail: printable(step.detail, 500) };
    this.steps.push({ ...shown, at: Math.round(this.#clock.now()) });
    this.#write('after', shown);
  }

  #write(
    phase: 'before' | 'after' | 'attempt',
    entry: Omit<MitigationStep, 'at' | 'status'>,
  ): void {
    this.#trail.write({ at: Math.round(this.#clock.now()), phase, ...this.#about, ...entry });
  }
}

/** A failure that the world or the user caused; undefined for a bug of ours. */
function asFailure(error: unknown, code: MitigationErrorCode): ActionFailed | undefined {
  if (error instanceof ActionFailed) return error;
  if (!(error instanceof UserError)) return undefined;
  return new ActionFailed(code, error.problems.map(({ message }) => message).join('; '));
}
