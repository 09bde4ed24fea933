/**
 * Over which way a device reaches the broker: one of its endpoints, from one of our addresses. A
 * device keeps its way for the whole run, whichever process drives it.
 */
import type { BrokerEndpoint } from '../broker/adapter.ts';
import { hash32 } from '../core/random.ts';

export interface Route<Endpoint = BrokerEndpoint> {
  readonly endpoint: Endpoint;
  /** The address to connect from; the system's choice by default. */
  readonly sourceAddress?: string;
}

/** All ways there are; at least one endpoint. */
export interface Routes<Endpoint = BrokerEndpoint> {
  readonly endpoints: readonly [Endpoint, ...Endpoint[]];
  readonly sourceAddresses: readonly string[];
}

/** The way of a device, spread evenly over all endpoints and all addresses. */
export function routeOf<Endpoint>(
  device: string,
  { endpoints, sourceAddresses }: Routes<Endpoint>,
): Route<Endpoint> {
  const [first] = endpoints;
  if (endpoints.length === 1 && sourceAddresses.length === 0) return { endpoint: first };
  const place = hash32(`route ${device}`);
  const endpoint = endpoints[place % endpoints.length] ?? first;
  // What decided the endpoint must not decide the address as well.
  const rest = Math.floor(place / endpoints.length);
  const sourceAddress = sourceAddresses[rest % Math.max(1, sourceAddresses.length)];
  return { endpoint, ...(sourceAddress === undefined ? {} : { sourceAddress }) };
}
