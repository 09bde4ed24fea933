/**
 * Which sources stand for which side. A run's history has both and is joined with itself. Where a
 * source has one side only, it was named for that: it speaks for the side instead of those that
 * have both, whose clock and record of it are left out.
 */
import { printable } from '../../core/text.ts';
import type { Vantage } from '../event.ts';
import type { SideFacts } from './collect.ts';

export interface SidePair {
  readonly device: SideFacts;
  readonly broker: SideFacts;
}

export interface ChosenSides {
  readonly devices: readonly SideFacts[];
  readonly brokers: readonly SideFacts[];
  /** Each device's side with each broker's side that may hold the same connections. */
  readonly pairs: readonly SidePair[];
  readonly remarks: readonly string[];
}

export function chooseSides(sides: readonly SideFacts[], names: readonly string[]): ChosenSides {
  const all = (vantage: Vantage): readonly SideFacts[] =>
    sides.filter((side) => side.vantage === vantage);
  const [allDevices, allBrokers] = [all('device'), all('broker')];
  const alone = (these: readonly SideFacts[], those: readonly SideFacts[]) =>
    these.filter(({ source }) => !those.some((one) => one.source === source));
  const [onlyDevices, onlyBrokers] = [alone(allDevices, allBrokers), alone(allBrokers, allDevices)];
  if (onlyDevices.length === 0 && onlyBrokers.length === 0) {
    const pairs = allDevices.flatMap((device) =>
      allBrokers
        .filter(({ source }) => source === device.source)
        .map((broker) => ({ device, broker })),
    );
    return { devices: allDevices, brokers: allBrokers, pairs, remarks: [] };
  }
  const devices = onlyDevices.length > 0 ? onlyDevices : allDevices;
  const brokers = onlyBrokers.length > 0 ? onlyBrokers : allBrokers;
  const leftOut = sides.filter((side) => !devices.includes(side) && !brokers.includes(side));
  return {
    devices,
    brokers,
    pairs: devices.flatMap((device) => brokers.map((broker) => ({ device, broker }))),
    remarks: leftOut.map(
      ({ source, vantage }) =>
        `the ${vantage}'s side of ${printable(names[source] ?? '')} was left out: another source ` +
        'has that side alone',
    ),
  };
}
