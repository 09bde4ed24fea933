/** Metrics over OTLP: what is sent, and what becomes of a receiver that does not behave. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { METRIC_CATALOGUE } from '../../src/metrics/catalogue.ts';
import { type MetricsOptions, openMetrics } from '../../src/metrics/open-metrics.ts';
import { TestAuthority } from '../support/broker-certificates.ts';
import { type Answer, httpReceiver, status } from '../support/http-receiver.ts';
import { pointsOf, readOtlp } from '../support/otlp.ts';
import { requireProgram } from '../support/programs.ts';
import { someFigures, someWorker } from '../support/run-figures.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const WAIT_MS = 20_000;
/** So often that no socket is ever silent for long. */
const TALK_MS = 100;
const OK: Answer = (response) => void response.end('{}');

async function sending(otlp: string, env: MetricsOptions['env'] = {}) {
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  return { ...(await openMetrics({ version: '0.1.0', otlp, env, warn })), warnings };
}

describe('metrics over OTLP', () => {
  it('arrive with every metric, its unit and kind, at the end of a run and at the end', async () => {
    const receiver = await httpReceiver(OK);
    const { observer, end, warnings } = await sending(`${receiver.url}/v1/metrics`);
    observer.planned();
    const clock = { offsetMs: 2, uncertaintyMs: 1, driftMs: 0 };
    observer.figures(someFigures({ workers: [someWorker({ clock })] }));
    await observer.audited();
    expect(receiver.requests).toHaveLength(1);
    await end();
    expect(receiver.requests.length).toBe(2);
    expect(warnings).toEqual([]);
    const [request] = receiver.requests;
    expect(request).toMatchObject({ method: 'POST', url: '/v1/metrics' });
    const { resource, metrics } = readOtlp(request?.body ?? '');
    expect(resource).toMatchObject({ 'service.name': 'doppelfleet', 'service.version': '0.1.0' });
    expect([...metrics.values()].map(({ name, unit, kind }) => [name, unit, kind])).toEqual(
      METRIC_CATALOGUE.map(({ name, unit, kind }) => [name, unit, kind]),
    );
    const labels = { scenario: 'cloned-client-ids', fix: 'none', run: '1' };
    expect(pointsOf(metrics, 'doppelfleet.devices.connected')).toMatchObject([
      [{ ...labels, group: 'pumps' }, 37],
      [{ ...labels, group: 'clones' }, 3],
    ]);
    expect(pointsOf(metrics, 'doppelfleet.worker.clock.offset')).toMatchObject([
      [{ worker: 'this process', 'host.name': 'build-7' }, 0.002],
    ]);
    const [[, duration] = []] = pointsOf(metrics, 'doppelfleet.connect.duration');
    expect(duration).toMatchObject({ count: 5, sum: 2.553 });
  });

  it('begin each run at its own start time', async () => {
    const receiver = await httpReceiver(OK);
    const { observer, end } = await sending(receiver.url);
    const starts: unknown[] = [];
    for (const fix of [undefined, 'uuid']) {
      observer.planned();
      observer.figures(someFigures(fix === undefined ? {} : { fix }));
      await observer.audited();
      const { metrics } = readOtlp(receiver.requests.at(-1)?.body ?? '');
      const [point] = metrics.get('doppelfleet.connects')?.points ?? [];
      const [start] = pointsOf(metrics, 'doppelfleet.run.start.time');
      expect(point?.startSeconds).toBeCloseTo(Number(start?.[1]), 3);
      starts.push([point?.labels.fix, point?.labels.run]);
    }
    await end();
    expect(starts).toEqual([
      ['none', '1'],
      ['uuid', '2'],
    ]);
  });

  it('are not sent as long as no run has begun', async () => {
    const receiver = await httpReceiver(OK);
    const { end, warnings } = await sending(receiver.url);
    await end();
    expect([receiver.requests, warnings]).toEqual([[], []]);
  });
});

describe('a receiver of OTLP that', { timeout: WAIT_MS }, () => {
  it('is missing costs one warning', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const port = portOf(server);
    server.close();
    await once(server, 'close');
    const origin = `http://127.0.0.1:${port}`;
    const { observer, end, warnings } = await sending(`${origin}/v1/metrics`);
    observer.figures(someFigures());
    await observer.audited();
    await end();
    expect(warnings).toEqual([
      `metrics do not reach ${origin}: connect ECONNREFUSED 127.0.0.1:${port}; ` +
        'no run is affected',
    ]);
  });

  it('refuses is quoted with its status, and without the headers of the request', async () => {
    const receiver = await httpReceiver(status(401));
    const { observer, end, warnings } = await sending(receiver.url);
    observer.figures(someFigures());
    await observer.audited();
    await end();
    expect(warnings).toEqual([
      `metrics do not reach ${receiver.url}: status 401 Unauthorized; no run is affected`,
    ]);
  });

  it('comes back is sent the last, and waited for again', async () => {
    const receiver = await httpReceiver(status(400), OK);
    const { observer, end, warnings } = await sending(receiver.url);
    observer.figures(someFigures());
    await observer.audited();
    await end();
    expect(receiver.requests).toHaveLength(2);
    expect(warnings).toHaveLength(1);
  });

  it('never answers is left after a while, at the end of one run and of all', async () => {
    const { origin, sockets } = await speaking('');
    const { observer, end, warnings } = await sending(origin);
    observer.figures(someFigures());
    await observer.audited();
    expect(warnings).toHaveLength(1);
    await end();
    expect(warnings).toEqual([
      `metrics do not reach ${origin}: no answer within 2 s; no run is affected`,
    ]);
    await Promise.all(sockets.map((one) => one.closed || once(one, 'close')));
  });

  it('never ends its answer is left too, with its socket closed', async () => {
    const { origin, sockets } = await speaking('HTTP/1.1 200 OK\r\n\r\n', ' ');
    const { observer, end, warnings } = await sending(origin);
    observer.figures(someFigures());
    await end();
    expect(warnings).toEqual([expect.stringContaining('no answer within 2 s')]);
    expect(sockets.length).toBeGreaterThan(0);
    await Promise.all(sockets.map((one) => one.closed || once(one, 'close')));
  });
});

/** A server that greets everyone, then says more now and then; it closes nothing by itself. */
async function speaking(greeting: string, more = '') {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => {}).resume());
    socket.write(greeting);
    const talk = setInterval(() => socket.write(more), TALK_MS);
    socket.once('close', () => clearInterval(talk));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { origin: `http://127.0.0.1:${portOf(server)}`, sockets };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

const openssl = requireProgram('openssl');

describe('TLS of OTLP', () => {
  it.skipIf(!openssl.available)(
    `trusts and shows what the environment names, and nothing without it${openssl.note}`,
    async () => {
      const authority = new TestAuthority();
      onTestFinished(() => authority.remove());
      const { certificatePem: cert, privateKeyPem: key } = authority.server();
      const seen: string[] = [];
      const options = { cert, key, ca: authority.caPem, requestCert: true };
      const server = createHttpsServer(options, ({ socket }, response) => {
        if (socket instanceof TLSSocket) seen.push(String(socket.getPeerCertificate().subject.CN));
        response.end('{}');
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      onTestFinished(() => void server.close());
      const url = `https://127.0.0.1:${portOf(server)}`;
      const folder = await temporaryFolder();
      const client = authority.device('exporter');
      const env = {
        OTEL_EXPORTER_OTLP_CERTIFICATE: join(folder, 'ca.pem'),
        OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE: join(folder, 'client.pem'),
        OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY: join(folder, 'client.key'),
      };
      await writeFile(env.OTEL_EXPORTER_OTLP_CERTIFICATE, authority.caPem);
      await writeFile(env.OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE, client.certificatePem);
      await writeFile(env.OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY, client.privateKeyPem);
      const trusting = await sending(url, env);
      trusting.observer.figures(someFigures());
      await trusting.end();
      expect([trusting.warnings, seen]).toEqual([[], ['exporter']]);
      const plain = await sending(url);
      plain.observer.figures(someFigures());
      await plain.end();
      expect(plain.warnings).toEqual([expect.stringMatching(/do not reach .+: .*certificate/)]);
      expect(seen).toEqual(['exporter']);
    },
  );

  it('names every file of the environment that can’t be read', async () => {
    const missing = `${await temporaryFolder()}/ca.pem`;
    const env = {
      OTEL_EXPORTER_OTLP_CERTIFICATE: missing,
      OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY: missing,
    };
    await expect(sending('https://127.0.0.1:4318', env)).rejects.toMatchObject({
      exitCode: 64,
      problems: [
        { message: "the file of OTEL_EXPORTER_OTLP_CERTIFICATE can't be read (ENOENT)" },
        { message: "the file of OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY can't be read (ENOENT)" },
      ],
    });
  });
});
