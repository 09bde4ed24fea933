/**
 * The device as a pure state machine: `stepDevice(context, state, input) → state + actions`. No
 * sockets, no clock, no randomness but the state's own, so that the same device runs on real
 * connections and on virtual time.
 */
import type { CloseStyle } from '../behaviour/behaviour.ts';
import {
  reconnectDelayMs,
  resetsAttempts,
  staysAwayAfterTakeover,
} from '../behaviour/reconnect.ts';
import { behaviourOf } from '../behaviour/registry.ts';
import { assertNever } from '../core/assert.ts';
import { nextRandom, type RandomState } from '../core/random.ts';
import type { EpochMs } from '../core/time.ts';
import type { CloseReason } from '../history/event.ts';
import { resolveClientId } from '../scenario/client-id.ts';
import type { PlannedDevice, PlannedGroup } from '../scenario/plan.ts';

/** What does not change while a device lives. */
export interface DeviceContext {
  readonly device: PlannedDevice;
  readonly group: PlannedGroup;
  /** Its certificates, in the order in which it presents them. */
  readonly certificates: readonly {
    readonly certificateId: string;
    readonly serialNumber: string;
  }[];
  readonly startedAt: EpochMs;
}

export type DeviceTimer = 'connect' | 'behaviour' | 'publish';

export interface DeviceState {
  /**
   * `waiting`: a connect timer is set. `leaving`: it will go as soon as the connect under way is
   * answered. `away`: it does not mean to come back.
   */
  readonly phase: 'waiting' | 'connecting' | 'connected' | 'leaving' | 'away';
  /** Number of its newest connection, from 1; 0 before the first. */
  readonly connection: number;
  readonly certificateIndex: number;
  /** Reconnect attempts since the policy last started anew. */
  readonly attempts: number;
  readonly connectedAt: EpochMs;
  /** What it does when the behaviour timer fires. */
  readonly intent?: {
    readonly close: CloseStyle;
    readonly reconnectAfterMs: number | 'never';
    readonly nextCertificate: boolean;
  };
  readonly published: number;
  /** When its next message is due. */
  readonly publishesAt: EpochMs;
  readonly healed: boolean;
  readonly random: RandomState;
}

export type DeviceInput =
  | { readonly type: 'timer'; readonly timer: DeviceTimer }
  | { readonly type: 'connected'; readonly connection: number }
  | { readonly type: 'failed'; readonly connection: number; readonly reason: CloseReason }
  | { readonly type: 'closed'; readonly connection: number; readonly reason: CloseReason }
  /** Faults off: it behaves steadily, or gives up an identity that is not its own. */
  | { readonly type: 'heal' }
  | { readonly type: 'stop' };

export type DeviceAction =
  | {
      readonly type: 'connect';
      readonly connection: number;
      readonly clientId: string;
      readonly certificateIndex: number;
    }
  | {
      readonly type: 'close';
      readonly connection: number;
      readonly style: Exclude<CloseStyle, 'leave-open'>;
    }
  | { readonly type: 'publish'; readonly connection: number; readonly seq: number }
  | { readonly type: 'set-timer'; readonly timer: DeviceTimer; readonly at: EpochMs }
  | { readonly type: 'cancel-timer'; readonly timer: DeviceTimer };

export interface DeviceStep {
  readonly state: DeviceState;
  readonly actions: readonly DeviceAction[];
}

/** The device before its arrival, and the timer that makes it arrive. */
export function newDevice(context: DeviceContext): DeviceStep {
  const { device, startedAt } = context;
  return {
    state: {
      phase: 'waiting',
      connection: 0,
      certificateIndex: 0,
      attempts: 0,
      connectedAt: 0,
      published: 0,
      publishesAt: 0,
      healed: false,
      random: device.random,
    },
    actions: [{ type: 'set-timer', timer: 'connect', at: startedAt + device.arrivesAtMs }],
  };
}

export function stepDevice(
  context: DeviceContext,
  state: DeviceState,
  input: DeviceInput,
  at: EpochMs,
): DeviceStep {
  switch (input.type) {
    case 'timer':
      return timerFired(context, state, input.timer, at);
    case 'connected':
      if (isCurrent(state, input.connection, 'leaving')) return goAway(state, input.connection);
      return isCurrent(state, input.connection, 'connecting')
        ? connected(context, state, at)
        : unchanged(state);
    case 'failed':
      if (isCurrent(state, input.connection, 'leaving')) return goAway(state);
      return isCurrent(state, input.connection, 'connecting')
        ? comeBack(context, state, at)
        : unchanged(state);
    case 'closed':
      return isCurrent(state, input.connection, 'connected')
        ? lost(context, state, input.reason, at)
        : unchanged(state);
    case 'heal':
      return heal(context, state);
    case 'stop':
      return leave(state);
    default:
      return assertNever(input);
  }
}

function timerFired(
  context: DeviceContext,
  state: DeviceState,
  timer: DeviceTimer,
  at: EpochMs,
): DeviceStep {
  switch (timer) {
    case 'connect':
      return state.phase === 'waiting' ? connect(context, state) : unchanged(state);
    case 'behaviour':
      return state.phase === 'connected' ? followIntent(state, at) : unchanged(state);
    case 'publish':
      return state.phase === 'connected' ? publish(context, state) : unchanged(state);
    default:
      return assertNever(timer);
  }
}

function connect(context: DeviceContext, state: DeviceState): DeviceStep {
  const { device, certificates } = context;
  const certificateIndex = Math.min(state.certificateIndex, certificates.length - 1);
  const certificate = certificates[certificateIndex] ?? { certificateId: '', serialNumber: '' };
  const [clientId, random] = resolveClientId(device.clientId, certificate, state.random);
  const connection = state.connection + 1;
  return {
    state: { ...state, phase: 'connecting', connection, random },
    actions: [{ type: 'connect', connection, clientId, certificateIndex }],
  };
}

function connected(context: DeviceContext, state: DeviceState, at: EpochMs): DeviceStep {
  const { group, startedAt } = context;
  const [uniform, random] = nextRandom(state.random);
  const { intent: _previous, ...rest } = state;
  // A share of the period at random, so that a fleet does not publish in step.
  const publishesAt = at + (group.publish?.every ?? 0) * uniform;
  const next: DeviceState = { ...rest, phase: 'connected', connectedAt: at, publishesAt, random };
  const actions: DeviceAction[] = [];
  if (group.publish) actions.push({ type: 'set-timer', timer: 'publish', at: publishesAt });
  const intent = state.healed
    ? undefined
    : behaviourOf(group.behaviour).nextIntent(group.behaviour, {
        startedAt,
        connectedAt: at,
        certificateIndex: state.certificateIndex,
        spread: 2 * uniform - 1,
      });
  if (intent === undefined) return { state: next, actions };
  const { close, reconnectAfterMs, nextCertificate = false } = intent;
  actions.push({ type: 'set-timer', timer: 'behaviour', at: intent.at });
  return { state: { ...next, intent: { close, reconnectAfterMs, nextCertificate } }, actions };
}

function followIntent(state: DeviceState, at: EpochMs): DeviceStep {
  const { intent, ...rest } = state;
  if (intent === undefined) return unchanged(state);
  const actions: DeviceAction[] = [{ type: 'cancel-timer', timer: 'publish' }];
  if (intent.close !== 'leave-open') {
    actions.push({ type: 'close', connection: state.connection, style: intent.close });
  }
  const certificateIndex = state.certificateIndex + (intent.nextCertificate ? 1 : 0);
  if (intent.reconnectAfterMs === 'never') {
    return { state: { ...rest, phase: 'away', certificateIndex }, actions };
  }
  actions.push({ type: 'set-timer', timer: 'connect', at: at + intent.reconnectAfterMs });
  return { state: { ...rest, phase: 'waiting', certificateIndex }, actions };
}

/** The next message is due a period after this one was, however late this one is. */
function publish(context: DeviceContext, state: DeviceState): DeviceStep {
  const every = context.group.publish?.every;
  if (every === undefined) return unchanged(state);
  const publishesAt = state.publishesAt + every;
  return {
    state: { ...state, published: state.published + 1, publishesAt },
    actions: [
      { type: 'publish', connection: state.connection, seq: state.published + 1 },
      { type: 'set-timer', timer: 'publish', at: publishesAt },
    ],
  };
}

/** A connection ended that the device did not mean to end. */
function lost(
  context: DeviceContext,
  state: DeviceState,
  reason: CloseReason,
  at: EpochMs,
): DeviceStep {
  const { reconnect } = context.group;
  const timers: readonly DeviceAction[] = [
    { type: 'cancel-timer', timer: 'behaviour' },
    { type: 'cancel-timer', timer: 'publish' },
  ];
  const { intent: _dropped, ...rest } = state;
  if (reason === 'session-taken-over' && staysAwayAfterTakeover(reconnect)) {
    return { state: { ...rest, phase: 'away' }, actions: timers };
  }
  const attempts = resetsAttempts(reconnect, at - state.connectedAt) ? 0 : state.attempts;
  const step = comeBack(context, { ...rest, attempts }, at);
  return { state: step.state, actions: [...timers, ...step.actions] };
}

/** Sets the next connect as the reconnect policy says, or stays away. */
function comeBack(context: DeviceContext, state: DeviceState, at: EpochMs): DeviceStep {
  const [uniform, random] = nextRandom(state.random);
  const delayMs = reconnectDelayMs(context.group.reconnect, state.attempts, uniform);
  if (delayMs === undefined) return { state: { ...state, phase: 'away', random }, actions: [] };
  return {
    state: { ...state, phase: 'waiting', attempts: state.attempts + 1, random },
    actions: [{ type: 'set-timer', timer: 'connect', at: at + delayMs }],
  };
}

function heal(context: DeviceContext, state: DeviceState): DeviceStep {
  if (context.device.retiresOnHeal) {
    const step = leave(state);
    return { state: { ...step.state, healed: true }, actions: step.actions };
  }
  const { intent: _dropped, ...rest } = state;
  return {
    state: { ...rest, healed: true },
    actions: [{ type: 'cancel-timer', timer: 'behaviour' }],
  };
}

/**
 * Keeps the device away. A connect under way is answered first: given up halfway, it would be a
 * session to the broker and none to the device, and no record could be joined with the other.
 */
function leave(state: DeviceState): DeviceStep {
  const { intent: _dropped, ...rest } = state;
  const timers: readonly DeviceAction[] = [
    { type: 'cancel-timer', timer: 'connect' },
    { type: 'cancel-timer', timer: 'behaviour' },
    { type: 'cancel-timer', timer: 'publish' },
  ];
  if (state.phase === 'connecting')
    return { state: { ...rest, phase: 'leaving' }, actions: timers };
  if (state.phase === 'leaving') return unchanged(state);
  const step = goAway(rest, state.phase === 'connected' ? state.connection : undefined);
  return { state: step.state, actions: [...timers, ...step.actions] };
}

function goAway(state: DeviceState, open?: number): DeviceStep {
  return {
    state: { ...state, phase: 'away' },
    actions: open === undefined ? [] : [{ type: 'close', connection: open, style: 'disconnect' }],
  };
}

function isCurrent(state: DeviceState, connection: number, phase: DeviceState['phase']): boolean {
  return state.connection === connection && state.phase === phase;
}

function unchanged(state: DeviceState): DeviceStep {
  return { state, actions: [] };
}
