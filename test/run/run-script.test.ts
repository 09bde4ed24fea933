/**
 * Scripts on real brokers over real TLS: what they show, what they leave behind, and that nothing
 * but the behaviour of the broker makes one met.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { BrokerAdapter } from '../../src/broker/adapter.ts';
import { EXIT } from '../../src/core/errors.ts';
import { printable } from '../../src/core/text.ts';
import type { ConnectionEvent } from '../../src/history/event.ts';
import { readHistory } from '../../src/history/reader.ts';
import { BROKERS, externalBroker } from '../../src/index.ts';
import type { ScriptReport } from '../../src/report/script-report.ts';
import { runScript, type ScriptRunOptions } from '../../src/run/run-script.ts';
import { findBuiltInScript, loadScriptFile, parseScript } from '../../src/script/load.ts';
import { tlsOf } from '../fleet/connector-harness.ts';
import { PACKET, startServer } from '../fleet/mqtt-server.ts';
import { requireProgram } from '../support/programs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const mosquitto = requireProgram('mosquitto');

async function play(
  steps: string,
  options: ScriptRunOptions = {},
  clients = '{ owner: {}, intruder: {}, service: {} }',
): Promise<ScriptReport> {
  const folder = await temporaryFolder();
  const text = `name: t\npurpose: p\nclients: ${clients}\nsteps:\n${steps}`;
  const places = { out: join(folder, 'runs'), certs: join(folder, 'certs') };
  return runScript(parseScript(text, 't.yaml'), { ...places, ...options });
}

/** Each step as `2 met`, in order. */
function storyOf({ result }: ScriptReport): readonly string[] {
  return result.steps.map((step) => `${step.step} ${step.outcome}`);
}

async function historyOf({ history }: ScriptReport) {
  const events: ConnectionEvent[] = [];
  const reading = await readHistory(history, {
    header: () => {},
    events: (read) => void events.push(...read),
  });
  return { events, trailer: reading.trailer };
}

/** A broker elsewhere that lets everyone in and answers nothing else. */
async function muteBroker(answer?: Buffer) {
  const server = await startServer({
    ...tlsOf(),
    ...(answer === undefined ? { answer: undefined } : { answer }),
  });
  const url = `mqtts://127.0.0.1:${server.port}`;
  const adapter = externalBroker({ url, caPem: String(tlsOf().ca) });
  const broker = { kind: 'external', adapter, host: '127.0.0.1', port: server.port } as const;
  return { server, broker };
}

const ACCEPTED = Buffer.of(0x20, 3, 0, 0, 0);

describe.each([
  ['embedded', true],
  ['mosquitto', mosquitto.available],
] as const)(`a script on %s`, (id, available) => {
  const broker = { kind: 'local', adapter: BROKERS[id] } as const;

  test.skipIf(!available)('is met where the broker does what it should', async () => {
    const steps = [
      '  - connect: owner',
      '  - connect: intruder',
      '    expect: refused',
      '    risk: a stranger is let in',
      '  - connect: owner',
    ].join('\n');
    const clients = '{ owner: {}, intruder: { certificate: other-authority } }';
    const report = await play(steps, { broker }, clients);
    expect(storyOf(report)).toEqual(['1 met', '2 met', '3 met']);
    expect(report.outcome).toBe('met');
    expect(report.ended).toBe('completed');
  });

  test.skipIf(!available)('is unmet with its risk, and goes on after it', async () => {
    const steps = [
      '  - connect: owner',
      '  - connect: intruder',
      '    expect: refused',
      '    risk: anyone is let in',
      '  - subscribe: { client: owner, filter: a/b, qos: 1 }',
      '  - publish: { client: owner, topic: a/b, payload: own, qos: 1 }',
      '  - receive: { client: owner, payload: own }',
      '  - publish: { client: intruder, topic: a/b, payload: forged, qos: 1 }',
      '  - receive: { client: owner, payload: forged }',
      '    expect: nothing',
      '    risk: anyone may publish',
    ].join('\n');
    const report = await play(steps, { broker });
    const story = ['1 met', '2 unmet', '3 met', '4 met', '5 met', '6 met', '7 unmet'];
    expect(storyOf(report)).toEqual(story);
    expect(report.outcome).toBe('unmet');
    expect(report.result.steps.flatMap((step) => step.risk ?? [])).toEqual([
      'anyone is let in',
      'anyone may publish',
    ]);
    expect(report.result.because).toContain('accepted with CONNACK 0x00');
  });

  test.skipIf(!available)('leaves both sides of every connection, joined by port', async () => {
    const steps = [
      '  - connect: owner',
      '  - connect: intruder',
      '    expect: { answer: any }',
      '  - session: { client: owner, is: closed }',
      '    risk: r',
    ].join('\n');
    const clients = '{ owner: {}, intruder: { clientId: { sameAs: owner } } }';
    const report = await play(steps, { broker }, clients);
    expect(report.outcome).toBe('met');
    const { events } = await historyOf(report);
    const ports = (vantage: string) =>
      events
        .filter((event) => event.vantage === vantage && event.kind === 'connected')
        .map((event) => event.port)
        .sort();
    expect(ports('device')).toHaveLength(2);
    expect(ports('broker')).toEqual(ports('device'));
    const closed = events.filter(({ vantage, kind }) => vantage === 'device' && kind === 'closed');
    expect(closed).toHaveLength(2);
    const files = await readdir(report.folder);
    for (const name of ['history.ndjson', 'junit.xml', 'report.json', 'scenario.json']) {
      expect(files).toContain(name);
    }
    expect(JSON.parse(await readFile(join(report.folder, 'report.json'), 'utf8'))).toEqual(report);
  });

  test.skipIf(!available)('leaves no private key behind', async () => {
    const steps = '  - connect: owner\n    risk: r\n';
    const { folder } = await play(steps, { broker });
    const files = await readdir(folder, { recursive: true, withFileTypes: true });
    const texts = await Promise.all(
      files
        .filter((file) => file.isFile())
        .map((file) => readFile(join(file.parentPath, file.name), 'utf8')),
    );
    expect(texts.length).toBeGreaterThan(3);
    expect(texts.filter((text) => text.includes('PRIVATE KEY'))).toEqual([]);
  });

  test.skipIf(!available)('is inconclusive when the broker dies under it', async () => {
    let pid = 0;
    const adapter: BrokerAdapter = {
      ...BROKERS[id],
      start: async (options) => {
        const started = await BROKERS[id].start(options);
        pid = started.pid;
        return started;
      },
    };
    const steps = [
      '  - connect: owner',
      '  - session: { client: owner, is: closed, within: 1m }',
      '    risk: r',
      '  - wait: 1m',
    ].join('\n');
    const observer = {
      step: (): void => {
        if (pid !== 0) process.kill(pid, 'SIGKILL');
        pid = 0;
      },
    };
    const report = await play(steps, { broker: { kind: 'local', adapter }, observer });
    expect(report.outcome).toBe('inconclusive');
    expect(report.ended).toBe('failed');
    expect(report.failure).toMatch(/SIGKILL/);
    expect(report.result.because).toBe(report.failure);
  });

  test.skipIf(!available)('is inconclusive when it is interrupted', async () => {
    const stop = new AbortController();
    const observer = { step: () => stop.abort() };
    const steps = '  - connect: owner\n  - wait: 1m\n  - connect: intruder\n    risk: r\n';
    const report = await play(steps, { broker, observer, signal: stop.signal });
    expect(report.outcome).toBe('inconclusive');
    expect(report.ended).toBe('interrupted');
    expect(storyOf(report)).toEqual(['1 met']);
    expect((await historyOf(report)).trailer?.outcome).toBe('interrupted');
  });
});

describe('a script is not met', () => {
  test('because who should receive nothing is not connected', async () => {
    const steps = [
      '  - connect: service',
      '  - subscribe: { client: service, filter: a/b, qos: 1 }',
      '  - publish: { client: service, topic: a/b, payload: own, qos: 1 }',
      '  - receive: { client: service, payload: own }',
      '  - disconnect: service',
      '  - connect: intruder',
      '  - publish: { client: intruder, topic: a/b, payload: forged, qos: 1 }',
      '  - receive: { client: service, payload: forged }',
      '    expect: nothing',
      '    risk: r',
    ].join('\n');
    const report = await play(steps);
    expect(report.outcome).toBe('inconclusive');
    expect(report.result.because).toContain('not connected');
  });

  test('because a broker gives no answer at all', async () => {
    const { broker } = await muteBroker();
    const steps = [
      '  - connect: owner',
      '    within: 100ms',
      '    expect: refused',
      '    risk: r',
      '  - connect: owner',
      '    within: 100ms',
    ].join('\n');
    const report = await play(steps, { broker });
    expect(report.outcome).toBe('inconclusive');
    expect(report.result.because).toContain('without an answer');
  });

  test('because nobody listens', async () => {
    const { broker } = await muteBroker();
    const adapter = externalBroker({ url: 'mqtts://127.0.0.1:1', caPem: '' });
    const steps = '  - connect: owner\n    risk: r\n';
    const attempt = play(steps, { broker: { ...broker, adapter, port: 1 } });
    await expect(attempt).rejects.toMatchObject({ exitCode: EXIT.unavailable });
  });

  test('after a control that failed, and what follows is not played', async () => {
    const steps = [
      '  - connect: owner',
      '    expect: refused',
      '  - connect: intruder',
      '    risk: r',
    ].join('\n');
    const report = await play(steps);
    expect(report.outcome).toBe('inconclusive');
    expect(storyOf(report)).toEqual(['1 inconclusive']);
    expect(report.result.because).toContain('(a control)');
  });

  test('where no judged step is about this MQTT version', async () => {
    const steps = '  - connect: owner\n    risk: r\n    when: { mqtt: "5" }\n';
    const report = await play(steps, { mqttVersion: '3.1.1' });
    expect(report.outcome).toBe('inconclusive');
    expect((await play(steps, { mqttVersion: '5' })).outcome).toBe('met');
  });

  test('by a change that the broker can’t make', async () => {
    const { broker } = await muteBroker(ACCEPTED);
    const steps = '  - broker: { crl: missing }\n  - connect: owner\n    risk: r\n';
    const report = await play(steps, { broker });
    expect(report.outcome).toBe('inconclusive');
    expect(storyOf(report)).toEqual(['1 inconclusive']);
  });
});

describe('a script on a broker elsewhere', () => {
  test('closes every connection, also those that a client has left behind', async () => {
    const { server, broker } = await muteBroker(ACCEPTED);
    const steps = '  - connect: owner\n    risk: r\n  - connect: owner\n';
    const report = await play(steps, { broker });
    expect(report.outcome).toBe('met');
    // The first connection is the one that asks whether anybody listens.
    const sessions = [await server.next(), await server.next(), await server.next()];
    await Promise.all(sessions.map((session) => session.ended));
    const goodbyes = sessions.filter(({ packets }) => packets.includes(PACKET.disconnect));
    expect(goodbyes).toHaveLength(2);
  });

  test('is refused unless the target is allowed twice', async () => {
    const adapter = externalBroker({ url: 'mqtts://broker.example', caPem: '' });
    const broker = { kind: 'external', adapter, host: 'broker.example', port: 8883 } as const;
    await expect(play('  - connect: owner\n    risk: r\n', { broker })).rejects.toThrow(
      'has not been allowed as a target',
    );
  });
});

describe('the client IDs of a script', () => {
  test('end with the suffix of a broker that serves several, unless they are empty', async () => {
    const clients =
      '{ owner: {}, intruder: { clientId: { sameAs: owner } }, none: { clientId: "" } }';
    const steps = '  - connect: owner\n  - connect: intruder\n    risk: r\n  - connect: none\n';
    const report = await play(steps, { clientIdSuffix: '-7' }, clients);
    const { events } = await historyOf(report);
    const ids = events
      .filter(({ vantage, kind }) => vantage === 'device' && kind === 'connected')
      .map((event) => event.clientId);
    expect(ids.slice(0, 2)).toEqual(['owner-7', 'owner-7']);
    expect(ids[2]).not.toMatch(/-7$/);
  });
});

describe('a script with hostile texts', () => {
  test('shows them as they are safe, on a terminal and in XML', async () => {
    const hostile = String.raw`"\e[2J</failure>\u202e"`;
    const clients = `{ owner: { clientId: ${hostile} }, intruder: {} }`;
    const steps = [
      '  - connect: owner',
      `  - publish: { client: owner, topic: a/b, payload: ${hostile} }`,
      `  - receive: { client: owner, payload: ${hostile}, within: 50ms }`,
      `    risk: ${hostile}`,
    ].join('\n');
    const report = await play(steps, {}, clients);
    expect(report.outcome).toBe('unmet');
    const junit = await readFile(join(report.folder, 'junit.xml'), 'utf8');
    for (const text of [junit, ...report.result.steps.map((one) => one.text + one.because)]) {
      expect(text).toBe(printable(text, 100_000).replaceAll('\\x0a', '\n'));
    }
    expect(junit.match(/<\/failure>/g)).toHaveLength(1);
  });
});

test('the built-in script of a client without a certificate is met on the embedded broker', async () => {
  const file = await findBuiltInScript('no-certificate');
  const folder = await temporaryFolder();
  const report = await runScript(await loadScriptFile(file ?? ''), {
    out: join(folder, 'runs'),
    certs: join(folder, 'certs'),
  });
  expect(report.outcome).toBe('met');
});
