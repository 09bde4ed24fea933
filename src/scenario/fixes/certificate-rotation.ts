/**
 * The rotation AWS describes for a shared or compromised certificate: provision a new one for every
 * device, verify that it works, revoke the old one, detach it. The devices change over while they
 * run; the interlude of the run verifies and revokes.
 */
import { z } from 'zod';
import { durationMs } from '../../behaviour/units.ts';
import { changedGroups } from './changed-groups.ts';
import { type Fix, onGroups } from './fix.ts';

/** Without a time of its own it begins after a third of the duration, and spreads over a tenth. */
const AT_SHARE = 1 / 3;
const SPREAD_SHARE = 1 / 10;
/** Between the close of the old session and the connect with the new certificate. */
const GAP_SHARE = 1 / 20;
const GAP_MS_MAX = 500;

export const certificateRotationParams = z.strictObject({
  strategy: z.literal('certificate-rotation'),
  on: onGroups,
  at: durationMs
    .optional()
    .describe('time of the run at which the first device changes over; a third of the duration'),
  spread: durationMs
    .optional()
    .describe('the devices change over at random within this time; a tenth of the duration'),
});

export const certificateRotation = {
  id: 'certificate-rotation',
  title: 'Every device changes to a certificate of its own, then the old one is revoked',
  side: 'device',
  // The old certificate is refused for good, also to holders that nobody thought of.
  application: 'suggestion',
  addresses: ['DEVICE_CERTIFICATE_SHARED_CHECK'],
  costs: [
    'each device is away for a moment while it changes over',
    'until it is revoked the old certificate works for whoever holds a copy',
    'a broker that reads no revocation list while it runs goes on accepting the old one',
  ],
  example: 'certificate-rotation:at=5s,spread=1s',
  params: certificateRotationParams,
  apply: (scenario, { on, at, spread }) =>
    changedGroups(scenario, on, ({ behaviour, ...group }) =>
      // A device with a rhythm of its own, or one that rotates already, can't follow another.
      behaviour.kind !== 'steady' || group.enabled === false
        ? undefined
        : {
            ...group,
            behaviour: {
              kind: 'rotating',
              at: at ?? Math.round(scenario.duration * AT_SHARE),
              spread: spread ?? Math.round(scenario.duration * SPREAD_SHARE),
              gap: Math.min(GAP_MS_MAX, Math.round(scenario.duration * GAP_SHARE)),
              order: 'close-first',
              revoke: true,
            },
          },
    ),
  scaled: ({ at, spread, ...given }, factor) => ({
    ...given,
    ...(at === undefined ? {} : { at: at * factor }),
    ...(spread === undefined ? {} : { spread: spread * factor }),
  }),
} satisfies Fix<z.output<typeof certificateRotationParams>>;
