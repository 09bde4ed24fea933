/** What a driver needs besides the plan. */
import type { Credential } from '../identity/types.ts';
import type { HealthMonitor } from './health-monitor.ts';
import type { Ledger } from './ledger.ts';
import type { Routes } from './routes.ts';
import type { SessionPorts } from './session.ts';

export interface FleetPorts extends SessionPorts {
  readonly routes: Routes;
  /** Credentials by the names of the plan's certificates. */
  readonly credentials: ReadonlyMap<string, Credential>;
  /** Begins the session IDs, so that those of several drivers differ; `device` by default. */
  readonly sessionPrefix?: string;
  /** Watches this process from the start to the stop; nobody does by default. */
  readonly health?: HealthMonitor;
  /** Who keeps the ledger of a fleet that is driven in parts; the driver itself by default. */
  readonly ledger?: Ledger;
}
