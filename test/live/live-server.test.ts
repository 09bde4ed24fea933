import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LiveFeed } from '../../src/live/feed.ts';
import { livePage } from '../../src/live/live-page.ts';
import { startLiveServer } from '../../src/live/live-server.ts';
import { type ReadEvent, readEvents } from '../support/event-source.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function started(options: { readonly canHeal?: boolean } = {}) {
  const feed = new LiveFeed('1.0.0');
  const asked: string[] = [];
  const server = await startLiveServer({
    page: livePage('start()', 'body {}'),
    feed,
    onHeal: () => {
      asked.push('heal');
      return options.canHeal !== false;
    },
    onStop: () => void asked.push('stop'),
  });
  onTestFinished(() => server.close());
  const { origin, port, searchParams } = new URL(server.url);
  const token = searchParams.get('token') ?? '';
  const ask = (method: string, path: string, headers: Readonly<Record<string, string>> = {}) =>
    new Promise<{ status: number; text: string; headers: NodeJS.Dict<string | string[]> }>(
      (resolve, reject) => {
        const asking = request({ host: '127.0.0.1', port, method, path, headers }, (response) => {
          let text = '';
          response.on('data', (part) => {
            text += part;
          });
          const { statusCode: status = 0, headers: got } = response;
          response.on('end', () => resolve({ status, text, headers: got }));
        });
        asking.on('error', reject).end();
      },
    );
  return { feed, server, asked, origin, port, token, ask };
}

describe('the live server', () => {
  it('listens on loopback only, on a free port, behind a token that no two runs share', async () => {
    const [one, other] = [await started(), await started()];
    expect(one.server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{24}$/);
    expect(one.port).not.toBe(other.port);
    expect(one.token).not.toBe(other.token);
  });

  it('gives a page that may load nothing and be framed by nobody', async () => {
    const { ask, token } = await started();
    const { status, text, headers } = await ask('GET', `/?token=${token}`);
    expect(status).toBe(200);
    expect(text).toContain('<script>start()</script>');
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; connect-src 'self'; .*frame-ancestors 'none'$/,
    );
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
  });

  it.each([
    ['no token', 'GET', '/', {}],
    ['a wrong token', 'GET', '/events?token=AAAAAAAAAAAAAAAAAAAAAAAA', {}],
    ['a shorter token', 'GET', '/?token=A', {}],
    ['a token that is not in the header', 'POST', '/stop?token=TOKEN', {}],
    ['another name for this machine', 'GET', '/?token=TOKEN', { host: 'evil.example' }],
    ['another port', 'GET', '/?token=TOKEN', { host: '127.0.0.1:1' }],
    ['another origin', 'POST', '/stop', { origin: 'http://evil.example', token: 'TOKEN' }],
    ['no origin to speak of', 'POST', '/heal', { origin: 'null', token: 'TOKEN' }],
    ['a cross-site request', 'POST', '/heal', { 'sec-fetch-site': 'cross-site', token: 'TOKEN' }],
    ['a path that is not there, without a token', 'GET', '/secret', {}],
  ])('refuses %s with 403', async (_what, method, path, given) => {
    const { ask, token, asked } = await started();
    const headers = Object.fromEntries(
      Object.entries(given).map(([name, value]) => [
        name === 'token' ? 'x-doppelfleet-token' : name,
        value.replace('TOKEN', token),
      ]),
    );
    const { status } = await ask(method, path.replace('TOKEN', token), headers);
    expect(status).toBe(403);
    expect(asked).toEqual([]);
  });

  it('answers what it does not know with 404, and what is asked wrongly with 405', async () => {
    const { ask, token } = await started();
    const headers = { 'x-doppelfleet-token': token };
    for (const path of ['/nothing', '/__proto__', '/report?number=0', '/../../etc/passwd']) {
      expect(await ask('GET', path, headers)).toMatchObject({ status: 404 });
    }
    const wrong = await ask('GET', '/stop', headers);
    expect(wrong).toMatchObject({ status: 405, headers: { allow: 'POST' } });
    expect(await ask('POST', '/events', headers)).toMatchObject({ status: 405 });
  });

  it('heals and stops at the request of its own page, and says when there is nothing to heal', async () => {
    const { ask, token, asked, origin } = await started();
    const headers = { 'x-doppelfleet-token': token, origin, 'sec-fetch-site': 'same-origin' };
    expect(await ask('POST', '/heal', headers)).toMatchObject({ status: 202 });
    expect(await ask('POST', '/stop', headers)).toMatchObject({ status: 202 });
    expect(asked).toEqual(['heal', 'stop']);
    const healed = await started({ canHeal: false });
    const answer = await healed.ask('POST', '/heal', { 'x-doppelfleet-token': healed.token });
    expect(answer).toMatchObject({ status: 409, text: 'there are no faults to end now\n' });
  });

  it('streams the state at first and then what changes, to the end', async () => {
    const { feed, server, origin, token } = await started();
    feed.publish({ type: 'note', text: 'early' });
    const events = readEvents(`${origin}/events?token=${token}`);
    const first = await events.next();
    expect(first.value).toMatchObject({ event: 'snapshot', id: 1, data: { notes: ['early'] } });
    feed.publish({ type: 'note', text: 'a line\nand another' });
    feed.publish({ type: 'ended', reports: [], held: false });
    const closing = server.close();
    const rest: ReadEvent[] = [];
    for await (const event of events) rest.push(event);
    expect(rest).toEqual([
      { event: 'update', id: 2, data: { type: 'note', text: 'a line\nand another' } },
      { event: 'update', id: 3, data: { type: 'ended', reports: [], held: false } },
    ]);
    await closing;
    await expect(fetch(server.url)).rejects.toThrow();
  });

  it('gives the pages of finished reports by their numbers, and nothing else', async () => {
    const { feed, ask, token } = await started();
    const folder = await temporaryFolder();
    const page = join(folder, 'report.html');
    await writeFile(page, '<p>report</p>');
    const report = { scenario: 's', outcome: 'met', folder } as const;
    const gone = { ...report, page: join(folder, 'gone.html') };
    const headers = { 'x-doppelfleet-token': token };
    const get = (number: string) => ask('GET', `/report?number=${number}`, headers);
    expect(await get('0')).toMatchObject({ status: 404 });
    feed.publish({ type: 'ended', reports: [{ ...report, page }, report, gone], held: true });
    expect(await get('0')).toMatchObject({
      status: 200,
      text: '<p>report</p>',
      headers: { 'content-type': 'text/html; charset=utf-8' },
    });
    for (const number of ['1', '2', '3', '-1', 'x', `../${page}`]) {
      expect(await get(number)).toMatchObject({ status: 404 });
    }
  });

  it('holds no more than a little for a reader who does not read, and gives it the state later', async () => {
    const { feed, port, token } = await started();
    const slow = await rawStream(port, token);
    slow.pause();
    const text = 'x'.repeat(60_000);
    for (let n = 0; n < 1000; n++) {
      feed.publish({ type: 'note', text: `${n} ${text}` });
      await turn();
    }
    let read = '';
    slow.on('data', (part) => {
      read += part;
      if (read.includes('999 xxx')) slow.destroy();
    });
    slow.resume();
    await once(slow, 'close');
    // The one at the start was read before.
    expect(read.match(/^event: snapshot$/gm)?.length).toBe(1);
    expect(read.match(/^event: update$/gm)?.length).toBeLessThan(500);
  });

  it('tells its readers nothing after its end, and does not fail of it', async () => {
    const { feed, server, port, token } = await started();
    const stream = await rawStream(port, token);
    let read = '';
    stream.on('data', (part) => {
      read += part;
    });
    const ended = once(stream, 'close');
    const closed = server.close();
    // A write after the end is an error of the response, which would end the process.
    feed.publish({ type: 'note', text: 'too late' });
    await Promise.all([closed, ended]);
    expect(read).not.toContain('too late');
  });

  it('lets sixteen pages look on, and one more when one has gone', async () => {
    const { port, token, ask } = await started();
    const streams = await Promise.all(Array.from({ length: 16 }, () => rawStream(port, token)));
    const refused = await ask('GET', `/events?token=${token}`);
    expect(refused).toMatchObject({ status: 503, text: 'too many pages are looking on\n' });
    streams[0]?.destroy();
    const another = await until(() => rawStream(port, token).catch(() => undefined));
    for (const stream of [...streams, another]) stream.destroy();
  });

  it('says in a sentence that a port is taken', async () => {
    const { port } = await started();
    const options = { page: livePage('', ''), feed: new LiveFeed('1'), onHeal: () => false };
    const second = startLiveServer({ ...options, onStop: () => {}, port: Number(port) });
    await expect(second).rejects.toMatchObject({
      exitCode: 69,
      message: `port ${port} of the live view is taken — leave out --ui-port for a free one`,
    });
  });
});

/** A stream on a bare socket, once its first bytes have come; throws unless it is accepted. */
async function rawStream(port: string, token: string): Promise<Socket> {
  const socket = connect(Number(port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.setEncoding('utf8');
  socket.write(`GET /events?token=${token} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`);
  const [head] = await once(socket, 'data');
  if (String(head).startsWith('HTTP/1.1 200')) return socket;
  socket.destroy();
  throw new Error(String(head));
}

async function until<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const result = await attempt();
    if (result !== undefined) return result;
    await turn();
  }
}
