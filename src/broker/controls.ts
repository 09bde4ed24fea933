/** The controls of every broker that doppelfleet starts, by its ID. Pure. */
import { printable } from '../core/text.ts';
import type { BrokerConfiguration } from './configuration.ts';
import type { Controlled, WithControls } from './control.ts';
import { controlEmbedded } from './embedded/controls.ts';
import { controlMosquitto } from './mosquitto/controls.ts';
import { controlNats } from './nats/controls.ts';
import { controlRabbitmq } from './rabbitmq/controls.ts';
import type { BrokerId } from './registry.ts';

export type { Controlled, Quarantine } from './control.ts';

const CONTROLS = {
  embedded: controlEmbedded,
  mosquitto: controlMosquitto,
  nats: controlNats,
  rabbitmq: controlRabbitmq,
} satisfies Record<BrokerId, WithControls>;

/**
 * The configuration (the adapter's own without one) with which revocation and quarantine work on the
 * running broker. Start it with `crlPem` and with everybody who will connect in `principals`.
 */
export function withControls(adapterId: string, configuration?: BrokerConfiguration): Controlled {
  const own = Object.entries(CONTROLS).find(([id]) => id === adapterId)?.[1];
  if (own !== undefined) return own(configuration);
  return {
    lacks:
      `the broker ${printable(adapterId, 60)} can't be told to revoke or to quarantine: it is not started ` +
      'by doppelfleet; take one that is, such as --broker mosquitto',
  };
}
