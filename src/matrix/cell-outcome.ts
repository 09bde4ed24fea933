/**
 * What a scenario's result says in the words of a cell: a fleet's verdict, or a script's judged
 * steps. Of what is no expectation about the broker (our own lateness, controls) only trouble is
 * told, so that a baseline is not full of it. Pure.
 */
import { plural } from '../core/text.ts';
import type { ScriptResult, StepResult } from '../script/result.ts';
import type { ExpectationResult, Verdict } from '../verdict/expectation.ts';
import type { Outcome } from '../verdict/outcome.ts';
import type { CellExpectation, CellResult } from './cell.ts';

type CellOutcome = Pick<CellResult, 'outcome' | 'because' | 'expectations'>;

export function fleetOutcome({ outcome, expectations }: Verdict): CellOutcome {
  const told = expectations.filter(
    ({ kind, outcome: one }) => one !== 'met' || (kind !== 'generator' && kind !== 'broker'),
  );
  const shown = told.map((one) => {
    const risk = fleetRisk(one);
    const { text, outcome: result, because } = one;
    return { text, outcome: result, because, ...(risk === undefined ? {} : { risk }) };
  });
  return { outcome, because: reason(outcome, shown), expectations: shown };
}

export function scriptOutcome({ outcome, because, steps }: ScriptResult): CellOutcome {
  const told = steps.filter((step) => step.role === 'judged' || step.outcome !== 'met');
  const expectations = told.map((step) => ({
    text: stepText(step),
    outcome: step.outcome,
    because: step.because,
    ...(step.risk === undefined || step.role === 'control' ? {} : { risk: step.risk }),
  }));
  return {
    outcome,
    because: outcome === 'met' ? reason(outcome, expectations) : because,
    expectations,
  };
}

/** A cell in which nothing could be tried. */
export function noOutcome(because: string): CellOutcome {
  return { outcome: 'inconclusive', because, expectations: [] };
}

/** Whether nothing but our own lateness is in the way, so that trying again alone may help. */
export function wasLate({ expectations }: Verdict): boolean {
  return (
    expectations.some(({ kind, outcome }) => kind === 'generator' && outcome !== 'met') &&
    expectations.every(({ kind, outcome }) => kind !== 'broker' || outcome === 'met')
  );
}

/** The first expectation that has the cell's outcome says why. */
function reason(outcome: Outcome, expectations: readonly CellExpectation[]): string {
  if (outcome === 'met') {
    return expectations.length === 1
      ? (expectations[0]?.because ?? '')
      : `all ${plural(expectations.length, 'expectation')} are met`;
  }
  const told = expectations.find((one) => one.outcome === outcome);
  if (told === undefined) return 'nothing was judged';
  // A risk names what is expected in better words.
  return told.risk === undefined || outcome !== 'unmet'
    ? `${told.text}: ${told.because}`
    : told.because;
}

function stepText({ text, role }: StepResult): string {
  return role === 'control' ? `${text} (a control)` : text;
}

/** What an unmet expectation of a fleet means, in the form of a clause. */
function fleetRisk({ kind, text }: ExpectationResult): string | undefined {
  switch (kind) {
    case 'planted':
      return `an audit does not show the ${text}`;
    case 'no-other':
      return 'an audit finds what nothing in the fleet has planted';
    case 'none':
      return 'an audit finds something in a fleet that is in order';
    case 'expected':
      return `an audit misses ${text}`;
    case 'forbidden':
      return `an audit finds what it must not: this is to hold, ${text}`;
    case 'threshold':
      return `the fleet breaks the bound ${text}`;
    case 'refused':
      return `the broker lets in whom it must not: this is to hold, ${text}`;
    case 'quiet':
      return 'the fleet does not become quiet once the faults end';
    case 'generator':
    case 'broker':
      return undefined;
  }
}
