/**
 * Joins the sessions of a device's source with those of a broker's source, one to one, in passes from
 * the surest key to the weakest: address and client ID, address alone (the broker replaced the ID),
 * address with lifetimes that overlap, client ID and time, and time alone for refusals that the
 * broker logged without any name. What an earlier pass has joined, a later one doesn't see.
 */
import { JOIN_TOLERANCE_MS } from '../../core/limits.ts';
import { addressAndClient, addressOf, type ClockOffset, grouped } from './clock-offset.ts';
import { type PairLimits, pairUp, type Timed } from './pair-up.ts';
import type { SideMoment, SideSession } from './side-session.ts';

/** `time`: only a refusal that the broker logged without a client ID and an address. */
export type JoinedBy = 'port' | 'client-id' | 'time';

export interface Match {
  readonly device: SideSession;
  readonly broker: SideSession;
  readonly joinedBy: JoinedBy;
}

/** Sessions that could be joined in more than one way, and so are not. */
export interface AmbiguousGroup {
  readonly device: readonly SideSession[];
  readonly broker: readonly SideSession[];
}

export interface Matching {
  readonly matches: readonly Match[];
  readonly ambiguous: readonly AmbiguousGroup[];
}

export interface MatchClock {
  readonly offset: ClockOffset;
  /** How much a difference of stamps may be off because of their precision, in ms. */
  readonly coarseMs: number;
  /** The moment on the device's clock; a stamp of a whole second stands for its middle. */
  time(session: SideSession, moment: SideMoment): number;
}

type Key = (session: SideSession) => string | undefined;
type Moment = (session: SideSession) => SideMoment | undefined;

interface Pass {
  readonly joinedBy: JoinedBy;
  readonly key: Key;
  readonly moment: Moment;
  readonly limits: PairLimits;
}

const startOf: Moment = ({ start }) => start;
const refusalOf: Moment = ({ kind, end }) => (kind === 'refused' ? end : undefined);
const lateEndOf: Moment = ({ kind, start, end }) =>
  kind === 'session' && start === undefined ? end : undefined;
const clientOf: Key = ({ clientId }) => (clientId === '' ? undefined : clientId);
const portAndClient: Key = ({ port, clientId }) =>
  port === undefined || clientId === '' ? undefined : `${port}|${clientId}`;
const namelessOf: Key = ({ vantage, clientId, port }) =>
  vantage === 'device' || (clientId === '' && port === undefined) ? '' : undefined;

/** With fewer pairs the spread of the clocks' difference says little. */
const SPREAD_PAIRS_MIN = 5;
const TIGHT_MS_MIN = 250;
const MARGIN_MS_MIN = 50;
/** Lifetimes under one address that are compared with one another: more is no port any more. */
const OVERLAPS_MAX = 10_000;

export function matchSides(
  devices: readonly SideSession[],
  brokers: readonly SideSession[],
  clock: MatchClock,
): Matching {
  return new Matcher(devices, brokers, clock).run();
}

class Matcher {
  readonly #clock: MatchClock;
  readonly #device: Set<SideSession>;
  readonly #broker: Set<SideSession>;
  readonly #matches: Match[] = [];
  readonly #ambiguous: AmbiguousGroup[] = [];

  constructor(devices: readonly SideSession[], brokers: readonly SideSession[], clock: MatchClock) {
    this.#device = new Set(devices);
    this.#broker = new Set(brokers);
    this.#clock = clock;
  }

  run(): Matching {
    const { offset, coarseMs } = this.#clock;
    const known = offset.pairs >= SPREAD_PAIRS_MIN;
    const marginMs = Math.max(MARGIN_MS_MIN, 2 * offset.spreadMs) + coarseMs;
    const wide = { toleranceMs: JOIN_TOLERANCE_MS + coarseMs, marginMs };
    const tightMs = known ? Math.max(TIGHT_MS_MIN, 4 * offset.spreadMs) : JOIN_TOLERANCE_MS;
    const tight = { toleranceMs: tightMs + coarseMs, marginMs };

    const [ours, theirs] = [ipsOf(this.#device), ipsOf(this.#broker)];
    const withIps = ours.size > 0 && theirs.size > 0;
    const translated = withIps && [...ours].every((ip) => !theirs.has(ip));
    this.#pass({ joinedBy: 'port', key: addressAndClient, moment: startOf, limits: wide });
    this.#pass({ joinedBy: 'port', key: addressOf, moment: startOf, limits: wide });
    this.#pass({ joinedBy: 'port', key: addressOf, moment: refusalOf, limits: wide });
    this.#overlaps(addressOf, marginMs);
    if (!withIps) {
      this.#pass({ joinedBy: 'port', key: portAndClient, moment: startOf, limits: wide });
      this.#overlaps(portAndClient, marginMs);
    }
    // Where addresses are the same on both sides, two ports that differ are two connections.
    const comparable = this.#matches.length > 0 || (withIps && !translated);
    const key = comparable ? this.#clientUnlessPort() : [clientOf];
    for (const one of key) {
      this.#pass({ joinedBy: 'client-id', key: one, moment: startOf, limits: tight });
      this.#pass({ joinedBy: 'client-id', key: one, moment: refusalOf, limits: tight });
      this.#endings(one, tight);
    }
    this.#nameless(tight.toleranceMs);
    return { matches: this.#matches, ambiguous: this.#stillAmbiguous() };
  }

  /** Keys under which at least one of two sessions has no port. */
  #clientUnlessPort(): readonly Key[] {
    const without =
      (vantage: SideSession['vantage']): Key =>
      (session) =>
        session.vantage === vantage && session.port !== undefined ? undefined : clientOf(session);
    return [without('device'), without('broker')];
  }

  #pass({ joinedBy, key, moment, limits }: Pass): void {
    const devices = grouped(this.#timed(this.#device, moment), key);
    if (devices.size === 0) return;
    for (const [name, brokers] of grouped(this.#timed(this.#broker, moment), key)) {
      const group = devices.get(name);
      if (group === undefined) continue;
      const { pairs, ambiguous } = pairUp(group, brokers, limits);
      for (const [device, broker] of pairs) this.#join(device, broker, joinedBy);
      for (const { left, right } of ambiguous)
        this.#ambiguous.push({ device: left, broker: right });
    }
  }

  /** The broker's log began later than the session: its end is all there is of it. */
  #endings(key: Key, limits: PairLimits): void {
    const endOf: Moment = ({ kind, end }) => (kind === 'session' ? end : undefined);
    const brokers = grouped(this.#timed(this.#broker, lateEndOf), key);
    if (brokers.size === 0) return;
    for (const [name, devices] of grouped(this.#timed(this.#device, endOf), key)) {
      const { pairs } = pairUp(devices, brokers.get(name) ?? [], limits);
      for (const [device, broker] of pairs) this.#join(device, broker, 'client-id');
    }
  }

  /** One address can't be in two connections at once, however late one side's record is. */
  #overlaps(key: Key, slackMs: number): void {
    const any: Moment = ({ start, end }) => start ?? end;
    const brokers = grouped(this.#timed(this.#broker, any), key);
    for (const [name, devices] of grouped(this.#timed(this.#device, any), key)) {
      const others = brokers.get(name) ?? [];
      if (devices.length * others.length > OVERLAPS_MAX) continue;
      const edges = devices.map((device) =>
        others.filter((broker) => this.#overlap(device.of, broker.of, slackMs)),
      );
      for (const [i, device] of devices.entries()) {
        const [only, ...more] = edges[i] ?? [];
        if (only === undefined || more.length > 0) continue;
        const wooers = edges.filter((edge) => edge.includes(only)).length;
        if (wooers === 1) this.#join(device.of, only.of, 'port');
      }
    }
  }

  #overlap(device: SideSession, broker: SideSession, slackMs: number): boolean {
    const [from, to] = this.#life(device);
    const [begin, finish] = this.#life(broker);
    return from <= finish + slackMs && begin <= to + slackMs;
  }

  /** An unknown beginning or end is no more than a moment. */
  #life(session: SideSession): readonly [number, number] {
    const { start = session.end, end = session.start } = session;
    const time = (moment: SideMoment | undefined): number =>
      moment === undefined ? Number.NaN : this.#clock.time(session, moment);
    return [time(start), time(end)];
  }

  /** As many as can be: none of the broker's records says whose refusal it is. */
  #nameless(toleranceMs: number): void {
    const sorted = (set: ReadonlySet<SideSession>) =>
      (grouped(this.#timed(set, refusalOf), namelessOf).get('') ?? []).sort((a, b) => a.at - b.at);
    const brokers = sorted(this.#broker);
    let place = 0;
    for (const device of sorted(this.#device).filter(({ of }) => wasAnswered(of))) {
      while ((brokers[place]?.at ?? Number.POSITIVE_INFINITY) < device.at - toleranceMs) place++;
      const broker = brokers[place];
      if (broker === undefined) return;
      if (broker.at > device.at + toleranceMs) continue;
      this.#join(device.of, broker.of, 'time');
      place++;
    }
  }

  #timed(sessions: ReadonlySet<SideSession>, moment: Moment): Timed<SideSession>[] {
    const timed: Timed<SideSession>[] = [];
    for (const session of sessions) {
      const found = moment(session);
      if (found !== undefined) timed.push({ at: this.#clock.time(session, found), of: session });
    }
    return timed;
  }

  #join(device: SideSession, broker: SideSession, joinedBy: JoinedBy): void {
    // A pass may offer a session twice; the first join stands.
    if (!this.#device.has(device) || !this.#broker.has(broker)) return;
    this.#device.delete(device);
    this.#broker.delete(broker);
    this.#matches.push({ device, broker, joinedBy });
  }

  /** Groups of which both sides are still without a partner; each session in one group. */
  #stillAmbiguous(): readonly AmbiguousGroup[] {
    const groups: AmbiguousGroup[] = [];
    const taken = new Set<SideSession>();
    for (const group of this.#ambiguous) {
      const free = (session: SideSession): boolean =>
        !taken.has(session) && (this.#device.has(session) || this.#broker.has(session));
      const device = group.device.filter(free);
      const broker = group.broker.filter(free);
      if (device.length === 0 || broker.length === 0) continue;
      for (const session of [...device, ...broker]) taken.add(session);
      groups.push({ device, broker });
    }
    return groups;
  }
}

function ipsOf(sessions: ReadonlySet<SideSession>): ReadonlySet<string> {
  const ips = new Set<string>();
  for (const { ip } of sessions) if (ip !== undefined) ips.add(ip);
  return ips;
}

/** The broker (not the network, and not the device's own throttle) ended an attempt to connect. */
export function wasAnswered({ kind, end }: SideSession): boolean {
  if (kind !== 'refused' || end === undefined) return false;
  const { reason = 'unknown', raw = '' } = end;
  if (/^(CONNACK|DISCONNECT 0x)/.test(raw)) return true;
  return reason === 'auth-error' || reason === 'protocol-error';
}
