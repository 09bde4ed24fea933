/**
 * The brokers that doppelfleet starts itself, by the ID that the command line takes. A new one is a
 * folder beside these and one line here. A broker by URL is made with `externalBroker`.
 */
import type { BrokerAdapter } from './adapter.ts';
import { embeddedBroker } from './embedded/adapter.ts';
import { mosquittoBroker } from './mosquitto/adapter.ts';
import { natsBroker } from './nats/adapter.ts';
import { rabbitmqBroker } from './rabbitmq/adapter.ts';

export type BrokerId = 'embedded' | 'mosquitto' | 'nats' | 'rabbitmq';

export const BROKERS = {
  embedded: embeddedBroker,
  mosquitto: mosquittoBroker,
  nats: natsBroker,
  rabbitmq: rabbitmqBroker,
} satisfies Record<BrokerId, BrokerAdapter>;
