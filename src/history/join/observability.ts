/** The join of a run's two sides in the few numbers and examples that a report carries. Pure. */
import type { Disagreement, DisagreementExample } from './disagreement.ts';
import type { JoinClock, JoinCounts, JoinReport } from './join-report.ts';

export interface ObservedDisagreement extends Omit<Disagreement, 'examples'> {
  /** The first, with both sides' lines. */
  readonly example?: DisagreementExample;
}

/** What the broker's records of a run were worth, measured against the devices'. */
export interface Observability {
  readonly clocks: readonly JoinClock[];
  readonly counts: JoinCounts;
  readonly disagreements: readonly ObservedDisagreement[];
  readonly remarks: readonly string[];
}

export function observabilityOf(report: JoinReport): Observability {
  const { clocks, counts, disagreements, remarks } = report;
  return {
    clocks,
    counts,
    disagreements: disagreements.map(({ examples: [example], ...rest }) => ({
      ...rest,
      ...(example === undefined ? {} : { example }),
    })),
    remarks,
  };
}
