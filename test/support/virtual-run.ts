/**
 * Runs a plan in virtual time as `run/drive.ts` runs it on sockets: drive, heal and settle, stop.
 * Certificates are plain objects; what the broker saw comes back with the plan's own words for it.
 */
import { createHash } from 'node:crypto';
import { nextRandom } from '../../src/core/random.ts';
import type { EpochMs } from '../../src/core/time.ts';
import { FleetDriver } from '../../src/fleet/driver.ts';
import type { TruthRecord } from '../../src/fleet/session.ts';
import type { FleetStatistics } from '../../src/fleet/statistics.ts';
import type { ObservedEvent } from '../../src/history/event.ts';
import type { Credential } from '../../src/identity/types.ts';
import type { FleetPlan } from '../../src/scenario/plan.ts';
import { VirtualBroker, type VirtualBrokerOptions, type VirtualSession } from './virtual-broker.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface VirtualRun {
  readonly plan: FleetPlan;
  readonly credentials: ReadonlyMap<string, Credential>;
  readonly sessions: readonly VirtualSession[];
  readonly events: readonly ObservedEvent[];
  readonly truth: readonly TruthRecord[];
  readonly statistics: FleetStatistics;
  readonly startedAt: EpochMs;
  readonly endedAt: EpochMs;
  readonly clock: VirtualClock;
  readonly broker: VirtualBroker;
}

/** Quiet for this long counts as settled, as in a real run. */
const QUIET_MS_MAX = 500;
const STOP_MS_MAX = 10_000;

/** What a device presents, without any cryptography. */
function fakeCredentials(plan: FleetPlan): ReadonlyMap<string, Credential> {
  return new Map(
    plan.certificates.map(({ name, thingName }) => [
      name,
      {
        name,
        thingName,
        certificateId: hex(name, 64),
        serialNumber: hex(`serial of ${name}`, 32),
        certificatePem: '',
        privateKeyPem: '',
      },
    ]),
  );
}

export interface VirtualFleet {
  readonly clock: VirtualClock;
  readonly broker: VirtualBroker;
  readonly driver: FleetDriver;
  readonly events: ObservedEvent[];
  readonly truth: TruthRecord[];
  readonly credentials: ReadonlyMap<string, Credential>;
  readonly startedAt: EpochMs;
}

export interface VirtualOptions extends Partial<VirtualBrokerOptions> {
  /** The network's own seed; that of the plan by default. */
  readonly networkSeed?: number;
  /** Keeps no events and no truth: for fleets whose history would fill the memory. */
  readonly forgetful?: boolean;
}

/** A fleet in virtual time, not yet started. */
export function virtualFleet(plan: FleetPlan, options: VirtualOptions = {}): VirtualFleet {
  const { networkSeed = plan.seed, forgetful = false, ...broking } = options;
  const clock = new VirtualClock();
  const events: ObservedEvent[] = [];
  const truth: TruthRecord[] = [];
  const keep = <T>(list: T[]) => (forgetful ? () => {} : (item: T) => void list.push(item));
  let state = networkSeed;
  const broker = new VirtualBroker(clock, {
    random: () => {
      const [value, next] = nextRandom(state);
      state = next;
      return value;
    },
    onEvent: keep(events),
    ...broking,
  });
  const credentials = fakeCredentials(plan);
  const startedAt = clock.now();
  const driver = new FleetDriver(
    plan,
    {
      clock,
      connector: broker,
      routes: { endpoints: [{ host: 'virtual', port: 8883, caPem: '' }], sourceAddresses: [] },
      credentials,
      record: keep(events),
      truth: keep(truth),
    },
    startedAt,
  );
  return { clock, broker, driver, events, truth, credentials, startedAt };
}

/** Drives the whole plan to its end. */
export async function runVirtually(
  plan: FleetPlan,
  options: VirtualOptions = {},
): Promise<VirtualRun> {
  const fleet = virtualFleet(plan, options);
  const { clock, broker, driver } = fleet;
  driver.start();
  clock.runUntil(fleet.startedAt + plan.durationMs);
  if (plan.settleMs > 0) {
    await clock.passUntil(driver.settle(Math.min(QUIET_MS_MAX, plan.settleMs / 2)));
  }
  await clock.passUntil(driver.finishMessages());
  const statistics = driver.statistics();
  await clock.passUntil(driver.stop(STOP_MS_MAX));
  while (clock.step());
  return { ...fleet, plan, sessions: broker.sessions, statistics, endedAt: clock.now() };
}

function hex(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}
