/** Both sides of a history for a terminal: a few lines of a run's report, or the whole table. */
import { plural, printable } from '../core/text.ts';
import { formatDuration } from '../core/time.ts';
import type { Disagreement } from '../history/join/disagreement.ts';
import type { JoinClock, JoinCounts, JoinReport } from '../history/join/join-report.ts';
import type { Observability, ObservedDisagreement } from '../history/join/observability.ts';
import { type Cell, type Style, table } from './style.ts';
import { describeLine } from './two-sided-timeline.ts';

/** So many disagreements are told in a run's report; the others are counted. */
const SHOWN_MAX = 4;

/** The section of a run's report: at most six sentences. */
export function observabilityLines({
  clocks,
  counts,
  disagreements,
}: Observability): readonly string[] {
  const told = [...disagreements].sort((a, b) => rank(a) - rank(b) || b.count - a.count);
  const shown = told.slice(0, SHOWN_MAX);
  const more = told.length - shown.length;
  return [
    [joinedText(counts), ...clocks.slice(0, 1).map(clockText)].join('; '),
    ...shown.map(({ count, sentence }) => `${count.toLocaleString('en-US')} × ${sentence}`),
    ...(more > 0 ? [`${plural(more, 'other disagreement')} in report.json`] : []),
  ];
}

function rank({ level }: Pick<ObservedDisagreement, 'level'>): number {
  return ['contradiction', 'gap', 'note'].indexOf(level);
}

/** `63 connections joined by port; 2 only the device's` */
function joinedText(counts: JoinCounts): string {
  const { joined, deviceOnly, brokerOnly, ambiguous, outside } = counts;
  const ways = (
    [
      [joined.port, 'by port'],
      [joined['client-id'], 'by client ID and time'],
      [joined.time, 'by time'],
    ] as const
  ).filter(([count]) => count > 0);
  const total = ways.reduce((sum, [count]) => sum + count, 0);
  const number = (count: number): string => count.toLocaleString('en-US');
  const how =
    ways.length === 1
      ? ` ${ways[0]?.[1] ?? ''}`
      : ways.length > 1
        ? ` (${ways.map(([count, way]) => `${number(count)} ${way}`).join(', ')})`
        : '';
  const rest = [
    [deviceOnly, "only the devices' side has"],
    [brokerOnly, "only the broker's side has"],
    [ambiguous, 'could be joined in more than one way'],
  ] as const;
  return [
    `${plural(total, 'connection')} joined${how}`,
    ...rest.filter(([count]) => count > 0).map(([count, what]) => `${number(count)} that ${what}`),
    ...(outside > 0 ? [`${number(outside)} of these from outside the other side's records`] : []),
  ].join(', ');
}

function clockText({ ms, spreadMs, pairs, basis, precisionMs }: JoinClock): string {
  if (basis === 'none') return 'the clocks could not be compared';
  const apart =
    ms === 0
      ? 'equal'
      : `the broker's ${formatDuration(Math.abs(ms))} ${ms > 0 ? 'behind' : 'ahead'}`;
  const coarse = precisionMs.broker > 1 ? ', its stamps count whole seconds' : '';
  return `clocks: ${apart} (± ${formatDuration(spreadMs)}, ${plural(pairs, 'pair')}${coarse})`;
}

/** The whole join: sources, counts, disagreements with the lines of one example. */
export function renderJoin(report: JoinReport, style: Style): string {
  const { sources, clocks, counts, disagreements, remarks } = report;
  const rows = sources.map(({ file, broker, events, complete }, place) => [
    `${place + 1}`,
    printable(file, 80),
    printable(broker, 30),
    events.device.toLocaleString('en-US'),
    events.broker.toLocaleString('en-US'),
    complete ? 'yes' : 'no',
  ]);
  const head = ['', 'source', 'broker', "device's events", "broker's events", 'complete'];
  const between = (clock: JoinClock): string =>
    clocks.length > 1 ? ` between ${clock.device + 1} and ${clock.broker + 1}` : '';
  return [
    table(head, rows, style),
    joinedText(counts),
    ...clocks.map((clock) => `${clockText(clock)}${between(clock)}`),
    ...(counts.certificatesFromDevice > 0
      ? [
          `${plural(counts.certificatesFromDevice, 'certificate ID')} that the broker did not log ` +
            "are the devices', by these joins",
        ]
      : []),
    ...remarks.map((remark) => style.yellow(`note: ${printable(remark, 300)}`)),
    disagreements.length === 0
      ? 'Both sides say the same of every connection.'
      : renderDisagreements(disagreements, style),
    '',
  ].join('\n');
}

function renderDisagreements(disagreements: readonly Disagreement[], style: Style): string {
  const rows = disagreements.map(
    ({ count, level, sentence, examples: [example] }): readonly Cell[] => {
      const lines = [example?.device, example?.broker].flatMap((line) =>
        line === undefined ? [] : [describeLine(line)],
      );
      const detail = example?.detail === undefined ? [] : [printable(example.detail, 300)];
      return [
        count.toLocaleString('en-US'),
        level,
        sentence,
        [...detail, ...lines].map((text) => [text, style.dim] as const),
      ];
    },
  );
  return table(['count', 'level', 'what', 'for example'], rows, style, [0.08, 0.15, 0.33, 0.44]);
}
