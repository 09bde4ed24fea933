/**
 * Entry point of a worker process on this machine; started by `process-link.ts` with `fork`. It ends
 * by itself when its parent has gone, so that nothing is left even after the parent was killed.
 */
import { collectAsFleet } from '../../fleet/collector.ts';
import { mqttConnector } from '../../fleet/mqtt-connector.ts';
import { realClock } from '../../fleet/real-clock.ts';
import type { FromWorker, ToWorker } from '../protocol.ts';
import { ShardRunner } from '../shard-runner.ts';

collectAsFleet();
const runner = new ShardRunner({
  clock: realClock,
  connector: mqttConnector,
  send: (message: FromWorker) => {
    if (process.connected) process.send?.(message);
  },
});

process.on('disconnect', () => {
  runner.kill();
  process.exit();
});
process.on('message', async (message: ToWorker) => {
  try {
    await runner.receive(message);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    process.send?.({ type: 'failed', message: words } satisfies FromWorker);
  }
});
