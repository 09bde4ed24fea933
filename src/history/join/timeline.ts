/**
 * One client ID through both sides' eyes: every line that either has of it, in the order of time on
 * the device's clock, with the number of the connection that it belongs to. Pure.
 */
import type { EpochMs } from '../../core/time.ts';
import type { SideLine } from './disagreement.ts';
import { linesOf } from './find-disagreements.ts';
import type { JoinClock, JoinedSession, JoinReport } from './join-report.ts';
import type { JoinedBy } from './match.ts';
import type { SideSession } from './side-session.ts';

export interface TimelineLine extends SideLine {
  /** On the device's clock. */
  readonly correctedAt: EpochMs;
  /** The stamp is of a whole second; the true moment is within half of one. */
  readonly approximate?: true;
  /** Connections are numbered by their first line; both sides' lines of one have one number. */
  readonly connection: number;
  /** Absent when only this side has it. */
  readonly joinedBy?: JoinedBy;
  readonly ip?: string;
  readonly port?: number;
  readonly certificateId?: string;
  /** The certificate ID is the other side's, by the join. */
  readonly certificateFrom?: string;
}

type Unnumbered = Omit<TimelineLine, 'connection'>;

/** Empty when neither side has seen the client ID. */
export function timelineOf(report: JoinReport, clientId: string): readonly TimelineLine[] {
  const clocks = new Map(report.clocks.map((clock) => [clock.broker, clock]));
  const connections: (readonly Unnumbered[])[] = [];
  for (const joined of report.joined) {
    if (joined.device.clientId !== clientId && joined.broker.clientId !== clientId) continue;
    connections.push(ofJoined(joined, clocks.get(joined.broker.source)));
  }
  const alone = [
    ...report.deviceOnly,
    ...report.brokerOnly,
    ...report.ambiguous.flatMap(({ device, broker }) => [...device, ...broker]),
  ];
  for (const session of alone) {
    if (session.clientId !== clientId) continue;
    const clock = session.vantage === 'broker' ? clocks.get(session.source) : undefined;
    connections.push(described(session, clock?.ms ?? 0, clock));
  }
  return numbered(connections);
}

function ofJoined(
  { device, broker, joinedBy, offsetMs, certificateFrom }: JoinedSession,
  clock: JoinClock | undefined,
): readonly Unnumbered[] {
  const certificateId = broker.certificateId ?? device.certificateId;
  const known =
    certificateFrom === undefined || certificateId === undefined
      ? {}
      : { certificateId, certificateFrom };
  const ours = described(device, 0, undefined);
  const theirs = described(broker, offsetMs, clock).map((line) => {
    const slackMs = (clock?.precisionMs.broker ?? 0) / 2 + (clock?.spreadMs ?? 0);
    const same = ours.find(({ kind }) => kind === line.kind);
    const near = same !== undefined && Math.abs(same.at - line.correctedAt) <= slackMs;
    // The device's stamp is the finer one of what is one moment.
    const correctedAt = line.approximate === true && near ? same.at : line.correctedAt;
    return { ...line, ...known, correctedAt };
  });
  return [...ours, ...theirs].map((line) => ({ ...line, joinedBy }));
}

function described(
  session: SideSession,
  offsetMs: number,
  clock: JoinClock | undefined,
): readonly Unnumbered[] {
  const { ip, port, certificateId } = session;
  const precisionMs = clock?.precisionMs.broker ?? 1;
  return linesOf(session).map((line) => ({
    ...line,
    correctedAt: line.at + offsetMs + (precisionMs > 1 ? precisionMs / 2 : 0),
    ...(precisionMs > 1 ? { approximate: true as const } : {}),
    ...(ip === undefined ? {} : { ip }),
    ...(port === undefined ? {} : { port }),
    ...(certificateId === undefined ? {} : { certificateId }),
  }));
}

/** A broker's line comes before the device's of the same moment; a side's own lines as it wrote them. */
function numbered(connections: readonly (readonly Unnumbered[])[]): readonly TimelineLine[] {
  const first = (lines: readonly Unnumbered[]): number =>
    lines.reduce(
      (least, { correctedAt }) => Math.min(least, correctedAt),
      Number.POSITIVE_INFINITY,
    );
  const lines = [...connections]
    .sort((a, b) => first(a) - first(b))
    .flatMap((these, i) => these.map((line): TimelineLine => ({ ...line, connection: i + 1 })));
  const exact = lines.filter(({ approximate }) => approximate !== true);
  return [
    ...exact,
    ...inWrittenOrder(lines.filter(({ approximate }) => approximate === true)),
  ].sort(
    (a, b) =>
      a.correctedAt - b.correctedAt ||
      (a.vantage === b.vantage ? a.event - b.event : a.vantage === 'broker' ? -1 : 1),
  );
}

/** Within one second of a log its order says more than any guess: no line is after its successor. */
function inWrittenOrder(lines: readonly TimelineLine[]): readonly TimelineLine[] {
  const latestFirst = [...lines].sort(
    (a, b) => b.source - a.source || b.at - a.at || b.event - a.event,
  );
  let next: TimelineLine | undefined;
  return latestFirst.map((line) => {
    const limit =
      next?.source === line.source && next.at === line.at ? next.correctedAt : line.correctedAt;
    next = { ...line, correctedAt: Math.min(line.correctedAt, limit) };
    return next;
  });
}
