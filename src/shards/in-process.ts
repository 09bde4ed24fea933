/** The fleet in this process: the engine of small fleets. */
import type { Clock } from '../core/time.ts';
import type { Connector } from '../fleet/connector.ts';
import { FleetDriver } from '../fleet/driver.ts';
import { HealthMonitor } from '../fleet/health-monitor.ts';
import { mqttConnector } from '../fleet/mqtt-connector.ts';
import type { FleetEngine } from './fleet-engine.ts';
import { shiftedEvent } from './shifted-event.ts';

/** An engine whose devices open their connections through that connector. */
export function inProcessWith(connect: (clock: Clock) => Promise<Connector>): FleetEngine {
  return {
    title: 'this process',
    workers: 1,
    here: 1,
    async muster({ plan, clock, wall, routes, credentials, record, truth }) {
      const connector = await connect(clock);
      return new FleetDriver(
        plan,
        {
          clock,
          connector,
          routes,
          credentials,
          health: new HealthMonitor(),
          record: (event) => record(shiftedEvent(event, clock.behindMs)),
          truth: (line) => truth({ ...line, at: line.at + clock.behindMs }),
        },
        Math.round(wall.now()),
      );
    },
  };
}

/** Over real sockets. */
export const inProcess: FleetEngine = inProcessWith(mqttConnector);
