/** Literal sources in, a join's report out: what the tests of joining have in common. */
import type { ObservedEvent } from '../../../src/history/event.ts';
import { SideCollector } from '../../../src/history/join/collect.ts';
import type { Disagreement, DisagreementKind } from '../../../src/history/join/disagreement.ts';
import type { JoinReport } from '../../../src/history/join/join-report.ts';
import { joinSides } from '../../../src/history/join/join-sides.ts';

/** Each list is a source; its evidence goes from its first event to its last, or for `span`. */
export function joinSources(
  sources: readonly (readonly ObservedEvent[])[],
  span: Partial<{ readonly from: number; readonly to: number }> = {},
): JoinReport {
  const collector = new SideCollector();
  for (const [source, events] of sources.entries()) collector.appendFrom(source, 0, events);
  const sides = collector.sides();
  return joinSides(
    sides,
    sources.map((events, source) => ({
      file: `source-${source + 1}`,
      broker: 'test',
      complete: true,
      unreadableLines: 0,
      from: Math.min(...events.map(({ at }) => at)),
      to: Math.max(...events.map(({ at }) => at)),
      ...span,
      events: {
        device: events.filter(({ vantage }) => vantage === 'device').length,
        broker: events.filter(({ vantage }) => vantage === 'broker').length,
      },
    })),
  );
}

/** How often each kind of disagreement was found. */
export function kindsOf({ disagreements }: JoinReport): Partial<Record<DisagreementKind, number>> {
  return Object.fromEntries(disagreements.map(({ kind, count }) => [kind, count]));
}

export function disagreement(report: JoinReport, kind: DisagreementKind): Disagreement {
  const found = report.disagreements.find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`${kind} was not found`);
  return found;
}
