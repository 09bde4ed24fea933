/** What the wheel of pings holds on to. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import { KeepAlive, type KeptAlive } from '../../src/fleet/keep-alive.ts';

const MINUTE_SECONDS = 60;

function connection(): KeptAlive {
  return { ping: () => {}, unanswered: () => {} };
}

/** A connection that was kept alive and has been closed since. */
function closedConnection(keepAlive: KeepAlive): WeakRef<KeptAlive> {
  const closed = connection();
  keepAlive.add(closed, MINUTE_SECONDS);
  keepAlive.remove(closed);
  return new WeakRef(closed);
}

describe('KeepAlive', () => {
  const open = connection();
  const keepAlive = new KeepAlive();
  afterEach(() => keepAlive.remove(open));

  it('lets go of a closed connection at once, and not when its ping would have been due', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    keepAlive.add(open, MINUTE_SECONDS);
    const closed = closedConnection(keepAlive);
    // A WeakRef holds its target until the end of the turn that made it.
    await new Promise(setImmediate);
    collect();
    expect(closed.deref()).toBeUndefined();
  });
});
