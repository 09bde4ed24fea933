/** Who a message goes to: the tree of filters against a filter-by-filter comparison. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TopicTree } from '../../src/fleet/topic-tree.ts';
import { matches } from '../support/virtual-sessions.ts';

const level = fc.constantFrom('a', 'b', '', '$s');
const topics = fc.array(level, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const filters = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([parts, open]) => [...parts, ...(open ? ['#'] : [])].join('/'));
const qos = fc.constantFrom(0 as const, 1 as const);

it('finds each subscriber once, with the highest QoS of its filters that match', () => {
  const subscription = fc.record({ filter: filters, qos, who: fc.constantFrom('x', 'y', 'z') });
  fc.assert(
    fc.property(fc.array(subscription, { maxLength: 12 }), topics, (given, topic) => {
      const tree = new TopicTree<string>();
      // A filter given again replaces the one before.
      const last = new Map<string, (typeof given)[number]>();
      for (const one of given) {
        tree.add(one.filter, one.qos, one.who);
        last.set(`${one.who} ${one.filter}`, one);
      }
      const expected = new Map<string, 0 | 1>();
      for (const one of last.values()) {
        if (!matches(one.filter, topic)) continue;
        if (one.qos >= (expected.get(one.who) ?? 0)) expected.set(one.who, one.qos);
      }
      expect(new Map([...tree.match(topic)].sort())).toEqual(new Map([...expected].sort()));
    }),
    { numRuns: 500 },
  );
});

it('takes # for the level above as well, and leaves topics of the server alone', () => {
  const tree = new TopicTree<string>();
  tree.add('sport/#', 1, 'fan');
  tree.add('#', 0, 'all');
  tree.add('+/load', 0, 'any');
  expect([...tree.match('sport').keys()]).toEqual(['all', 'fan']);
  expect([...tree.match('$SYS/load').keys()]).toEqual([]);
  expect([...tree.match('cpu/load').keys()]).toEqual(['all', 'any']);
});
