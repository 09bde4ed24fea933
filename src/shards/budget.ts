/**
 * What a fleet needs of a machine against what the machine has: open files, ports, memory. Computed
 * before the first packet, because a run that hits one of them in its middle shows the machine's
 * limits and not the broker's. Pure.
 */
import type { Problem } from '../core/errors.ts';
import { plural } from '../core/text.ts';
import { type Routes, routeOf } from '../fleet/routes.ts';
import type { FleetPlan } from '../scenario/plan.ts';

/** What a machine has. */
export interface MachineLimits {
  /** Files that one process may have open (`ulimit -n`). */
  readonly openFilesMax: number;
  /** Ports that connections are given, both included. */
  readonly ports: { readonly from: number; readonly to: number };
  /** What processes may still take of the memory. */
  readonly availableBytes: number;
}

export interface BudgetQuestion {
  /** The part of the plan that each process of this machine drives. */
  readonly shards: readonly Pick<FleetPlan, 'devices'>[];
  /** Endpoints by the words that people know them by. */
  readonly routes: Routes<string>;
  /** Devices of a broker that runs on this machine as well; absent for a broker elsewhere. */
  readonly brokerDevices?: number;
  readonly machine: MachineLimits;
}

/** Files that a process has open besides its devices. */
const OTHER_FILES = 200;
/** Resident memory of a connected device, of a process without any, and of a broker's connection. */
const DEVICE_BYTES = 110 * 1024;
const PROCESS_BYTES = 130 * 1024 * 1024;
const BROKER_CONNECTION_BYTES = 90 * 1024;
/** Standard deviations above the mean; one process in some ten thousand gets more. */
const DEVIATIONS = 4;
/** All addresses of 127.0.0.0/8 are this machine's own. */
const IPV4_LOOPBACK = /^(?:127\.|localhost:)/;
const ADDRESSES_SHOWN = 4;
/** More are no remedy. */
const WORKERS_MAX = 1024;

/** Everything that does not fit, with the numbers and the remedy; nothing if all fits. */
export function budgetProblems(question: BudgetQuestion): readonly Problem[] {
  return [...fileProblems(question), ...portProblems(question), ...memoryProblems(question)];
}

function fileProblems({ shards, brokerDevices, machine }: BudgetQuestion): readonly Problem[] {
  const { openFilesMax } = machine;
  const largest = Math.max(0, ...shards.map(({ devices }) => devices.length));
  const total = shards.reduce((sum, { devices }) => sum + devices.length, 0);
  const problems: Problem[] = [];
  const needed = largest + OTHER_FILES;
  if (needed > openFilesMax) {
    const workers = workersWithin(openFilesMax - OTHER_FILES, total);
    const orMore =
      workers === undefined ? '' : `, or take more processes with --workers ${workers}`;
    problems.push({
      message: `${plural(largest, 'device')} in one process need ${count(needed)} open files, and it may have ${count(openFilesMax)}`,
      hint: `raise it with ulimit -n ${needed}${orMore}`,
    });
  }
  const brokerNeeds = (brokerDevices ?? 0) + OTHER_FILES;
  if (brokerDevices !== undefined && brokerNeeds > openFilesMax) {
    problems.push({
      message: `a broker that is started here needs ${count(brokerNeeds)} open files for ${plural(brokerDevices, 'device')}, and it may have ${count(openFilesMax)}`,
      hint: `raise it with ulimit -n ${brokerNeeds}, or name a broker that runs elsewhere`,
    });
  }
  return problems;
}

/** So many processes that none gets more than `room` devices; undefined if no number is enough. */
function workersWithin(room: number, total: number): number | undefined {
  // Devices fall to processes by chance: the largest share is some deviations above the mean.
  const mean = (Math.sqrt(room + DEVIATIONS ** 2 / 4) - DEVIATIONS / 2) ** 2;
  return room > 0 && total / mean <= WORKERS_MAX ? Math.ceil(total / mean) : undefined;
}

function portProblems({ shards, routes, machine }: BudgetQuestion): readonly Problem[] {
  const { from, to } = machine.ports;
  const ports = to - from + 1;
  const devices = new Map<string, number>();
  for (const { name } of shards.flatMap((shard) => shard.devices)) {
    const { endpoint, sourceAddress } = routeOf(name, routes);
    // A port that is bound to an address of ours serves one connection, wherever it leads.
    const way = sourceAddress === undefined ? `to ${endpoint}` : `from ${sourceAddress}`;
    devices.set(way, (devices.get(way) ?? 0) + 1);
  }
  return [...devices].flatMap(([way, needed]) => {
    if (needed <= ports) return [];
    const more = Math.ceil((needed * devices.size * 1.02) / ports);
    const isLocal = routes.endpoints.every((endpoint) => IPV4_LOOPBACK.test(endpoint));
    const some = Array.from({ length: Math.min(more, ADDRESSES_SHOWN) }, (_, n) =>
      isLocal ? `127.0.0.${n + 1}` : '<address>',
    );
    return [
      {
        message: `${plural(needed, 'connection')} ${way} need as many ports, and there are ${count(ports)} (${from} to ${to})`,
        hint: `spread them over ${plural(more, 'address', 'addresses')} of this machine, such as --source-address ${some.join(',')}${more > some.length ? ',…' : ''}`,
      },
    ];
  });
}

function memoryProblems({ shards, brokerDevices, machine }: BudgetQuestion): readonly Problem[] {
  const total = shards.reduce((sum, { devices }) => sum + devices.length, 0);
  const ours = total * DEVICE_BYTES + shards.length * PROCESS_BYTES;
  const brokers = (brokerDevices ?? 0) * BROKER_CONNECTION_BYTES;
  if (ours + brokers <= machine.availableBytes) return [];
  const withBroker = brokers > 0 ? `, ${gib(brokers)} of it for the broker` : '';
  return [
    {
      message: `${plural(total, 'device')} take about ${gib(ours + brokers)} of memory${withBroker}, and ${gib(machine.availableBytes)} are available`,
      hint: 'take fewer devices, or put workers on other machines with --engine',
    },
  ];
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
