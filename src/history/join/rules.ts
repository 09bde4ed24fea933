/**
 * What one connection's two views say against each other: a rule per kind, each with the moment whose
 * lines show it. MQTT lets a broker evict without a word (3.1.1 has none for it; MQTT 5.0 §3.14.2.1
 * has 0x8E): that a device saw only FIN is no contradiction, but that nobody logged why is a gap.
 */
import { EVICTION_JITTER_MS, JOIN_TOLERANCE_MS, TAKEOVER_TOLERANCE_MS } from '../../core/limits.ts';
import { printable } from '../../core/text.ts';
import { type EpochMs, formatDuration } from '../../core/time.ts';
import type { CloseReason } from '../event.ts';
import type { DisagreementKind } from './disagreement.ts';
import type { JoinedSession } from './join-report.ts';

/** A joined session with its moments on the device's clock. */
export interface Joint extends JoinedSession {
  readonly deviceEndsAt: EpochMs | undefined;
  readonly brokerEndsAt: EpochMs | undefined;
  /** By how much two moments of both sides may seem apart without being so. */
  readonly uncertaintyMs: number;
  /** Until when the broker's records go. */
  readonly brokerTo: EpochMs;
  /** Another connection of the client ID began in this time. */
  rivalBetween(from: EpochMs, to: EpochMs): boolean;
}

export interface Found {
  readonly kind: DisagreementKind;
  readonly moment: 'start' | 'end';
  readonly detail?: string;
}

/** A broker that ends a session later than this after its device has kept a ghost. */
const NOTICED_LATE_MS = 2_000;
const LOST: ReadonlySet<CloseReason> = new Set([
  'connection-lost',
  'keep-alive-timeout',
  'protocol-error',
]);
/** What a broker that missed a takeover may say of the evicted session's end. */
const MISTAKEN: ReadonlySet<CloseReason> = new Set([
  'connection-lost',
  'protocol-error',
  'unknown',
  'session-taken-over',
]);

export function disagreementsOf(joint: Joint): readonly Found[] {
  return [...ofIdentity(joint), ...ofBeginning(joint), ...ofEnd(joint)];
}

function ofIdentity({ device, broker }: Joint): readonly Found[] {
  const found: Found[] = [];
  const moment = broker.start === undefined ? 'end' : 'start';
  const add = (kind: DisagreementKind, detail?: string): void => {
    found.push({ kind, moment, ...(detail === undefined ? {} : { detail }) });
  };
  if (device.certificateId !== undefined && broker.kind === 'session') {
    if (broker.certificateId === undefined) add('certificate-not-logged');
    else if (broker.certificateId !== device.certificateId) {
      add(
        'certificate-differs',
        `${device.certificateId.slice(0, 16)}… → ${broker.certificateId.slice(0, 16)}…`,
      );
    }
    if (broker.principal === undefined && broker.certificateId === undefined) {
      add('principal-not-logged');
    }
  }
  if (broker.clientId !== device.clientId) {
    const shown = `"${printable(device.clientId, 60)}" → "${printable(broker.clientId, 60)}"`;
    if (broker.clientId !== '') add('client-id-replaced', shown);
    else if (broker.kind === 'refused') add('refusal-nameless');
  }
  return found;
}

const CONNECT_FIELDS = [
  ['keep-alive-differs', 'keepAliveSeconds'],
  ['protocol-version-differs', 'protocolVersion'],
  ['clean-start-differs', 'cleanStart'],
] as const;

function ofBeginning({ device, broker }: Joint): readonly Found[] {
  if (device.kind !== broker.kind) {
    const kind =
      broker.kind === 'session' ? 'connected-for-broker-only' : 'connected-for-device-only';
    return [{ kind, moment: broker.kind === 'session' ? 'start' : 'end' }];
  }
  const found: Found[] = [];
  for (const [kind, field] of CONNECT_FIELDS) {
    const [sent, logged] = [device[field], broker[field]];
    if (sent === undefined || logged === undefined || sent === logged) continue;
    found.push({ kind, moment: 'start', detail: `${sent} → ${logged}` });
  }
  return found;
}

function ofEnd(joint: Joint): readonly Found[] {
  const { device, broker } = joint;
  if (device.kind !== broker.kind || device.end === undefined) return [];
  const kind = device.kind === 'refused' ? ofRefusal(joint) : ofClose(joint);
  const late = ofLateness(joint);
  return [
    ...(kind === undefined ? [] : [{ kind, moment: 'end', ...reasons(joint) } as const]),
    ...(late === undefined ? [] : [late]),
  ];
}

function reasons({ device, broker }: Joint): { readonly detail: string } {
  const inferred = broker.inferredEnd?.includes('reason') === true ? ' (inferred)' : '';
  const logged =
    broker.end === undefined ? 'no record of the end' : `${broker.end.reason ?? 'no reason'}`;
  return { detail: `device: ${device.end?.reason ?? 'unknown'}, broker: ${logged}${inferred}` };
}

function ofRefusal({ device, broker }: Joint): DisagreementKind | undefined {
  const told = definite(device.end?.reason);
  const logged = definite(broker.end?.reason);
  if (told === undefined || logged === undefined || told === logged) return undefined;
  return told === 'client-initiated' ? undefined : 'refusal-reason-differs';
}

/** The first that applies: an end has one reason. */
function ofClose(joint: Joint): DisagreementKind | undefined {
  const { device, broker } = joint;
  const left = device.end?.abandonedAt !== undefined;
  const told = left ? undefined : definite(device.end?.reason);
  const logged = broker.end?.reason ?? 'unknown';
  const stated = broker.inferredEnd?.includes('reason') !== true;
  if (logged === 'session-taken-over' && stated) {
    return told === undefined && !left ? 'device-not-told' : undefined;
  }
  const taken = told === 'session-taken-over' || (told === undefined && !left && evicted(joint));
  if (taken && MISTAKEN.has(logged)) return 'takeover-not-logged';
  if (broker.end === undefined) return !left && isMissing(joint) ? 'close-not-logged' : undefined;
  return ofReasons(told, stated ? logged : 'unknown');
}

function ofReasons(
  told: CloseReason | undefined,
  logged: CloseReason,
): DisagreementKind | undefined {
  if (told === logged) return undefined;
  if (logged === 'client-initiated') return 'disconnect-invented';
  if (told === undefined) return undefined;
  if (logged === 'unknown') return 'close-reason-not-logged';
  if (told === 'client-initiated') return LOST.has(logged) ? 'disconnect-not-seen' : undefined;
  // A broker can't tell the ways apart in which a device drops its connection.
  return told === 'connection-lost' ? undefined : 'close-reason-differs';
}

/** The broker's records go on after the device's session had ended. */
function isMissing({ deviceEndsAt, brokerTo }: Joint): boolean {
  return deviceEndsAt !== undefined && brokerTo - deviceEndsAt > JOIN_TOLERANCE_MS;
}

/** Somebody else got the client ID just before the device saw the connection end. */
function evicted({ deviceEndsAt, rivalBetween }: Joint): boolean {
  if (deviceEndsAt === undefined) return false;
  return rivalBetween(deviceEndsAt - TAKEOVER_TOLERANCE_MS, deviceEndsAt + EVICTION_JITTER_MS);
}

function ofLateness(joint: Joint): Found | undefined {
  const { device, deviceEndsAt, brokerEndsAt, uncertaintyMs } = joint;
  if (deviceEndsAt === undefined || brokerEndsAt === undefined) return undefined;
  const lateMs = brokerEndsAt - (device.end?.abandonedAt ?? deviceEndsAt);
  if (lateMs <= NOTICED_LATE_MS + uncertaintyMs) return undefined;
  return { kind: 'noticed-late', moment: 'end', detail: `${formatDuration(lateMs)} later` };
}

function definite(reason: CloseReason | undefined): CloseReason | undefined {
  return reason === 'unknown' ? undefined : reason;
}
