/** Small random stories of devices, as sessions; and how long a moment is looked at. */
import fc from 'fast-check';
import type { DeviceSession } from '../../src/effects/device-sessions.ts';

export const DEVICES = ['d-1', 'd-2', 'd-3'] as const;
export const END_MS = 60;

interface Draft extends Pick<DeviceSession, 'byItself' | 'clientId' | 'certificate' | 'throttled'> {
  readonly gap: number;
  readonly untilConnack: number | undefined;
  readonly lasts: number | undefined;
}

/** Connections of a device follow one another, or overlap a little as with a half-open one. */
const sessionsOfDevice = (device: string): fc.Arbitrary<readonly DeviceSession[]> =>
  fc
    .array(
      fc.record({
        gap: fc.integer({ min: -2, max: 8 }),
        untilConnack: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
        lasts: fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined }),
        byItself: fc.boolean(),
        clientId: fc.constantFrom('x', 'y', device),
        certificate: fc.constantFrom('c', device),
        throttled: fc.boolean(),
      }),
      { maxLength: 8 },
    )
    .map((given) => {
      let at = 0;
      return given.map((one, place) => {
        const isLast = place === given.length - 1;
        const made = sessionOf(device, at, {
          ...one,
          lasts: isLast ? one.lasts : (one.lasts ?? 3),
        });
        at = one.gap < 0 ? made.startedAt : (made.endedAt ?? made.startedAt);
        return made;
      });
    });

function sessionOf(device: string, after: number, draft: Draft): DeviceSession {
  const { gap, untilConnack, lasts, clientId, certificate } = draft;
  const startedAt = Math.max(after + 1, after + gap);
  const connectedAt = untilConnack === undefined ? undefined : startedAt + untilConnack;
  const endedAt = lasts === undefined ? undefined : (connectedAt ?? startedAt) + lasts;
  return {
    device,
    clientId,
    certificate,
    startedAt,
    byItself: draft.byItself && endedAt !== undefined,
    throttled: draft.throttled && connectedAt === undefined,
    ...(connectedAt === undefined ? {} : { connectedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
  };
}

export const stories: fc.Arbitrary<readonly DeviceSession[]> = fc
  .tuple(...DEVICES.map(sessionsOfDevice))
  .map((lists) => lists.flat().sort((a, b) => a.startedAt - b.startedAt));
