/** What every run does before its broker starts, whichever kind of scenario it plays. */
import { BROKERS } from '../broker/registry.ts';
import { checkTarget } from '../broker/target.ts';
import { EXIT, UserError } from '../core/errors.ts';
import type { Clock } from '../core/time.ts';
import { openStore, type Store } from '../identity/store.ts';
import type { BrokerChoice, RunObserver, RunOptions } from './ports.ts';
import { checkReachable } from './reachable.ts';

/** The broker that runs use when none is named. */
export const DEFAULT_BROKER: BrokerChoice = { kind: 'local', adapter: BROKERS.embedded };

/** Throws a `UserError` (64) unless the target is this machine, or was allowed twice. */
export function checkTargetAllowed(
  targets: readonly string[],
  broker: BrokerChoice,
  options: Pick<RunOptions, 'allowedTargets' | 'allowListFile' | 'furtherEndpoints'>,
): void {
  const { furtherEndpoints = [] } = options;
  if (broker.kind === 'local') {
    if (furtherEndpoints.length === 0) return;
    throw new UserError(EXIT.usage, {
      message: '--endpoint belongs to a broker that runs elsewhere',
      hint: 'leave it out, or name the broker as --broker mqtts://host:port',
    });
  }
  const { allowedTargets = [], allowListFile = "the user's allow-list" } = options;
  for (const { host, port } of [broker, ...furtherEndpoints]) {
    checkTarget(host, port, {
      named: [...targets, ...allowedTargets],
      confirmed: [host],
      userFile: allowListFile,
    });
  }
}

/** Throws a `UserError` (69) if the broker can't be started, or reached at every endpoint, here. */
export async function checkBrokerAvailable(
  broker: BrokerChoice,
  { furtherEndpoints = [] }: Pick<RunOptions, 'furtherEndpoints'> = {},
): Promise<void> {
  const unavailable = await broker.adapter.unavailable();
  if (unavailable !== undefined) throw new UserError(EXIT.unavailable, { message: unavailable });
  if (broker.kind === 'local') return;
  for (const endpoint of [broker, ...furtherEndpoints]) await checkReachable(endpoint);
}

/** The store of certificates that the options name. */
export function openRunStore(
  { certs = 'certs', authority }: Pick<RunOptions, 'certs' | 'authority'>,
  clock: Clock,
  observer: Pick<RunObserver, 'warning'>,
): Store {
  return openStore(certs, {
    now: () => clock.now(),
    ...(authority === undefined ? {} : { authority }),
    onWarning: ({ message, hint }) =>
      observer.warning?.(hint === undefined ? message : `${message} — ${hint}`),
  });
}
