/** Broker actions where no broker runs: on a stored audit they fail with a clear sentence. */
import { ActionFailed } from './journal.ts';
import type { Performer } from './performer.ts';

export const missingBroker: Performer = { foresee: refuse, perform: refuse };

function refuse(): Promise<never> {
  const message = 'this action needs a running broker: run the scenario with run --mitigate';
  return Promise.reject(new ActionFailed('NEEDS_RUNNING_BROKER', message));
}
