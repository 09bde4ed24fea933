/**
 * What a configuration may name besides the fleet's authority: a revocation list, which has no
 * entries until somebody is revoked, and an authority that is not the fleet's.
 */
import type { BrokerStartOptions } from '../broker/adapter.ts';
import type { BrokerConfiguration } from '../broker/configuration.ts';
import { EXIT, UserError } from '../core/errors.ts';
import { type Clock, DAY_MS, HOUR_MS } from '../core/time.ts';
import { type Authority, newAuthority } from '../identity/authority.ts';
import { buildCrl, crlPem } from '../identity/crl-build.ts';
import type { Store } from '../identity/store.ts';
import { loadAuthority } from '../identity/store-authority.ts';
import type { Credential } from '../identity/types.ts';

export interface BrokerTrust {
  /** Absent where the store can't sign one. */
  readonly crlPem?: string;
  /** The authority that is not the fleet's. */
  readonly other: Authority;
}
export type ConfiguredStart = Pick<BrokerStartOptions, 'configuration' | 'crlPem' | 'otherCaPem'>;

/**
 * Made for the authority of a store; without a list where the store can't sign one. `revoked` stand
 * on the list from the start.
 */
export async function brokerTrust(
  store: Store,
  clock: Clock,
  revoked: readonly Credential[] = [],
): Promise<BrokerTrust> {
  const other = await newAuthority({ now: Math.round(clock.now()), title: "not the fleet's CA" });
  const list = await signedList(store, clock, revoked);
  return { other, ...(list === undefined ? {} : { crlPem: list }) };
}

/** What a broker is started with because of its configuration. */
export async function configuredStart(
  store: Store,
  clock: Clock,
  options: {
    readonly configuration?: BrokerConfiguration | undefined;
    readonly trust?: BrokerTrust | undefined;
    /** On the revocation list from the start. */
    readonly revoked?: readonly Credential[];
  },
): Promise<ConfiguredStart> {
  const { configuration, trust, revoked = [] } = options;
  if (configuration === undefined) return {};
  const made = trust ?? (await brokerTrust(store, clock, revoked));
  const list =
    trust !== undefined && revoked.length > 0
      ? await signedList(store, clock, revoked)
      : made.crlPem;
  if (list === undefined && revoked.length > 0) throw noAuthority();
  return {
    configuration,
    otherCaPem: made.other.trustPem,
    ...(list === undefined ? {} : { crlPem: list }),
  };
}

async function signedList(
  store: Store,
  clock: Clock,
  revoked: readonly Credential[],
): Promise<string | undefined> {
  const fleet = await loadAuthority(store);
  if (fleet === undefined) return undefined;
  const now = Math.round(clock.now());
  const content = {
    thisUpdate: now - HOUR_MS,
    nextUpdate: now + DAY_MS,
    number: 1,
    revoked: revoked.map(({ serialNumber }) => ({ serialNumber, revokedAt: now - HOUR_MS })),
  };
  return crlPem(buildCrl(fleet, content));
}

function noAuthority(): UserError {
  return new UserError(EXIT.usage, {
    message: "the store has no key of the fleet's authority to sign a revocation list with",
    hint: "import the authority's certificate and key, or use a store of your own with --certs",
  });
}
