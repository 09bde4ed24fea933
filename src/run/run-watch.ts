/**
 * Watches a run for those who look on: rates and percentiles as differences of counters that are
 * kept anyway, once a second, and notable things as sentences. What it costs does not grow with the
 * fleet: a few additions per event, and a little work per look.
 */
import { type Clock, type EpochMs, SECOND_MS } from '../core/time.ts';
import { percentilesBetween } from '../fleet/log-histogram.ts';
import type { FleetCounters } from '../fleet/statistics.ts';
import type { ObservedEvent } from '../history/event.ts';
import { NotableLog } from '../live/notable-log.ts';
import type { GroupProgress, RunProgress, SecondSample } from '../live/progress.ts';
import type { FleetPlan } from '../scenario/plan.ts';

/** Seconds that are told. */
const SECONDS_KEPT = 60;
/** Percentiles are those of the last so many seconds. */
const RECENT_SECONDS = 5;
/** Looks come a little early or late; a second has passed when so much has. */
const SECOND_MS_MIN = 950;
const GROUPS_MAX = 40;

const PHASE_WORDS = {
  running: 'the fleet arrives',
  intervening: 'the duration is over, and the broker is changed before the faults end',
  settling: 'the faults end; now the fleet must become quiet',
  stopping: 'every device disconnects',
} as const satisfies Record<RunProgress['phase'], string>;

type Phase = RunProgress['phase'];

export interface WatchOptions {
  readonly plan: FleetPlan;
  readonly clock: Clock;
  /** A broker that tells nothing: takeovers are what devices see of them. */
  readonly deviceEvidenceOnly: boolean;
  readonly takeoversVisible: boolean;
}

interface Reading {
  readonly at: EpochMs;
  readonly counters: FleetCounters;
  readonly takeovers: number;
}

export class RunWatch {
  readonly #options: WatchOptions;
  readonly #log = new NotableLog();
  readonly #groups: readonly Omit<GroupProgress, 'connected'>[];
  #startedAt: EpochMs;
  #phase: Phase = 'running';
  #phaseAt: EpochMs;
  #interlude: string | undefined;
  #isLate = false;
  #takeovers = 0;
  #seconds: readonly SecondSample[] = [];
  #readings: readonly Reading[] = [];

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
    this.#phaseAt = this.#startedAt;
    this.#groups = options.plan.groups
      .map(({ name, devices }) => ({ name, devices }))
      .sort((a, b) => b.devices - a.devices)
      .slice(0, GROUPS_MAX);
  }

  /** The instant from which times count. */
  start(startedAt: EpochMs): void {
    this.#startedAt = startedAt;
    this.#phaseAt = startedAt;
  }

  /** Every event that is recorded passes here. */
  see(event: ObservedEvent): void {
    if (event.kind === 'connected') return;
    const { reason, clientId, vantage } = event;
    if (reason === 'session-taken-over') {
      if (vantage === 'device' && !this.#options.deviceEvidenceOnly) return;
      this.#takeovers++;
      this.#note('takeover', () => `client ID ${shown(clientId)} was taken over`);
    } else if (event.kind === 'connect-failed') {
      if (vantage === 'device' && reason !== 'client-initiated') {
        const why = event.raw ?? reason ?? 'no reason given';
        this.#note('refused', () => `client ID ${shown(clientId)} did not connect: ${why}`);
      }
    } else if (reason === 'keep-alive-timeout' && vantage === 'broker') {
      this.#note('lost', () => `client ID ${shown(clientId)} was silent for too long`);
    }
  }

  enter(phase: Phase): void {
    if (phase === this.#phase) return;
    this.#phase = phase;
    this.#phaseAt = this.#options.clock.now();
    this.#note('phase', () => PHASE_WORDS[phase]);
  }

  /** What is being done to the broker; undefined once it is done. */
  intervene(title: string | undefined): void {
    this.#interlude = title;
    if (title !== undefined) this.#note('interlude', () => title);
  }

  /** Something about the run itself that is worth a line. */
  remark(text: string): void {
    this.#note('generator', () => text);
  }

  /** A look at the run; the fleet's counters are its cumulative ones. */
  look(counters: FleetCounters): RunProgress {
    const { plan, clock, takeoversVisible } = this.#options;
    const now = clock.now();
    const takeovers = this.#takeovers;
    this.#endSecond({ at: now, counters, takeovers });
    const { latencies, latenesses, connectedByGroup } = counters;
    const { connected, connecting, accepted, failed, closed, published, received } = counters;
    // Of a young run everything is recent.
    const oldest = this.#readings.length > RECENT_SECONDS ? this.#readings[0] : undefined;
    const latency = percentilesBetween(oldest?.counters.latencies, latencies, [0.5, 0.99]);
    const lateness = percentilesBetween(oldest?.counters.latenesses, latenesses, [0.99]);
    const phaseMs = phaseLength(plan, this.#phase);
    return {
      connected,
      connecting,
      accepted,
      failed,
      closed,
      published,
      received,
      takeovers,
      takeoversPerSecond: this.#seconds.at(-1)?.takeovers ?? 0,
      takeoversVisible,
      phase: this.#phase,
      phaseElapsedMs: Math.max(0, now - this.#phaseAt),
      ...(phaseMs === undefined ? {} : { phaseMs }),
      ...(this.#interlude === undefined ? {} : { interlude: this.#interlude }),
      elapsedMs: Math.max(0, now - this.#startedAt),
      totalMs: plan.durationMs + plan.settleMs,
      devices: plan.devices.length,
      groups: this.#groups.map((one) => ({
        ...one,
        connected: connectedByGroup.get(one.name) ?? 0,
      })),
      groupsLeftOut: plan.groups.length - this.#groups.length,
      ...(latency === undefined
        ? {}
        : { latencyMs: { p50: latency[0] ?? 0, p99: latency[1] ?? 0 } }),
      ...(lateness?.[0] === undefined ? {} : { latenessP99Ms: lateness[0] }),
      seconds: this.#seconds,
      notable: this.#log.entries,
    };
  }

  #endSecond(reading: Reading): void {
    const before = this.#readings.at(-1);
    const since = before?.at ?? this.#startedAt;
    if (reading.at - since < SECOND_MS_MIN) return;
    const sample = sampleBetween(before, reading, since, this.#startedAt);
    this.#seconds = [...this.#seconds.slice(1 - SECONDS_KEPT), sample];
    this.#readings = [...this.#readings.slice(-RECENT_SECONDS), reading];
    this.#remarkLateness(sample.latenessP99Ms ?? 0);
    this.#log.endSecond(sample.atMs);
  }

  /** Once when it becomes late, and once when it is in time again. */
  #remarkLateness(p99Ms: number): void {
    const max = this.#options.plan.limits.latenessP99MsMax;
    if (p99Ms > max === this.#isLate) return;
    this.#isLate = p99Ms > max;
    this.#note('generator', () =>
      this.#isLate
        ? `the generator is late: p99 ${Math.round(p99Ms)} ms, more than ${max} ms proves nothing`
        : 'the generator is in time again',
    );
  }

  #note(kind: Parameters<NotableLog['add']>[0], text: () => string): void {
    this.#log.add(kind, Math.max(0, this.#options.clock.now() - this.#startedAt), text);
  }
}

function sampleBetween(
  before: Reading | undefined,
  { at, counters, takeovers }: Reading,
  since: EpochMs,
  startedAt: EpochMs,
): SecondSample {
  const past = before?.counters;
  const perSecond = (now: number, then = 0): number =>
    Math.round(((now - then) * SECOND_MS * 10) / (at - since)) / 10;
  const latency = percentilesBetween(past?.latencies, counters.latencies, [0.5, 0.99]);
  const lateness = percentilesBetween(past?.latenesses, counters.latenesses, [0.99]);
  return {
    atMs: Math.round(at - startedAt),
    connects: perSecond(counters.accepted, past?.accepted),
    closes: perSecond(counters.closed, past?.closed),
    failed: perSecond(counters.failed, past?.failed),
    takeovers: perSecond(takeovers, before?.takeovers),
    messages: perSecond(counters.published, past?.published),
    connected: counters.connected,
    ...(latency?.[0] === undefined ? {} : { latencyP50Ms: latency[0] }),
    ...(latency?.[1] === undefined ? {} : { latencyP99Ms: latency[1] }),
    ...(lateness?.[0] === undefined ? {} : { latenessP99Ms: lateness[0] }),
  };
}

function phaseLength({ durationMs, settleMs }: FleetPlan, phase: Phase): number | undefined {
  if (phase === 'running') return durationMs;
  return phase === 'settling' ? settleMs : undefined;
}

/** The log makes it safe to show; a client ID may be 64 KiB long. */
function shown(clientId: string): string {
  return clientId.length > 60 ? `${clientId.slice(0, 59)}…` : clientId;
}
