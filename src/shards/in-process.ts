/** The fleet in this process: the engine of small fleets. */
import { DEVICES_BESIDE_MAX } from '../core/limits.ts';
import { collectAsFleet } from '../fleet/collector.ts';
import { FleetDriver } from '../fleet/driver.ts';
import { HealthMonitor } from '../fleet/health-monitor.ts';
import { mqttConnector } from '../fleet/mqtt-connector.ts';
import type { FleetEngine } from './fleet-engine.ts';
import { shiftedEvent } from './shifted-event.ts';

export const inProcess: FleetEngine = {
  title: 'this process',
  workers: 1,
  here: 1,
  async muster({ plan, clock, wall, routes, credentials, record, truth }) {
    if (plan.devices.length > DEVICES_BESIDE_MAX) collectAsFleet();
    const connector = await mqttConnector(clock);
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
