/**
 * What a flapping ban would see: brokers count the connects of a client ID, so that a device which
 * takes another one with every connect is never counted to its end.
 */
import { accepted, type DeviceSession } from './device-sessions.ts';
import type { BanCounterParameters, FixEffects } from './fix-effects.ts';
import { keysAbove } from './rates.ts';

/** EMQX's `flapping_detect` as it comes: 15 in a minute, by client ID. */
export const DEFAULT_BAN_COUNTER: BanCounterParameters = { connectsMax: 15, windowMs: 60_000 };

export function banCounterEffect(
  sessions: readonly DeviceSession[],
  { connectsMax, windowMs }: BanCounterParameters,
): FixEffects['banCounter'] {
  const all = accepted(sessions);
  const above = (key: (session: DeviceSession) => string): ReadonlySet<string> =>
    keysAbove(
      all.map((session) => [key(session), session.connectedAt] as const),
      connectsMax,
      windowMs,
    );
  const clientIds = above(({ clientId }) => clientId);
  const devices = above(({ device }) => device);
  const seen = new Set(
    all.filter(({ clientId }) => clientIds.has(clientId)).map(({ device }) => device),
  );
  const hidden = [...devices].filter((device) => !seen.has(device)).length;
  return { connectsMax, windowMs, clientIds: clientIds.size, devices: devices.size, hidden };
}
