/** A small fleet, and one that lasts until something happens to it. */

export function fleetFor(duration: string): string {
  return `name: long
purpose: A run that lasts until something happens to it.
fleet:
  steady: { devices: 12 }
arrival: { storm: 0ms }
duration: ${duration}
settle: 0ms
limits: { latenessP99: 60s, cpuShare: 100% }
`;
}

export const LONG = fleetFor('120s');
