/**
 * Events in, sides' sessions out: takes what a history is read into, in whatever order it comes, and
 * keeps one record per connection and vantage. Text that repeats is kept once, and text that was cut
 * out of a larger one is copied, so that memory grows with the connections and not with the files.
 */
import { EXIT, UserError } from '../../core/errors.ts';
import { JOIN_EVENTS_MAX, JOIN_RAW_LENGTH_MAX } from '../../core/limits.ts';
import type { EpochMs } from '../../core/time.ts';
import type { ConnectionEvent, ObservedEvent, Vantage } from '../event.ts';
import { plainAddress } from '../plain-address.ts';
import type { EventTaker } from '../store.ts';
import type { SideMoment, SideSession } from './side-session.ts';

/** What is known of one vantage of one source. */
export interface SideFacts {
  readonly source: number;
  readonly vantage: Vantage;
  readonly events: number;
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** What its stamps are multiples of: 1, or 1000 for a log that counts whole seconds. */
  readonly precisionMs: number;
  readonly sessions: readonly SideSession[];
}

type Draft = { -readonly [Key in keyof SideSession]: SideSession[Key] };

/** A stamp of a log names a second; what was read later than it, by this much, is another clock. */
const SAME_CLOCK_MS_MAX = 10_000;
/** As many stamps on whole seconds are no chance. */
const COARSE_EVENTS_MIN = 2;

interface Side {
  readonly source: number;
  readonly vantage: Vantage;
  readonly drafts: Map<string, Draft>;
  events: number;
  from: EpochMs;
  to: EpochMs;
  wholeSeconds: boolean;
}

/** Takes events of any number of sources; `sides` when all have come. */
export class SideCollector implements EventTaker {
  readonly #sides = new Map<string, Side>();
  readonly #texts = new Map<string, string>();
  #events = 0;

  append(source: number, events: readonly ConnectionEvent[]): void {
    for (const event of events) this.#take(source, event.event, event);
  }

  appendFrom(source: number, first: number, events: readonly ObservedEvent[]): void {
    let number = first;
    for (const event of events) {
      this.#take(source, number, event);
      number += 1;
    }
  }

  sides(): readonly SideFacts[] {
    return [...this.#sides.values()].map((side) => ({
      source: side.source,
      vantage: side.vantage,
      events: side.events,
      from: side.from,
      to: side.to,
      precisionMs: side.wholeSeconds && side.events >= COARSE_EVENTS_MIN ? 1000 : 1,
      sessions: [...side.drafts.values()],
    }));
  }

  #take(source: number, number: number, event: ObservedEvent): void {
    const side = this.#side(source, event);
    side.events += 1;
    this.#events += 1;
    if (this.#events > JOIN_EVENTS_MAX) throw tooMany();
    if (event.at < side.from) side.from = event.at;
    if (event.at > side.to) side.to = event.at;
    if (event.at % 1000 !== 0) side.wholeSeconds = false;
    const draft = side.drafts.get(event.sessionId) ?? this.#draft(side, event);
    this.#describe(draft, event);
    const moment = this.#moment(number, event);
    if (event.kind === 'connected') {
      draft.kind = 'session';
      draft.clientId = this.#text(event.clientId);
      if (isEarlier(moment, draft.start)) draft.start = moment;
    } else if (isEarlier(moment, draft.end)) {
      draft.end = moment;
      if (event.inferred !== undefined)
        draft.inferredEnd = event.inferred.map((f) => this.#text(f));
      if (event.kind === 'closed' && draft.start === undefined) draft.kind = 'session';
    }
  }

  #side(source: number, { vantage, at }: ObservedEvent): Side {
    const key = `${source} ${vantage}`;
    const known = this.#sides.get(key);
    if (known !== undefined) return known;
    const counts = { events: 0, from: at, to: at, wholeSeconds: true };
    const side: Side = { source, vantage, drafts: new Map(), ...counts };
    this.#sides.set(key, side);
    return side;
  }

  #draft({ source, vantage, drafts }: Side, { kind, sessionId, clientId }: ObservedEvent): Draft {
    const draft: Draft = {
      source,
      vantage,
      kind: kind === 'connect-failed' ? 'refused' : 'session',
      sessionId: copied(sessionId),
      clientId: this.#text(clientId),
    };
    drafts.set(draft.sessionId, draft);
    return draft;
  }

  /** The first word of a source on a field counts. */
  #describe(draft: Draft, event: ObservedEvent): void {
    const { ip, port, certificateId, principal } = event;
    if (draft.clientId === '' && event.clientId !== '') draft.clientId = this.#text(event.clientId);
    if (draft.ip === undefined && ip !== undefined) draft.ip = this.#text(plainAddress(ip));
    if (draft.port === undefined && port !== undefined) draft.port = port;
    const certificate =
      certificateId ?? (principal?.kind === 'certificate-id' ? principal.value : undefined);
    if (draft.certificateId === undefined && certificate !== undefined) {
      draft.certificateId = this.#text(certificate);
    }
    if (draft.principal === undefined && principal !== undefined) {
      draft.principal = { kind: principal.kind, value: this.#text(principal.value) };
    }
    const { protocolVersion, keepAliveSeconds, cleanStart } = event;
    if (protocolVersion !== undefined) draft.protocolVersion ??= protocolVersion;
    if (keepAliveSeconds !== undefined) draft.keepAliveSeconds ??= keepAliveSeconds;
    if (cleanStart !== undefined) draft.cleanStart ??= cleanStart;
  }

  #moment(number: number, event: ObservedEvent): SideMoment {
    const { reason, abandonedAt, raw } = event;
    return {
      event: number,
      at: momentOf(event),
      ...(reason === undefined ? {} : { reason }),
      ...(abandonedAt === undefined ? {} : { abandonedAt }),
      ...(raw === undefined || raw === '' ? {} : { raw: this.#text(shortened(raw)) }),
    };
  }

  #text(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    const own = copied(text);
    this.#texts.set(own, own);
    return own;
  }
}

function tooMany(): UserError {
  return new UserError(EXIT.invalidInput, {
    message: `more than ${JOIN_EVENTS_MAX.toLocaleString('en-US')} events are too many to join at once`,
    hint: 'cut the histories into parts of time and join those',
  });
}

/** A line that was read after the second of its stamp happened within that second. */
function momentOf({ at, sourceAt }: ObservedEvent): EpochMs {
  if (sourceAt === undefined || sourceAt % 1000 !== 0) return at;
  const late = at - (sourceAt + 999);
  return late > 0 && late < SAME_CLOCK_MS_MAX ? sourceAt + 999 : at;
}

function isEarlier(moment: SideMoment, than: SideMoment | undefined): boolean {
  if (than === undefined || moment.at < than.at) return true;
  return moment.at === than.at && moment.event < than.event;
}

function shortened(raw: string): string {
  return raw.length <= JOIN_RAW_LENGTH_MAX ? raw : `${raw.slice(0, JOIN_RAW_LENGTH_MAX - 1)}…`;
}

/** A part of a longer text keeps all of that in memory; texts this short are no parts. */
function copied(text: string): string {
  return text.length < 13 ? text : Buffer.from(text, 'utf8').toString('utf8');
}
