/** A worker process that dies says of what. */
import { expect, onTestFinished, test } from 'vitest';
import { ProcessLink } from '../../src/shards/local/process-link.ts';
import { planOf } from '../scenario/helpers.ts';
import { virtualFleet } from '../support/virtual-run.ts';

test('a worker that dies of an error is reported with its words, not with a stack', async () => {
  const plan = planOf('  one: { devices: 1 }\n');
  const { credentials } = virtualFleet(plan, {});
  const link = new ProcessLink('worker 1');
  onTestFinished(() => link.close());
  const gone = new Promise<string>((resolve) => {
    link.listen({
      message: ({ type }) => {
        if (type === 'ready') link.send({ type: 'start', at: Date.now() });
      },
      gone: resolve,
    });
  });
  // Node throws for such a port, out of a timer.
  const endpoint = { host: '127.0.0.1', port: 70_000, caPem: '' };
  const routes = { endpoints: [endpoint], sourceAddresses: [] } as const;
  const order = { shard: 1, plan, credentials: [...credentials.values()], routes };
  link.send({ type: 'prepare', order });
  expect(await gone).toMatch(/^ended with code 1 \(RangeError.*: Port should be .*\)$/);
});
