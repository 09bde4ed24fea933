/** The last rail: what a process really listens on, as the kernel says. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { listensBeyond } from '../../src/broker/listening-sockets.ts';

describe.skipIf(process.platform !== 'linux')('where a process listens', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  async function listen(host: string): Promise<void> {
    // Whoever finds it in this moment is not let in.
    const server = createServer((socket) => socket.destroy()).listen({ host, port: 0 });
    servers.push(server);
    await once(server, 'listening');
  }

  test('addresses of the loopback interface are this machine alone', async () => {
    await listen('127.0.0.1');
    await listen('127.1.2.3');
    expect(await listensBeyond(process.pid)).toEqual([]);
  });

  test('every other address is not', async () => {
    await listen('127.0.0.1');
    await listen('0.0.0.0');
    expect(await listensBeyond(process.pid)).toEqual(['0.0.0.0']);
  });

  test('of a process that has gone nothing is known', async () => {
    expect(await listensBeyond(2 ** 30)).toEqual([]);
  });
});
