/**
 * Drives the devices of a plan on a clock and a connector: inputs in, actions out. Holds no rule of
 * its own; what a device does is decided by its state machine, what is recorded by its sessions.
 */
import { assert, assertNever } from '../core/assert.ts';
import type { EpochMs } from '../core/time.ts';
import type { Credential } from '../identity/types.ts';
import type { FleetPlan } from '../scenario/plan.ts';
import {
  type DeviceAction,
  type DeviceInput,
  type DeviceTimer,
  newDevice,
  stepDevice,
} from './device.ts';
import { currentSession, type DrivenDevice, drivenDevices } from './driven-device.ts';
import type { Fleet, LiveDevice } from './fleet.ts';
import type { FleetPorts } from './fleet-ports.ts';
import { needsLedger } from './ledger.ts';
import { MessageLedger } from './message-ledger.ts';
import { routeOf } from './routes.ts';
import { DeviceSession } from './session.ts';
import { type BookEntries, SessionBook } from './session-book.ts';
import type { FleetCounters, FleetStatistics } from './statistics.ts';
import { FleetTally } from './tally.ts';
import { ConnectThrottle } from './throttle.ts';
import { untilDelivered } from './until-delivered.ts';
import { type FleetActivity, untilQuiet } from './until-quiet.ts';
import { WakeList } from './wake-list.ts';
import type { WorkerHealth } from './worker-health.ts';

/** A destroyed socket reports its end a little later; this long is waited for it. */
const KILL_GRACE_MS = 1000;

export class FleetDriver implements Fleet {
  readonly #plan: FleetPlan;
  readonly #ports: FleetPorts;
  readonly #devices: readonly DrivenDevice[];
  readonly #open = new Set<DeviceSession>();
  readonly #wakes: WakeList;
  readonly #throttle: ConnectThrottle;
  readonly #tally = new FleetTally();
  readonly #book: SessionBook;
  /** Its own, if it keeps one. */
  readonly #ledger: MessageLedger | undefined;
  #sessions = 0;
  #lastChangeAt: EpochMs;
  #healedAt: EpochMs | undefined;
  #quiet = false;
  #killed = false;
  readonly startedAt: EpochMs;

  /** `startedAt` is the instant from which the plan's times count. */
  constructor(plan: FleetPlan, ports: FleetPorts, startedAt: EpochMs) {
    this.#plan = plan;
    this.#ports = ports;
    this.startedAt = startedAt;
    this.#lastChangeAt = startedAt;
    this.#wakes = new WakeList(ports.clock);
    const keepsLedger = ports.ledger === undefined && needsLedger(plan.groups);
    this.#ledger = keepsLedger ? new MessageLedger() : undefined;
    this.#book = new SessionBook(ports.ledger ?? this.#ledger);
    this.#throttle = new ConnectThrottle(plan.limits.connectsPerClientIdPerSecond);
    this.#devices = drivenDevices(plan, (name) => this.#credential(name), startedAt);
  }

  start(): void {
    const { startedAt } = this;
    this.#ports.health?.start();
    for (const device of this.#devices) {
      this.#perform(device, newDevice(device.context).actions, startedAt);
    }
  }

  async settle(quietMs: number, signal?: AbortSignal): Promise<void> {
    this.heal();
    const { clock } = this.#ports;
    const endsAt = clock.now() + this.#plan.settleMs;
    const wait = (at: EpochMs): Promise<void> => this.#wakes.wait(at, signal);
    const activity = (): FleetActivity => this.activity();
    this.#quiet = await untilQuiet({ clock, activity, wait }, { quietMs, endsAt }, signal);
  }

  /** Ends the faults: every device behaves from now on. */
  heal(): void {
    const healedAt = this.#ports.clock.now();
    this.#healedAt = healedAt;
    this.#lastChangeAt = healedAt;
    this.#closeLeftBehind();
    this.#inputToAll({ type: 'heal' });
  }

  activity(): FleetActivity {
    return {
      connecting: this.#tally.connecting,
      lastChangeAt: this.#lastChangeAt,
      knownTo: this.#ports.clock.now(),
    };
  }

  async finishMessages(signal?: AbortSignal): Promise<void> {
    this.endMessages();
    const wait = (at: EpochMs): Promise<void> => this.#wakes.wait(at, signal);
    const unanswered = (): number => this.#tally.unanswered;
    const { clock } = this.#ports;
    await untilDelivered({ unanswered, ledger: this.#ledger }, { clock, wait }, signal);
  }

  /** Nothing is published from now on; what is under way may still come. */
  endMessages(): void {
    this.#book.close();
  }

  /** What is not gone even {@link KILL_GRACE_MS} after the timeout is left behind. */
  async stop(timeoutMs: number): Promise<void> {
    this.#closeLeftBehind();
    this.#inputToAll({ type: 'stop' });
    await this.#untilAllGone(timeoutMs);
    this.kill();
    await this.#untilAllGone(KILL_GRACE_MS);
    this.#ports.health?.stop();
  }

  kill(): void {
    this.#killed = true;
    this.#ports.health?.stop();
    for (const device of this.#devices) {
      for (const cancel of device.timers.values()) cancel();
      device.timers.clear();
    }
    for (const session of [...this.#open]) session.destroy();
  }

  counters(): FleetCounters {
    return this.#tally.counters();
  }

  /** For those who add up the parts of a fleet. */
  get tally(): FleetTally {
    return this.#tally;
  }

  bookEntries(): BookEntries {
    const deliveries = this.#ledger?.deliveries(this.#ports.clock.now());
    return { ...this.#book.entries(), ...(deliveries === undefined ? {} : { deliveries }) };
  }

  statistics(): FleetStatistics {
    const names = this.#devices.map((device) => device.context.device.name);
    return {
      ...this.#tally.statistics(names, this.bookEntries()),
      settle: {
        quiet: this.#quiet,
        quietAfterMs: Math.max(0, this.#lastChangeAt - (this.#healedAt ?? this.#lastChangeAt)),
      },
      ...(this.#ports.health === undefined ? {} : { workers: this.health() }),
    };
  }

  health(): readonly WorkerHealth[] {
    const { health } = this.#ports;
    if (health === undefined) return [];
    const devices = this.#devices.length;
    const lateness = this.#tally.latenessP99Ms();
    const late = lateness === undefined ? {} : { latenessP99Ms: lateness };
    return [{ worker: 'this process', devices, ...health.read(), ...late }];
  }

  live(): readonly LiveDevice[] {
    return this.#devices.flatMap(({ context, state, current }) => {
      if (state.phase !== 'connected' || current === undefined) return [];
      const { name, group } = context.device;
      const { clientId, certificate } = current.session;
      return [{ name, group, clientId, certificate, connectedAt: state.connectedAt }];
    });
  }

  async change(at: EpochMs, signal?: AbortSignal): Promise<void> {
    if (!signal?.aborted) await this.#wakes.wait(at, signal);
  }

  async #untilAllGone(timeoutMs: number): Promise<void> {
    const { clock } = this.#ports;
    const endsAt = clock.now() + timeoutMs;
    while (this.#open.size > 0 && clock.now() < endsAt) await this.#wakes.wait(endsAt);
  }

  /** Connections that their devices have given up or replaced, and that the broker still holds. */
  #closeLeftBehind(): void {
    const current = new Set(
      this.#devices.flatMap(({ state, current: held }) =>
        held && (state.phase === 'connecting' || state.phase === 'connected') ? held.session : [],
      ),
    );
    for (const session of [...this.#open]) {
      if (session.abandoned) session.destroy();
      else if (!current.has(session)) session.close('disconnect');
    }
  }

  #inputToAll(input: DeviceInput): void {
    for (const device of this.#devices) this.#input(device, input, this.#ports.clock.now());
  }

  /** `plannedAt` is when it should have come; what follows is measured from there. */
  #input(device: DrivenDevice, input: DeviceInput, at: EpochMs, plannedAt = at): void {
    if (this.#killed) return;
    const step = stepDevice(device.context, device.state, input, at);
    device.state = step.state;
    this.#perform(device, step.actions, plannedAt);
  }

  #perform(device: DrivenDevice, actions: readonly DeviceAction[], plannedAt: EpochMs): void {
    for (const action of actions) {
      switch (action.type) {
        case 'connect':
          this.#connect(device, action, plannedAt);
          break;
        case 'close':
          currentSession(device, action.connection)?.close(action.style);
          break;
        case 'publish':
          currentSession(device, action.connection)?.publish(action.seq, plannedAt);
          break;
        case 'set-timer':
          this.#setTimer(device, action.timer, action.at);
          break;
        case 'cancel-timer':
          device.timers.get(action.timer)?.();
          device.timers.delete(action.timer);
          break;
        default:
          assertNever(action);
      }
    }
  }

  #setTimer(device: DrivenDevice, timer: DeviceTimer, at: EpochMs): void {
    device.timers.get(timer)?.();
    const cancel = this.#ports.clock.schedule(at, () => {
      device.timers.delete(timer);
      const now = this.#ports.clock.now();
      if (timer === 'connect') this.#tally.startedLate(Math.max(0, now - at));
      // Timers may fire a little early.
      this.#input(device, { type: 'timer', timer }, now, Math.min(at, now));
    });
    device.timers.set(timer, cancel);
  }

  #connect(
    device: DrivenDevice,
    action: Extract<DeviceAction, { type: 'connect' }>,
    plannedAt: EpochMs,
  ): void {
    const { device: planned, group } = device.context;
    const { clientId, connection: number } = action;
    const certificate = planned.certificates[action.certificateIndex] ?? '';
    const { sessionPrefix = 'device', routes } = this.#ports;
    const session = new DeviceSession(this.#ports, {
      ...routeOf(planned.name, routes),
      sessionId: `${sessionPrefix}-${++this.#sessions}`,
      device: planned,
      group,
      messages: device.messages,
      certificate,
      credential: this.#credential(certificate),
      clientId,
      connectTimeoutMs: this.#plan.limits.connectTimeoutMs,
      plannedAt,
      tally: this.#tally,
      book: this.#book,
      tell: (news, at) => {
        if (news.type !== 'connected') {
          this.#open.delete(session);
          if (device.current?.session === session) device.current = undefined;
        }
        this.#input(device, { ...news, connection: number }, at);
        this.#lastChangeAt = at;
        this.#wakes.wake();
      },
    });
    device.current = { number, session };
    const now = this.#ports.clock.now();
    if (this.#throttle.admits(clientId, now)) {
      this.#open.add(session);
      session.open();
    } else {
      session.throttled();
      this.#input(device, { type: 'failed', connection: number, reason: 'throttled' }, now);
    }
  }

  #credential(name: string): Credential {
    const credential = this.#ports.credentials.get(name);
    assert(credential, `the certificate ${name} was issued`);
    return credential;
  }
}
