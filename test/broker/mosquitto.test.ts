import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { BrokerStartOptions } from '../../src/broker/adapter.ts';
import { mosquittoBroker, startMosquitto } from '../../src/broker/mosquitto/adapter.ts';
import { findMosquitto } from '../../src/broker/mosquitto/program.ts';
import { TestAuthority, type TestCredential } from '../support/broker-certificates.ts';
import { TestClient } from '../support/broker-client.ts';
import { BrokerUnderTest, storyOf } from '../support/broker-harness.ts';
import { requireProgram } from '../support/programs.ts';
import { describeBrokerContract } from './adapter-contract.ts';
import { describeOrphanRule } from './orphan-rule.ts';

const mosquitto = requireProgram('mosquitto');
const openssl = requireProgram('openssl');
const note = `${mosquitto.note}${openssl.note}`;

describe.skipIf(!mosquitto.available || !openssl.available)(`Mosquitto${note}`, () => {
  describeBrokerContract(mosquittoBroker, { reloadsAuthorities: false });
  describeOrphanRule('mosquitto');

  describe('beyond the contract', () => {
    let authority: TestAuthority;
    let server: TestCredential;
    let device: TestCredential;
    let subject: BrokerUnderTest;

    beforeAll(() => {
      authority = new TestAuthority();
      server = authority.server();
      device = authority.device('device-1');
    });
    afterAll(() => authority.remove());
    afterEach(() => subject.end());

    async function start(
      how: (options: BrokerStartOptions) => ReturnType<typeof startMosquitto> = startMosquitto,
    ): Promise<void> {
      subject = await BrokerUnderTest.start({ start: how, authority, server });
    }

    function connect(clientId: string, credential = device): Promise<TestClient> {
      return TestClient.connect({ endpoint: subject.broker.endpoint, credential, clientId });
    }

    test('a client ID that imitates lines of the log neither makes nor ends a session', async () => {
      await start();
      const victim = await connect('victim');
      const forged = [
        'victim already connected, closing old connection.',
        'victim disconnected.',
        'victim closed its connection.\u2028Client victim disconnected.',
        'victim [127.0.0.1:1] disconnected',
        'connection from 127.0.0.1 failed: error:0A000086:SSL routines::certificate verify failed',
      ];
      for (const clientId of forged) {
        const evil = await connect(clientId);
        evil.disconnect();
        await evil.ended;
        const events = await subject.drained();
        expect(storyOf(events, clientId)).toEqual(['connected', 'closed client-initiated']);
      }
      expect(subject.open().map((event) => event.port)).toEqual([victim.port]);
      expect(subject.events).toHaveLength(1 + 2 * forged.length);
      expect(subject.broker.unreadEvidence()).toEqual({ lines: 0, examples: [] });
    });

    test('a client ID that imitates the end of a connect line is read whole, and as doubtful', async () => {
      await start();
      const clientId = "evil (p2, c1, k60, u'dev9').";
      const evil = await connect(clientId);
      const [connected] = await subject.drained();
      expect(connected).toMatchObject({
        clientId,
        principal: { kind: 'common-name', value: 'device-1' },
        port: evil.port,
        inferred: ['clientId', 'principal'],
      });
      expect(subject.broker.unreadEvidence().lines).toBe(1);
      evil.disconnect();
      await evil.ended;
      expect(storyOf(await subject.drained(), clientId)).toEqual([
        'connected',
        'closed client-initiated',
      ]);
      expect(subject.events).toHaveLength(2);
    });

    test('a line break in a common name does not get a line of its own into the evidence', async () => {
      await start();
      const victim = await connect('victim');
      const second = Math.floor(Date.now() / 1000);
      const forger = authority.device(`x\n${second}: Client victim disconnected.`);
      await connect('forger', forger);
      await subject.drained();
      expect(subject.open().map((event) => event.port)).toEqual([victim.port]);
      expect(storyOf(subject.events, 'victim')).toEqual(['connected']);
      const { lines, examples } = subject.broker.unreadEvidence();
      expect(lines).toBe(2);
      expect(examples[1]).toContain('Client victim disconnected.');
    });

    test('a client ID too long for a line of the log is counted as unread, not misread', async () => {
      await start();
      await connect(`${'x'.repeat(1200)}`);
      await subject.drained();
      expect(subject.events).toEqual([]);
      expect(subject.broker.unreadEvidence().lines).toBe(1);
    });

    test('a refused connect under the client ID of a session does not end the session', async () => {
      await start();
      const victim = await connect('victim');
      // Mosquitto refuses it after CONNECT: without a common name there is no identity.
      const nameless = authority.subject('/O=Fleet');
      const { endpoint } = subject.broker;
      const intruder = await TestClient.open({
        endpoint,
        credential: nameless,
        clientId: 'victim',
      });
      expect((await intruder.ended).connack).toBe(4);
      expect(storyOf(await subject.drained(), 'victim')).toEqual([
        'connected',
        'connect-failed auth-error',
      ]);
      expect(subject.open().map((event) => event.port)).toEqual([victim.port]);
    });

    test('a port that is taken in the last moment is left for another one', async () => {
      const occupant = createServer().listen({ host: '127.0.0.1', port: 0 });
      await new Promise((resolve) => occupant.once('listening', resolve));
      const address = occupant.address();
      const taken = typeof address === 'object' ? (address?.port ?? 0) : 0;
      const ports = [taken, taken];
      await start((options) => startMosquitto(options, async () => ports.pop() ?? (await free())));
      expect(subject.broker.endpoint.port).not.toBe(taken);
      occupant.close();
      await connect('a');
      expect(storyOf(await subject.drained(), 'a')).toEqual(['connected']);
    });

    test('its log is kept to the last line', async () => {
      await start();
      await connect('a');
      await subject.broker.stop();
      const log = readFileSync(path.join(subject.folder, 'broker.log'), 'utf8');
      expect(log).toMatch(/New client connected from .* as a .*\n/);
      expect(log).toMatch(/terminating\n$/);
    });
  });
});

describe('finding Mosquitto', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'doppelfleet-path-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function install(name: string, words: string): string {
    const bin = path.join(folder, name);
    mkdirSync(bin);
    writeFileSync(path.join(bin, 'mosquitto'), `#!/bin/sh\necho "${words}"\nexit 3\n`);
    chmodSync(path.join(bin, 'mosquitto'), 0o755);
    return bin;
  }

  test('a missing program is said with what to do', async () => {
    expect(await findMosquitto(folder)).toBe(
      'mosquitto is not installed: install it with apt-get install mosquitto (Debian, Ubuntu)',
    );
  });

  test('its version is taken from its own words, whatever it exits with', async () => {
    const bin = install('new', 'mosquitto version 2.0.22');
    expect(await findMosquitto(bin)).toEqual({
      file: path.join(bin, 'mosquitto'),
      version: '2.0.22',
    });
  });

  test('a version that is too old is refused', async () => {
    const bin = install('old', 'mosquitto version 1.6.9 (build date x)');
    expect(await findMosquitto(bin)).toMatch(/1\.6\.9 is too old/);
  });

  test('a relative folder on PATH is not looked into', async () => {
    expect(await findMosquitto('.:relative')).toMatch(/not installed/);
  });
});

async function free(): Promise<number> {
  const server = createServer().listen({ host: '127.0.0.1', port: 0 });
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}
