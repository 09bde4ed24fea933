/** The endpoint that Prometheus reads: format, series of one run after another, and refusals. */
import { once } from 'node:events';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { METRIC_CATALOGUE } from '../../src/metrics/catalogue.ts';
import { prometheusName } from '../../src/metrics/metric.ts';
import type { MetricsAddress } from '../../src/metrics/metrics-address.ts';
import { openMetrics } from '../../src/metrics/open-metrics.ts';
import { readExposition, sampleValue } from '../support/exposition.ts';
import { someFigures, someWorker } from '../support/run-figures.ts';
import { someProgress } from '../support/run-progress.ts';

const LOCAL: MetricsAddress = { host: '127.0.0.1', port: 0 };

async function served(prometheus = LOCAL) {
  const metrics = await openMetrics({ version: '0.1.0', prometheus, env: {}, warn: () => {} });
  onTestFinished(() => metrics.end());
  const url = metrics.url ?? '';
  const scrape = async () => readExposition(await (await fetch(url)).text());
  return { ...metrics, url, scrape };
}

/** The status and body of a request with a header or method of its own. */
async function asked(url: string, options: { method?: string; host?: string } = {}) {
  const { method = 'GET', host } = options;
  const sent = request(url, { method, ...(host === undefined ? {} : { headers: { host } }) });
  sent.end();
  const [response] = await once(sent, 'response');
  let body = '';
  for await (const part of response) body += String(part);
  return { status: response.statusCode, headers: response.headers, body };
}

describe('the endpoint for Prometheus', () => {
  it('serves every metric in the text format, with the labels of the run', async () => {
    const { observer, url, scrape } = await served();
    const clock = { offsetMs: 2, uncertaintyMs: 1, driftMs: 0 };
    observer.figures(someFigures({ workers: [someWorker({ clock })] }));
    const { headers } = await asked(url);
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    const families = await scrape();
    expect([...families.keys()]).toEqual(METRIC_CATALOGUE.map(prometheusName));
    for (const { samples } of families.values()) {
      for (const { labels } of samples) {
        expect(labels).toMatchObject({ scenario: 'cloned-client-ids', fix: 'none', run: '1' });
      }
    }
    const buckets = 'doppelfleet_connect_duration_seconds_bucket';
    expect(sampleValue(families, buckets, { le: '0.0001' })).toBe(0);
    expect(sampleValue(families, buckets, { le: '0.0512' })).toBe(4);
    expect(sampleValue(families, buckets, { le: '+Inf' })).toBe(5);
    expect(sampleValue(families, 'doppelfleet_connect_duration_seconds_sum')).toBe(2.553);
    expect(sampleValue(families, 'doppelfleet_connects_total', { result: 'throttled' })).toBe(2);
    expect(sampleValue(families, 'doppelfleet_run_info', { version: '0.1.0' })).toBe(1);
  });

  it('begins anew with the next run and forgets the one before', async () => {
    const { observer, scrape } = await served();
    observer.planned();
    observer.figures(someFigures());
    await observer.audited();
    const before = await scrape();
    expect(sampleValue(before, 'doppelfleet_phase', { phase: 'ended' })).toBe(1);
    observer.planned();
    expect(await scrape()).toEqual(before);
    const progress = someProgress({ phase: 'running', elapsedMs: 200 });
    observer.figures(someFigures({ fix: 'uuid', progress }));
    const families = await scrape();
    expect(sampleValue(families, 'doppelfleet_run_info', { fix: 'uuid', run: '2' })).toBe(1);
    expect(sampleValue(families, 'doppelfleet_phase', { phase: 'ended' })).toBe(0);
    const begin = 'doppelfleet_run_start_time_seconds';
    expect(sampleValue(families, begin)).toBeGreaterThan(sampleValue(before, begin));
  });

  it('is not ended by a run that is refused before its first packet', async () => {
    const { observer, scrape } = await served();
    observer.figures(someFigures());
    observer.planned();
    await observer.audited();
    expect(sampleValue(await scrape(), 'doppelfleet_phase', { phase: 'running' })).toBe(1);
  });

  it('says so as long as no run has begun', async () => {
    const { url } = await served();
    expect(await asked(url)).toMatchObject({ status: 200, body: '# no run has begun yet\n' });
  });

  it('keeps what comes from outside inside its label', async () => {
    const { observer, scrape } = await served();
    const worker = 'a"} 1\ndoppelfleet_up{x="\\';
    observer.figures(someFigures({ workers: [someWorker({ worker, host: '\u001b[2J' })] }));
    const [sample] = (await scrape()).get('doppelfleet_worker_up')?.samples ?? [];
    expect(sample?.labels.worker).toMatch(/^a"} 1.+doppelfleet_up\{x="\\$/);
    expect(sample?.labels.host_name).not.toContain('\u001b');
  });

  it('answers GET of one path, and on loopback no name but localhost', async () => {
    const { observer, url } = await served();
    observer.figures(someFigures());
    const { port } = new URL(url);
    expect((await asked(url, { method: 'HEAD' })).body).toBe('');
    expect(await asked(url, { method: 'POST' })).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD' },
    });
    expect((await asked(url.replace('/metrics', '/'))).status).toBe(404);
    expect((await asked(`${url}?name=x`)).status).toBe(200);
    expect((await asked(url, { host: `localhost:${port}` })).status).toBe(200);
    expect((await asked(url, { host: `[::1]:${port}` })).status).toBe(200);
    expect((await asked(url, { host: `attacker.example:${port}` })).status).toBe(403);
    const everywhere = await served({ host: '0.0.0.0', port: 0 });
    const address = everywhere.url.replace('0.0.0.0', '127.0.0.1');
    expect((await asked(address, { host: 'build-7.example' })).status).toBe(200);
  });

  it('says of a port that is taken, and of a foreign address, why it can’t be had', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const address = other.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    await expect(served({ ...LOCAL, port: address.port })).rejects.toMatchObject({
      exitCode: 69,
      message:
        `127.0.0.1:${address.port} of the metrics is taken — ` +
        'choose another one, such as --metrics :0 for a free port',
    });
    await expect(served({ host: '192.0.2.1', port: 0 })).rejects.toMatchObject({
      exitCode: 69,
      message: expect.stringContaining('192.0.2.1:0 of the metrics is no address of this machine'),
    });
  });

  it('ends while a reader dawdles', async () => {
    const { observer, url, end } = await served();
    observer.figures(someFigures());
    const slow = request(url, { headers: { connection: 'keep-alive' } });
    slow.flushHeaders();
    const [response] = await once(slow.end(), 'response');
    await end();
    response.destroy();
    await expect(fetch(url)).rejects.toThrow();
  });
});
