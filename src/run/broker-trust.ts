/**
 * What a configuration may name besides the fleet's authority: a revocation list, which has no
 * entries until somebody is revoked, and an authority that is not the fleet's.
 */
import type { BrokerStartOptions } from '../broker/adapter.ts';
import type { BrokerConfiguration } from '../broker/configuration.ts';
import { type Clock, DAY_MS, HOUR_MS } from '../core/time.ts';
import { type Authority, newAuthority } from '../identity/authority.ts';
import { buildCrl, crlPem } from '../identity/crl-build.ts';
import type { Store } from '../identity/store.ts';
import { loadAuthority } from '../identity/store-authority.ts';

export interface BrokerTrust {
  /** Absent where the store can't sign one. */
  readonly crlPem?: string;
  /** The authority that is not the fleet's. */
  readonly other: Authority;
}
export type ConfiguredStart = Pick<BrokerStartOptions, 'configuration' | 'crlPem' | 'otherCaPem'>;

/** Made for the authority of a store; without a list where the store can't sign one. */
export async function brokerTrust(store: Store, clock: Clock): Promise<BrokerTrust> {
  const now = Math.round(clock.now());
  const fleet = await loadAuthority(store);
  const other = await newAuthority({ now, title: "not the fleet's CA" });
  const content = {
    thisUpdate: now - HOUR_MS,
    nextUpdate: now + DAY_MS,
    number: 1,
    revoked: [],
  };
  return {
    other,
    ...(fleet === undefined ? {} : { crlPem: crlPem(buildCrl(fleet, content)) }),
  };
}

/** What a broker is started with because of its configuration. */
export async function configuredStart(
  store: Store,
  clock: Clock,
  options: { readonly configuration?: BrokerConfiguration; readonly trust?: BrokerTrust },
): Promise<ConfiguredStart> {
  const { configuration, trust } = options;
  if (configuration === undefined) return {};
  const { other, crlPem: list } = trust ?? (await brokerTrust(store, clock));
  return {
    configuration,
    otherCaPem: other.trustPem,
    ...(list === undefined ? {} : { crlPem: list }),
  };
}
