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
  type DeviceContext,
  type DeviceInput,
  type DeviceState,
  type DeviceTimer,
  newDevice,
  stepDevice,
} from './device.ts';
import { GroupMessages } from './messages.ts';
import { DeviceSession, type SessionPorts } from './session.ts';
import { SessionBook } from './session-book.ts';
import { type FleetCounters, type FleetStatistics, FleetTally } from './statistics.ts';
import { ConnectThrottle } from './throttle.ts';
import { untilDelivered } from './until-delivered.ts';

/** A destroyed socket reports its end a little later; this long is waited for it. */
const KILL_GRACE_MS = 1000;

export interface FleetPorts extends SessionPorts {
  /** Credentials by the names of the plan's certificates. */
  readonly credentials: ReadonlyMap<string, Credential>;
}

/** A device that is connected now, with the identity it uses; truth. */
export interface LiveDevice {
  readonly name: string;
  readonly group: string;
  /** Name of the certificate in the plan. */
  readonly certificate: string;
  readonly clientId: string;
  readonly connectedAt: EpochMs;
}

interface DrivenDevice {
  readonly context: DeviceContext;
  readonly messages: GroupMessages;
  readonly timers: Map<DeviceTimer, () => void>;
  state: DeviceState;
  /** The session of its newest connection, as long as that lasts. */
  current: { readonly number: number; readonly session: DeviceSession } | undefined;
}

export class FleetDriver {
  readonly #plan: FleetPlan;
  readonly #ports: FleetPorts;
  readonly #devices: readonly DrivenDevice[];
  readonly #open = new Set<DeviceSession>();
  readonly #waiting = new Set<() => void>();
  readonly #throttle: ConnectThrottle;
  readonly #tally = new FleetTally();
  readonly #book: SessionBook;
  #sessions = 0;
  #lastChangeAt: EpochMs;
  #healedAt: EpochMs | undefined;
  #quiet = false;
  #killed = false;

  /** `startedAt` is the instant from which the plan's times count. */
  constructor(plan: FleetPlan, ports: FleetPorts, startedAt: EpochMs) {
    this.#plan = plan;
    this.#ports = ports;
    this.#lastChangeAt = startedAt;
    this.#book = new SessionBook(plan.groups);
    this.#throttle = new ConnectThrottle(plan.limits.connectsPerClientIdPerSecond);
    const groups = new Map(
      plan.groups.map((group) => [group.name, { group, messages: new GroupMessages(group) }]),
    );
    this.#devices = plan.devices.map((device) => {
      const found = groups.get(device.group);
      assert(found, `group ${device.group} of ${device.name} is in the plan`);
      const certificates = device.certificates.map((name) => this.#credential(name));
      const context = { device, group: found.group, certificates, startedAt };
      const { state } = newDevice(context);
      return { context, messages: found.messages, timers: new Map(), state, current: undefined };
    });
  }

  /** Sets every device's arrival; from here on the clock drives the fleet. */
  start(): void {
    for (const device of this.#devices) this.#perform(device, newDevice(device.context).actions);
  }

  /**
   * Ends the faults and waits until the fleet is quiet: nothing opened or closed for `quietMs` and
   * nothing being opened. Gives up at the end of the plan's settle time.
   */
  async settle(quietMs: number, signal?: AbortSignal): Promise<void> {
    const { clock } = this.#ports;
    const healedAt = clock.now();
    this.#healedAt = healedAt;
    this.#lastChangeAt = healedAt;
    this.#closeLeftBehind();
    this.#inputToAll({ type: 'heal' });
    const endsAt = healedAt + this.#plan.settleMs;
    while (!signal?.aborted) {
      const now = clock.now();
      this.#quiet = this.#tally.connecting === 0 && now - this.#lastChangeAt >= quietMs;
      if (this.#quiet || now >= endsAt) return;
      const wakeAt = this.#tally.connecting === 0 ? this.#lastChangeAt + quietMs : now + quietMs;
      await this.#wait(Math.min(endsAt, wakeAt), signal);
    }
  }

  /** No message goes out any more; waits for those under way, as {@link untilDelivered} does. */
  async finishMessages(signal?: AbortSignal): Promise<void> {
    const wait = (at: EpochMs): Promise<void> => this.#wait(at, signal);
    await untilDelivered(this.#book, this.#tally, { clock: this.#ports.clock, wait }, signal);
  }

  /**
   * Disconnects every device and resolves when all have gone. After `timeoutMs` their sockets are
   * destroyed; what is not gone even {@link KILL_GRACE_MS} after that is left behind.
   */
  async stop(timeoutMs: number): Promise<void> {
    this.#closeLeftBehind();
    this.#inputToAll({ type: 'stop' });
    await this.#untilAllGone(timeoutMs);
    this.kill();
    await this.#untilAllGone(KILL_GRACE_MS);
  }

  /** Destroys every socket and timer at once; no device does anything after it. */
  kill(): void {
    this.#killed = true;
    for (const device of this.#devices) {
      for (const cancel of device.timers.values()) cancel();
      device.timers.clear();
    }
    for (const session of [...this.#open]) session.destroy();
  }

  counters(): FleetCounters {
    return this.#tally.counters();
  }

  statistics(): FleetStatistics {
    const names = this.#devices.map((device) => device.context.device.name);
    return {
      ...this.#tally.statistics(names, this.#book.entries(this.#ports.clock.now())),
      settle: {
        quiet: this.#quiet,
        quietAfterMs: Math.max(0, this.#lastChangeAt - (this.#healedAt ?? this.#lastChangeAt)),
      },
    };
  }

  /** The devices that are connected at this moment. */
  live(): readonly LiveDevice[] {
    return this.#devices.flatMap(({ context, state, current }) => {
      if (state.phase !== 'connected' || current === undefined) return [];
      const { name, group } = context.device;
      const { clientId, certificate } = current.session;
      return [{ name, group, clientId, certificate, connectedAt: state.connectedAt }];
    });
  }

  /** Resolves at the next connect or close, at `at`, or when the signal aborts. */
  async change(at: EpochMs, signal?: AbortSignal): Promise<void> {
    if (!signal?.aborted) await this.#wait(at, signal);
  }

  async #untilAllGone(timeoutMs: number): Promise<void> {
    const { clock } = this.#ports;
    const endsAt = clock.now() + timeoutMs;
    while (this.#open.size > 0 && clock.now() < endsAt) await this.#wait(endsAt);
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

  #input(device: DrivenDevice, input: DeviceInput, at: EpochMs): void {
    if (this.#killed) return;
    const step = stepDevice(device.context, device.state, input, at);
    device.state = step.state;
    this.#perform(device, step.actions);
  }

  #perform(device: DrivenDevice, actions: readonly DeviceAction[]): void {
    for (const action of actions) {
      switch (action.type) {
        case 'connect':
          this.#connect(device, action);
          break;
        case 'close':
          currentSession(device, action.connection)?.close(action.style);
          break;
        case 'publish':
          currentSession(device, action.connection)?.publish(action.seq);
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
      this.#input(device, { type: 'timer', timer }, now);
    });
    device.timers.set(timer, cancel);
  }

  #connect(device: DrivenDevice, action: Extract<DeviceAction, { type: 'connect' }>): void {
    const { device: planned, group } = device.context;
    const { clientId, connection: number } = action;
    const certificate = planned.certificates[action.certificateIndex] ?? '';
    const session = new DeviceSession(this.#ports, {
      sessionId: `device-${++this.#sessions}`,
      device: planned,
      group,
      messages: device.messages,
      certificate,
      credential: this.#credential(certificate),
      clientId,
      connectTimeoutMs: this.#plan.limits.connectTimeoutMs,
      tally: this.#tally,
      book: this.#book,
      tell: (news, at) => {
        if (news.type !== 'connected') {
          this.#open.delete(session);
          if (device.current?.session === session) device.current = undefined;
        }
        this.#input(device, { ...news, connection: number }, at);
        this.#lastChangeAt = at;
        for (const wake of [...this.#waiting]) wake();
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

  /** Until `at`, the next change, or an abort, whichever comes first. */
  #wait(at: EpochMs, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        this.#waiting.delete(done);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.#ports.clock.schedule(at, done);
      this.#waiting.add(done);
      signal?.addEventListener('abort', done);
    });
  }
}

function currentSession(device: DrivenDevice, connection: number): DeviceSession | undefined {
  return device.current?.number === connection ? device.current.session : undefined;
}
