/**
 * The brokers that doppelfleet starts itself, by the ID that the command line takes. A new one is a
 * folder beside these and one line here. A broker by URL is made with `externalBroker`.
 */
import type { BrokerAdapter } from './adapter.ts';
import { embeddedBroker } from './embedded/adapter.ts';
import { mosquittoBroker } from './mosquitto/adapter.ts';

export type BrokerId = 'embedded' | 'mosquitto';

export const BROKERS = {
  embedded: embeddedBroker,
  mosquitto: mosquittoBroker,
} satisfies Record<BrokerId, BrokerAdapter>;
