/**
 * Issues what the cells of a matrix need before any of them starts, so that they find it in the
 * store and don't wait for one another's lock.
 */
import { UserError } from '../core/errors.ts';
import { HOUR_MS } from '../core/time.ts';
import { ensureDevices } from '../identity/ensure-devices.ts';
import { ensureServer } from '../identity/ensure-server.ts';
import { openStore } from '../identity/store.ts';
import type { CertificateRequest } from '../identity/types.ts';
import type { MatrixScenario } from '../matrix/scenario-reference.ts';
import { planScenario } from '../scenario/prepare.ts';
import { commonNameOf } from '../script/world.ts';
import { type BrokerTrust, brokerTrust } from './broker-trust.ts';
import type { CellContext } from './run-cell.ts';

/** A matrix is over by then. */
const REMAINING_MS_MIN = 4 * HOUR_MS;

/** What a scenario takes from the store; scripts mint for themselves, in memory. */
function certificatesOf(scenario: MatrixScenario): readonly CertificateRequest[] {
  return scenario.kind === 'fleet' ? planScenario(scenario.fleet).certificates : [];
}

/** Common names of a scenario's clients, for brokers that keep a list of users. */
export function principalsOf(scenario: MatrixScenario): readonly string[] {
  if (scenario.kind === 'fleet') return certificatesOf(scenario).map(({ thingName }) => thingName);
  const { script } = scenario.script;
  return Object.keys(script.clients).map((name) => commonNameOf(script, name));
}

/** Resolves with what the brokers of all cells trust besides the fleet's authority. */
export async function issueCertificates(
  scenarios: readonly MatrixScenario[],
  { certs, authority, clock, signal, onWarning }: Omit<CellContext, 'trust'>,
): Promise<BrokerTrust> {
  const store = openStore(certs, {
    now: () => clock.now(),
    authority,
    onWarning: ({ message }) => onWarning(message),
  });
  await ensureServer(store, { remainingMsMin: REMAINING_MS_MIN });
  for (const scenario of scenarios) {
    if (signal.aborted) break;
    const requests = certificatesOf(scenario);
    if (requests.length === 0) continue;
    await ensureDevices(store, requests, { remainingMsMin: REMAINING_MS_MIN, signal }).catch(
      (error: unknown) => {
        // The cells of this scenario will say it.
        if (!(error instanceof UserError) && !signal.aborted) throw error;
      },
    );
  }
  return brokerTrust(store, clock);
}
