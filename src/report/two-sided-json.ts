/**
 * A join as JSON in pieces: its lists may be longer together than the longest text there can be. Each
 * session is a line, so that the result can be searched and cut as well as parsed.
 */
import type { JoinReport } from '../history/join/join-report.ts';
import type { TimelineLine } from '../history/join/timeline.ts';

const PIECE_ITEMS = 1_000;

export function* renderJoinJson(
  report: JoinReport,
  timeline?: readonly TimelineLine[],
): Generator<string> {
  const { joined, deviceOnly, brokerOnly, ambiguous, ...facts } = report;
  yield `${JSON.stringify(facts, null, 2).slice(0, -2)},\n`;
  yield* list('joined', joined);
  yield ',\n';
  yield* list('deviceOnly', deviceOnly);
  yield ',\n';
  yield* list('brokerOnly', brokerOnly);
  yield ',\n';
  yield* list('ambiguous', ambiguous);
  if (timeline !== undefined) {
    yield ',\n';
    yield* list('timeline', timeline);
  }
  yield '\n}\n';
}

function* list(name: string, items: readonly object[]): Generator<string> {
  yield `  "${name}": [`;
  for (let from = 0; from < items.length; from += PIECE_ITEMS) {
    const lines = items
      .slice(from, from + PIECE_ITEMS)
      .map((item) => `\n    ${JSON.stringify(item)}`);
    yield `${from === 0 ? '' : ','}${lines.join(',')}`;
  }
  yield items.length === 0 ? ']' : '\n  ]';
}
