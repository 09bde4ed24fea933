/**
 * How late each device of a group came, one by one: from the planned instant of its first connect to
 * the start of that connect, and to its CONNACK. Listens to what a fleet records anyway.
 */
import { type Distribution, distributionOf } from '../src/fleet/statistics.ts';
import type { FleetPlan } from '../src/scenario/plan.ts';
import type { FleetEngine, FleetRequest } from '../src/shards/fleet-engine.ts';

type Recorded = Pick<FleetRequest, 'record' | 'truth'>;

/** Times in ms. */
export interface Arrivals {
  readonly latenessMs: Distribution | undefined;
  readonly responseMs: Distribution | undefined;
  /** From the start of the run to the CONNACK of the last of all devices. */
  readonly lastConnectedMs: number;
}

export class ArrivalTimes {
  /** When the devices that have not come yet should, in ms from the start. */
  readonly #planned: Map<string, number>;
  readonly #sessions = new Map<string, number>();
  readonly #begunAt: { readonly plannedMs: number; readonly at: number }[] = [];
  readonly #connectedAt: { readonly plannedMs: number; readonly at: number }[] = [];
  #lastConnectedAt = 0;

  constructor({ devices }: FleetPlan, group: string | undefined) {
    this.#planned = new Map(
      devices.flatMap((one) => (one.group === group ? [[one.name, one.arrivesAtMs]] : [])),
    );
  }

  /** The same engine, overheard. */
  of(engine: FleetEngine): FleetEngine {
    return {
      ...engine,
      muster: (request) => engine.muster({ ...request, ...this.#overhear(request) }),
    };
  }

  /** `startedAt` is the instant from which the plan's times count. */
  arrivals(startedAt: number): Arrivals {
    // Timers may fire a millisecond early.
    const afterPlan = ({ plannedMs, at }: { readonly plannedMs: number; readonly at: number }) =>
      Math.max(0, at - startedAt - plannedMs);
    return {
      latenessMs: distributionOf(this.#begunAt.map(afterPlan)),
      responseMs: distributionOf(this.#connectedAt.map(afterPlan)),
      lastConnectedMs: this.#lastConnectedAt - startedAt,
    };
  }

  #overhear({ record, truth }: Recorded): Recorded {
    return {
      truth: (line) => {
        const plannedMs = this.#planned.get(line.device);
        if (plannedMs !== undefined && line.kind === 'connecting') {
          this.#planned.delete(line.device);
          this.#sessions.set(line.sessionId, plannedMs);
          this.#begunAt.push({ plannedMs, at: line.at });
        }
        truth(line);
      },
      record: (event) => {
        if (event.kind === 'connected' && event.vantage === 'device') {
          this.#lastConnectedAt = event.at;
          const plannedMs = this.#sessions.get(event.sessionId);
          if (plannedMs !== undefined && this.#sessions.delete(event.sessionId)) {
            this.#connectedAt.push({ plannedMs, at: event.at });
          }
        }
        record(event);
      },
    };
  }
}
