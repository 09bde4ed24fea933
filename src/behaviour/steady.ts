/** Connects and stays: what a healthy device does. */
import { z } from 'zod';
import type { Behaviour } from './behaviour.ts';

const params = z.strictObject({ kind: z.literal('steady') });

export const steady = {
  id: 'steady',
  title: 'Connects and stays connected',
  description:
    'Leaves only when the run ends; what the broker closes, the reconnect policy opens again.',
  example: 'behaviour: steady',
  params,
  certificatesPerDevice: 1,
  describe: () => 'stays connected',
  nextIntent: () => undefined,
  presence: (_params, arrivesAtMs, endsAtMs) => ({ fromMs: arrivesAtMs, toMs: endsAtMs }),
  evictsItself: () => false,
  certificateChange: () => undefined,
  scaled: (given) => given,
} satisfies Behaviour<z.output<typeof params>>;
