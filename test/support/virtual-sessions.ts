/**
 * Session state of a broker in virtual time (MQTT 5.0 §4.1): what each client ID has subscribed to
 * and which messages wait for it. It outlives a connection as long as the client has asked for.
 */
import type { EpochMs } from '../../src/core/time.ts';
import type { ConnectRequest, Subscription } from '../../src/fleet/connector.ts';

export interface VirtualMessage {
  readonly topic: string;
  readonly payload: string;
  readonly qos: 0 | 1;
}

/** Sends a message down the connection; `arrived` is called if the device gets it. */
type Send = (message: VirtualMessage, arrived: () => void) => void;

interface State {
  readonly filters: Map<string, 0 | 1>;
  /** At QoS 1 and not yet acknowledged. */
  readonly pending: Set<VirtualMessage>;
  send: Send | undefined;
  /** While nobody is connected. */
  keptUntil: EpochMs;
}

export class VirtualSessions {
  readonly #states = new Map<string, State>();

  /** A CONNECT: whether a session was kept for the client ID. */
  open(clientId: string, { cleanStart }: ConnectRequest['mqtt'], now: EpochMs): boolean {
    const state = this.#states.get(clientId);
    const isPresent = !cleanStart && state !== undefined && now <= state.keptUntil;
    if (isPresent) return true;
    this.#states.set(clientId, {
      filters: new Map(),
      pending: new Set(),
      send: undefined,
      keptUntil: Number.POSITIVE_INFINITY,
    });
    return false;
  }

  /** After CONNACK: what has waited is sent, in its order. */
  attach(clientId: string, send: Send): void {
    const state = this.#states.get(clientId);
    if (state === undefined) return;
    state.send = send;
    for (const message of state.pending) send(message, () => state.pending.delete(message));
  }

  close(clientId: string, mqtt: ConnectRequest['mqtt'], now: EpochMs): void {
    const state = this.#states.get(clientId);
    if (state === undefined) return;
    state.send = undefined;
    const { protocolVersion, cleanStart, sessionExpirySeconds } = mqtt;
    if (protocolVersion === 4) state.keptUntil = cleanStart ? now : Number.POSITIVE_INFINITY;
    else state.keptUntil = now + sessionExpirySeconds * 1000;
    if (state.keptUntil <= now) this.#states.delete(clientId);
  }

  subscribe(clientId: string, filters: readonly Subscription[]): void {
    const state = this.#states.get(clientId);
    for (const { filter, qos } of filters) state?.filters.set(filter, qos);
  }

  publish(message: VirtualMessage, now: EpochMs): void {
    for (const state of this.#states.values()) {
      const granted = [...state.filters].filter(([filter]) => matches(filter, message.topic));
      if (granted.length === 0) continue;
      const qos1 = message.qos === 1 && granted.some(([, qos]) => qos === 1);
      // Equal messages are two all the same.
      const copy = { ...message };
      if (qos1 && (state.send !== undefined || now <= state.keptUntil)) state.pending.add(copy);
      state.send?.(copy, () => state.pending.delete(copy));
    }
  }
}

/** Topic filters with their wildcards (MQTT 5.0 §4.7.1). */
export function matches(filter: string, topic: string): boolean {
  const levels = topic.split('/');
  const wanted = filter.split('/');
  const isOpen = wanted.at(-1) === '#';
  const fixed = isOpen ? wanted.slice(0, -1) : wanted;
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false;
  if (isOpen ? levels.length < fixed.length : levels.length !== fixed.length) return false;
  return fixed.every((level, i) => level === '+' || level === levels[i]);
}
