/** The way of a device to the broker. */
import { describe, expect, it } from 'vitest';
import { type Routes, routeOf } from '../../src/fleet/routes.ts';

const devices = Array.from({ length: 4_000 }, (_, n) => `pump-${n + 1}`);

function counts(routes: Routes<string>): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const device of devices) {
    const { endpoint, sourceAddress = 'any' } = routeOf(device, routes);
    const way = `${endpoint} from ${sourceAddress}`;
    found.set(way, (found.get(way) ?? 0) + 1);
  }
  return found;
}

describe('routeOf', () => {
  it('spreads devices evenly over every endpoint and every address', () => {
    const ways = counts({ endpoints: ['a', 'b'], sourceAddresses: ['1', '2'] });
    expect([...ways.keys()].toSorted()).toEqual(['a from 1', 'a from 2', 'b from 1', 'b from 2']);
    for (const count of ways.values()) expect(Math.abs(count - 1_000)).toBeLessThan(120);
  });

  it('leaves the address to the system where none is named', () => {
    expect(counts({ endpoints: ['a'], sourceAddresses: [] })).toEqual(
      new Map([['a from any', 4_000]]),
    );
  });

  it('gives a device the same way every time', () => {
    const routes = { endpoints: ['a', 'b', 'c'], sourceAddresses: ['1', '2'] } as const;
    for (const device of devices.slice(0, 50)) {
      expect(routeOf(device, routes)).toEqual(routeOf(device, routes));
    }
  });
});
