/**
 * How scripts end that are broken off, and how they don't begin: whatever happens, the history is
 * closed, and neither broker nor connections are left.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { BrokerAdapter } from '../../src/broker/adapter.ts';
import { embeddedBroker } from '../../src/broker/embedded/adapter.ts';
import { loadConfiguration } from '../../src/broker/load-configuration.ts';
import { UserError } from '../../src/core/errors.ts';
import { BROKERS } from '../../src/index.ts';
import { runScript, type ScriptRunOptions } from '../../src/run/run-script.ts';
import { parseScript } from '../../src/script/load.ts';
import { isAlive } from '../support/broker-harness.ts';
import { requireProgram } from '../support/programs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const mosquitto = requireProgram('mosquitto');

async function play(steps: readonly string[], options: ScriptRunOptions = {}) {
  const folder = await temporaryFolder();
  const clients = '{ owner: {}, clone: { clientId: { sameAs: owner } } }';
  const lines = steps.map((one) => `  - ${one}\n`).join('');
  const text = `name: t\npurpose: p\nclients: ${clients}\nsteps:\n${lines}`;
  return runScript(parseScript(text, 't.yaml'), {
    out: join(folder, 'runs'),
    certs: join(folder, 'certs'),
    ...options,
  });
}

/** The embedded broker, with the number of the process that was started last. */
function watched() {
  const seen = { pid: 0 };
  const adapter: BrokerAdapter = {
    ...embeddedBroker,
    start: async (options) => {
      const broker = await embeddedBroker.start(options);
      seen.pid = broker.pid;
      return broker;
    },
  };
  return { seen, broker: { kind: 'local', adapter } as const };
}

const LONG = [
  'wait: 1m',
  'session: { client: owner, is: closed, within: 1m }',
  'receive: { client: owner, payload: m, within: 1m }',
  'duel: { clients: [owner, clone], for: 1m, accepted: 10000 }',
  'connect: owner',
] as const;

describe('a script that is interrupted', () => {
  test.each(LONG)('in the middle of «%s» ends at once, whole', async (long) => {
    const { seen, broker } = watched();
    const stop = new AbortController();
    let steps = 0;
    const observer = {
      // By then the next step has begun.
      step: () => {
        steps += 1;
        if (steps === 2) setImmediate(() => stop.abort());
      },
    };
    const report = await play(
      [
        'connect: owner',
        'publish: { client: owner, topic: a, payload: m, qos: 1 }',
        long,
        '{ connect: owner, risk: r }',
      ],
      { broker, observer, signal: stop.signal },
    );
    expect(report).toMatchObject({
      ended: 'interrupted',
      outcome: 'inconclusive',
      result: { because: 'the script was interrupted', steps: [{ step: 1 }, { step: 2 }] },
    });
    expect(isAlive(seen.pid)).toBe(false);
    const lines = (await readFile(report.history, 'utf8')).trim().split('\n');
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ outcome: 'interrupted' });
  });

  test('twice is killed, with the history closed', async () => {
    const { seen, broker } = watched();
    const kill = new AbortController();
    const observer = { step: () => void setImmediate(() => kill.abort()) };
    const report = await play(['connect: owner', 'wait: 1m', '{ connect: owner, risk: r }'], {
      broker,
      observer,
      killSignal: kill.signal,
    });
    expect(report).toMatchObject({ ended: 'interrupted', outcome: 'inconclusive' });
    expect(isAlive(seen.pid)).toBe(false);
    const lines = (await readFile(report.history, 'utf8')).trim().split('\n');
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ outcome: 'interrupted' });
  });

  test('before it began plays nothing', async () => {
    const report = await play(['{ connect: owner, risk: r }'], { signal: AbortSignal.abort() });
    expect(report).toMatchObject({ ended: 'interrupted', outcome: 'inconclusive' });
    expect(report.result.steps).toEqual([]);
  });
});

test('connections that a client has replaced are closed in the history, too', async () => {
  const report = await play([
    'repeat: { times: 3, steps: [{ connect: owner, before: connect }] }',
    '{ connect: owner, risk: r }',
    'connect: clone',
  ]);
  expect(report.outcome).toBe('met');
  const events = (await readFile(report.history, 'utf8')).split('\n');
  const device = events.filter((line) => line.includes('"vantage":"device"'));
  const count = (kind: string) => device.filter((line) => line.includes(`"kind":"${kind}"`)).length;
  expect([count('connected'), count('closed')]).toEqual([2, 2]);
});

describe('a script does not begin', () => {
  test('in a version that the broker does not speak', async () => {
    const run = play(['{ connect: owner, risk: r }'], {
      broker: { kind: 'local', adapter: BROKERS.nats },
      mqttVersion: '5',
    });
    await expect(run).rejects.toMatchObject({ exitCode: 64 });
    await expect(run).rejects.toThrow('nats does not speak MQTT 5');
  });

  test.skipIf(!mosquitto.available)(
    `with a configuration that the broker rejects, in its own words${mosquitto.note}`,
    async () => {
      const folder = join(await temporaryFolder(), 'mosquitto');
      await mkdir(folder);
      const file = join(folder, 'wrong.conf');
      await writeFile(file, '{{harness}}\nlistener {{port}} 127.0.0.1\nno_such_option true\n');
      const error: unknown = await play(['{ connect: owner, risk: r }'], {
        broker: { kind: 'local', adapter: BROKERS.mosquitto },
        configuration: await loadConfiguration(file),
      }).catch((one: unknown) => one);
      expect(error).toBeInstanceOf(UserError);
      expect(String(error)).toContain('no_such_option');
      expect(String(error)).toContain(`${file}:3`);
    },
  );
});
