/**
 * Device sessions: every connection that a device set out to make, with the device behind it. The
 * truth and the devices' side of the history, joined by session ID; what all effects are read from.
 */
import { assert } from '../core/assert.ts';
import type { EpochMs } from '../core/time.ts';
import type { TruthRecord } from '../fleet/session.ts';
import type { ObservedEvent } from '../history/event.ts';
import type { FleetPlan } from '../scenario/plan.ts';

export interface DeviceSession {
  readonly device: string;
  /** As the broker takes it: the certificate's common name where it replaces client IDs by that. */
  readonly clientId: string;
  /** Name of the certificate in the plan. */
  readonly certificate: string;
  readonly startedAt: EpochMs;
  /** CONNACK; absent when it was refused, lost or held back. */
  readonly connectedAt?: EpochMs;
  /** Absent when it was open at the end of what was recorded. */
  readonly endedAt?: EpochMs;
  /** Whether the device ended it, also by abandoning it without a word. */
  readonly byItself: boolean;
  /** Held back by the fleet's own throttle: the broker saw nothing of it. */
  readonly throttled: boolean;
}

type Draft = { -readonly [Key in keyof DeviceSession]: DeviceSession[Key] };

/** Truth first, then events; both in the order in which they were recorded. */
export class DeviceSessions {
  readonly #commonNames: ReadonlyMap<string, string> | undefined;
  readonly #drafts = new Map<string, Draft>();

  constructor(plan: FleetPlan) {
    this.#commonNames =
      plan.clientIdBinding === 'replaced'
        ? new Map(plan.certificates.map(({ name, thingName }) => [name, thingName]))
        : undefined;
  }

  truth({ kind, sessionId, device, clientId, certificate, at }: TruthRecord): void {
    const draft = this.#drafts.get(sessionId);
    if (kind === 'connecting') {
      this.#drafts.set(sessionId, {
        device,
        clientId: this.#commonNames?.get(certificate) ?? clientId,
        certificate,
        startedAt: at,
        byItself: false,
        throttled: false,
      });
    } else if (draft !== undefined) {
      draft.endedAt = at;
      draft.byItself = true;
    }
  }

  event(event: ObservedEvent): void {
    if (event.vantage !== 'device') return;
    const draft = this.#drafts.get(event.sessionId);
    if (draft === undefined) return;
    const { kind, at, reason } = event;
    if (kind === 'connected') {
      draft.connectedAt = at;
      return;
    }
    draft.endedAt ??= at;
    draft.byItself ||= reason === 'client-initiated' || event.raw === 'RST sent';
    draft.throttled = kind === 'connect-failed' && reason === 'throttled';
  }

  /** In the order of their starts. */
  all(): readonly DeviceSession[] {
    return [...this.#drafts.values()].sort((a, b) => a.startedAt - b.startedAt);
  }
}

/** By device, each in the order of starts; devices without a session are absent. */
export function byDevice(
  sessions: readonly DeviceSession[],
): ReadonlyMap<string, readonly DeviceSession[]> {
  const groups = new Map<string, DeviceSession[]>();
  for (const session of sessions) {
    const group = groups.get(session.device);
    if (group === undefined) groups.set(session.device, [session]);
    else group.push(session);
  }
  return groups;
}

/** Sessions that came to CONNACK, in the order of that. */
export function accepted(
  sessions: readonly DeviceSession[],
): readonly (DeviceSession & { readonly connectedAt: EpochMs })[] {
  return sessions
    .filter((session) => session.connectedAt !== undefined)
    .map((session) => {
      assert(session.connectedAt !== undefined, 'it came to CONNACK');
      return { ...session, connectedAt: session.connectedAt };
    })
    .sort((a, b) => a.connectedAt - b.connectedAt);
}
