/** A session in words: for the tooltip, the details below the timeline and the live region. */
import { FLAG, REASONS } from '../../src/page/columns.ts';
import { count, span } from '../shared/format.ts';
import type { RunModel } from './decode.ts';

const ENDS: Readonly<Record<(typeof REASONS)[number], string>> = {
  'client-initiated': 'the client disconnected',
  'session-taken-over': 'taken over by another connect with its client ID',
  'keep-alive-timeout': 'keep-alive timeout',
  'connection-lost': 'connection lost',
  'server-initiated': 'closed by the broker',
  'auth-error': 'not authorised',
  'protocol-error': 'protocol error',
  throttled: 'held back by the generator',
  unknown: 'no reason recorded',
};

/** Names and values, in the order in which they are shown. */
export function describeSession(
  model: RunModel,
  row: number,
): readonly (readonly [name: string, value: string])[] {
  const { columns, tables, startMs, endMs } = model;
  const flags = columns.flags[row] ?? 0;
  const [start, end] = [startMs[row] ?? 0, endMs[row] ?? 0];
  const isFailed = (flags & FLAG.failed) !== 0;
  const address = tables.addresses[columns.address[row] ?? -1];
  const port = columns.port[row] ?? -1;
  const latency = columns.latency[row] ?? -1;
  const device = tables.devices[columns.device[row] ?? -1];
  const certificate = tables.certificates[columns.certificate[row] ?? -1];
  const abandoned = model.abandonedMs[row] ?? Number.NaN;
  return [
    ['client ID', tables.clients[columns.client[row] ?? -1] ?? '–'],
    ...(device === undefined ? [] : [['device (simulator’s knowledge)', device] as const]),
    ...(certificate === undefined ? [] : [['certificate', certificate] as const]),
    ...(address === undefined
      ? []
      : [['address', port < 0 ? address : `${address}, port ${port}`] as const]),
    isFailed
      ? ['failed', `at ${span(start)}, ${endWords(model, row)}`]
      : ['connected', `${span(start)} to ${span(end)} (${span(end - start)})`],
    ...(isFailed ? [] : [['end', endWords(model, row)] as const]),
    ...(latency < 0 ? [] : [['CONNACK after', `${count(latency)} ms`] as const]),
    ...(Number.isNaN(abandoned)
      ? []
      : [['half-open', `its device gave it up at ${span(abandoned)}`] as const]),
    ...notes(flags).map((note) => ['note', note] as const),
    ['history events', eventWords(model, row)],
  ];
}

/** How a session ended, in words. */
export function endWords({ columns }: RunModel, row: number): string {
  const flags = columns.flags[row] ?? 0;
  if ((flags & FLAG.takeoverInferred) !== 0) return `${ENDS['session-taken-over']} (inferred)`;
  const reason = REASONS[columns.reason[row] ?? -1];
  const isFailed = (flags & FLAG.failed) !== 0;
  if (!isFailed && (columns.length[row] ?? -1) < 0) return 'no end was recorded';
  return reason === undefined ? ENDS.unknown : ENDS[reason];
}

function notes(flags: number): readonly string[] {
  return [
    ...((flags & FLAG.inFinding) !== 0 ? ['a finding is about it'] : []),
    ...((flags & FLAG.evidence) !== 0 ? ['evidence of a finding'] : []),
    ...((flags & FLAG.deviceOnly) !== 0 ? ['the broker’s records lack it'] : []),
    ...((flags & FLAG.startUnknown) !== 0 ? ['its start was not recorded'] : []),
  ];
}

function eventWords({ columns }: RunModel, row: number): string {
  const [opened, closed] = [columns.opened[row] ?? -1, columns.closed[row] ?? -1];
  return [opened, closed].filter((event) => event >= 0).join(' and ') || '–';
}

/** One line, for the live region. */
export function sayClient(model: RunModel, row: number): string {
  return describeSession(model, row)
    .slice(0, 7)
    .map(
      ([name, value]) =>
        `${name} ${value.length > 24 && name === 'certificate' ? value.slice(0, 12) : value}`,
    )
    .join(', ');
}
