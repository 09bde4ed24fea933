/**
 * Connects, goes and comes back, over and over. How it goes decides what the broker sees: a clean
 * DISCONNECT is compliant however often; a half-open exit makes the next connect a takeover, which
 * AWS's conflict check reports though one device causes it.
 */
import { z } from 'zod';
import { formatDuration } from '../core/time.ts';
import type { Behaviour } from './behaviour.ts';
import { durationMs, fraction } from './units.ts';

const params = z
  .strictObject({
    kind: z.literal('flapping'),
    period: durationMs.describe('from one connect to the next'),
    downtime: durationMs
      .prefault('500ms')
      .describe('time without a connection, part of the period'),
    jitter: fraction.prefault('10%').describe('each period varies by up to this share, both ways'),
    close: z
      .enum(['disconnect', 'reset', 'half-open'])
      .default('disconnect')
      .describe('clean DISCONNECT, TCP reset, or the socket abandoned without a word'),
  })
  .refine((given) => given.downtime < given.period, {
    path: ['downtime'],
    message: 'the downtime must be shorter than the period it is part of',
    params: { hint: 'lower downtime or raise period' },
  });

export const flapping = {
  id: 'flapping',
  title: 'Connects, goes, comes back, repeatedly',
  description:
    'Period and downtime with jitter; goes by clean DISCONNECT, by TCP reset, or half-open.',
  example: 'behaviour: { kind: flapping, period: 4s, downtime: 500ms, close: half-open }',
  params,
  certificatesPerDevice: 1,
  describe: ({ period, downtime, close }) =>
    `reconnects every ${formatDuration(period)}, away ${formatDuration(downtime)}, closes by ${close}`,
  nextIntent: ({ period, downtime, jitter, close }, { connectedAt, spread }) => ({
    at: connectedAt + (period - downtime) * (1 + jitter * spread),
    close,
    reconnectAfterMs: downtime,
  }),
  presence: ({ period, downtime, jitter }, arrivesAtMs, endsAtMs) => ({
    fromMs: arrivesAtMs,
    toMs: endsAtMs,
    cycle: {
      stayMsMin: (period - downtime) * (1 - jitter),
      stayMsMax: (period - downtime) * (1 + jitter),
      awayMs: downtime,
    },
  }),
  evictsItself: ({ close }) => close === 'half-open',
  certificateChange: () => undefined,
  scaled: (given, factor) => ({
    ...given,
    period: given.period * factor,
    downtime: given.downtime * factor,
  }),
} satisfies Behaviour<z.output<typeof params>>;
