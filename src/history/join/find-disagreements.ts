/** Counts what the rules and the one-sided sessions say, with the first few lines of both sides. */
import { JOIN_EXAMPLES_MAX } from '../../core/limits.ts';
import {
  DISAGREEMENTS,
  type Disagreement,
  type DisagreementExample,
  type DisagreementKind,
  type SideLine,
} from './disagreement.ts';
import type { SideMoment, SideSession } from './side-session.ts';

const KINDS = Object.keys(DISAGREEMENTS) as readonly DisagreementKind[];

interface Tally {
  count: number;
  readonly examples: DisagreementExample[];
}

export interface Sighting {
  readonly kind: DisagreementKind;
  readonly moment: 'start' | 'end';
  readonly detail?: string;
  readonly device?: SideSession;
  readonly broker?: SideSession;
}

export class DisagreementTally {
  readonly #tallies = new Map<DisagreementKind, Tally>();

  add({ kind, moment, detail, device, broker }: Sighting): void {
    const tally = this.#tallies.get(kind) ?? { count: 0, examples: [] };
    this.#tallies.set(kind, tally);
    tally.count += 1;
    if (tally.examples.length >= JOIN_EXAMPLES_MAX) return;
    const [ours, theirs] = [lineOf(device, moment), lineOf(broker, moment)];
    tally.examples.push({
      ...(detail === undefined ? {} : { detail }),
      ...(ours === undefined ? {} : { device: ours }),
      ...(theirs === undefined ? {} : { broker: theirs }),
    });
  }

  /** In the order of the registry: contradictions, gaps, notes. */
  result(): readonly Disagreement[] {
    return KINDS.flatMap((kind) => {
      const tally = this.#tallies.get(kind);
      return tally === undefined ? [] : [{ kind, ...DISAGREEMENTS[kind], ...tally }];
    });
  }
}

/** The side's line of the moment; where it has none, its other one. */
function lineOf(session: SideSession | undefined, moment: 'start' | 'end'): SideLine | undefined {
  if (session === undefined) return undefined;
  const lines = linesOf(session);
  return moment === 'start' ? lines[0] : lines.at(-1);
}

/** What a side said of a connection: its beginning and its end, as far as it has them. */
export function linesOf(session: SideSession): readonly SideLine[] {
  const { start, end, kind, vantage, source, sessionId, clientId } = session;
  const line = (moment: SideMoment | undefined, as: SideLine['kind']): readonly SideLine[] => {
    if (moment === undefined) return [];
    const { event, at, reason, raw } = moment;
    return [
      {
        vantage,
        source,
        event,
        at,
        kind: as,
        sessionId,
        clientId,
        ...(reason === undefined ? {} : { reason }),
        ...(raw === undefined ? {} : { raw }),
      },
    ];
  };
  return [
    ...line(start, 'connected'),
    ...line(end, kind === 'refused' ? 'connect-failed' : 'closed'),
  ];
}
