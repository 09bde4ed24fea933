/** Identities as they were really used: certificates of several devices, client IDs one can guess. */
import { accepted, type DeviceSession } from './device-sessions.ts';

/** RFC 9562 §5.4; the only client IDs of ours that cannot be computed from what others know. */
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** Certificates that more than one device connected with. */
export function certificatesShared(sessions: readonly DeviceSession[]): number {
  return usedBySeveral(sessions, ({ certificate }) => certificate).size;
}

/**
 * Client IDs in use, and how many of them an outsider can compute or guess: names with numbers,
 * UUIDs of version 5, and whatever any other device uses too.
 */
export function clientIdsInUse(sessions: readonly DeviceSession[]): {
  readonly used: number;
  readonly predictable: number;
} {
  const used = new Set(accepted(sessions).map(({ clientId }) => clientId));
  const shared = usedBySeveral(sessions, ({ clientId }) => clientId);
  const predictable = [...used].filter((one) => !UUID_V4.test(one) || shared.has(one));
  return { used: used.size, predictable: predictable.length };
}

function usedBySeveral(
  sessions: readonly DeviceSession[],
  key: (session: DeviceSession) => string,
): ReadonlySet<string> {
  const first = new Map<string, string>();
  const several = new Set<string>();
  for (const session of accepted(sessions)) {
    const holder = first.get(key(session));
    if (holder === undefined) first.set(key(session), session.device);
    else if (holder !== session.device) several.add(key(session));
  }
  return several;
}
