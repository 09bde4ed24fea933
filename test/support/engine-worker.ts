/**
 * A worker process for tests: as `doppelfleet worker`, with less patience, and with what a command
 * line can't give: another version, another clock.
 */
import { parseRedisUrl } from '../../src/engine/redis-address.ts';
import { serveEngine } from '../../src/engine/worker.ts';
import { realClock } from '../../src/fleet/real-clock.ts';
import { checkOrder } from '../../src/run/serve-shards.ts';
import { toolVersion } from '../../src/run/tool-version.ts';
import { QUICK } from './engine-timing.ts';

interface Wishes {
  readonly url: string;
  readonly name: string;
  readonly version?: string;
  readonly skewMs?: number;
  readonly sourceAddress?: string;
  readonly devicesMax?: number;
  readonly secret?: string;
}

const wishes = JSON.parse(process.argv[2] ?? '{}') as Wishes;
const {
  url,
  name,
  version = toolVersion(),
  skewMs = 0,
  sourceAddress,
  devicesMax,
  secret,
} = wishes;
const leave = new AbortController();
process.once('SIGTERM', () => leave.abort());
await serveEngine({
  address: parseRedisUrl(url),
  name,
  toolVersion: version,
  timing: QUICK,
  clock: {
    now: () => realClock.now() + skewMs,
    schedule: (at, run) => realClock.schedule(at - skewMs, run),
  },
  ...(sourceAddress === undefined ? {} : { sourceAddresses: [sourceAddress] }),
  ...(secret === undefined ? {} : { secret }),
  checkOrder: (order) =>
    checkOrder(order, {
      allowedTargets: [],
      allowListFile: '~/.config/doppelfleet/targets.yaml',
      ...(devicesMax === undefined ? {} : { caps: { devicesMax } }),
    }),
  log: (sentence) => process.stderr.write(`${sentence}\n`),
  signal: leave.signal,
});
