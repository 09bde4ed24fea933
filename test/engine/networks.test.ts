/** Machines apart: Redis behind TLS and a password, and workers in network namespaces of their own. */
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ensureServer } from '../../src/identity/ensure-server.ts';
import { openStore } from '../../src/identity/store.ts';
import { CLI } from '../support/engine-run.ts';
import { follow, followNode } from '../support/followed-process.ts';
import { fleetFor } from '../support/long-fleet.ts';
import { requireProgram } from '../support/programs.ts';
import { startRedis } from '../support/real-redis.ts';
import { writeScenario } from '../support/scenario-file.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const server = requireProgram('redis-server');
const openssl = requireProgram('openssl');

describe.skipIf(!server.available || !openssl.available)(
  `a Redis with TLS and a password${server.note}${openssl.note}`,
  () => {
    const PASSWORD = { DOPPELFLEET_REDIS_PASSWORD: 'a-secret' };
    const list = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
      followNode([CLI, 'engine', 'list', '--json', ...args], env);

    test('lets in who knows both, and tells the others what is missing', async () => {
      const redis = await startRedis({ tls: true, password: 'a-secret' });
      const engine = ['--engine', redis.url];
      const trusted = [...engine, '--engine-ca', redis.caFile];
      const worker = followNode([CLI, 'worker', '--name', 'w', ...trusted], PASSWORD);
      await worker.says('waits for shards');
      const [good, nobody, stranger, plain] = [
        list(trusted, PASSWORD),
        list(trusted),
        list(engine, PASSWORD),
        list(['--engine', redis.url.replace('rediss', 'redis')], PASSWORD),
      ];
      expect(await good.ended).toBe(0);
      expect(JSON.parse(good.stdout())).toMatchObject({ runs: [], workers: [{ worker: 'w' }] });
      expect(await nobody.ended).toBe(69);
      expect(nobody.said()).toContain('set DOPPELFLEET_REDIS_PASSWORD');
      expect(await stranger.ended).toBe(69);
      expect(stranger.said()).toContain('--engine-ca <pem>');
      expect(await plain.ended).toBe(69);
      expect(plain.said()).toContain('rediss:// is with it');
      for (const one of [good, nobody, stranger, plain]) {
        expect(one.said()).not.toMatch(/a-secret|\bat .*:\d+:\d+/);
      }
    });
  },
);

/** Two networks with a cable between them; says why not where that is not allowed. */
function wire(name: string): string | undefined {
  const ip = (...args: readonly string[]): void =>
    void execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  try {
    ip('netns', 'add', `${name}-a`);
    ip('netns', 'add', `${name}-b`);
    ip(
      'link',
      'add',
      `${name}-a`,
      'netns',
      `${name}-a`,
      'type',
      'veth',
      'peer',
      `${name}-b`,
      'netns',
      `${name}-b`,
    );
    for (const [side, address] of [
      ['a', '10.98.77.1/24'],
      ['b', '10.98.77.2/24'],
    ] as const) {
      const inside = ['-n', `${name}-${side}`];
      ip(...inside, 'address', 'add', address, 'dev', `${name}-${side}`);
      ip(...inside, 'link', 'set', 'lo', 'up');
      ip(...inside, 'link', 'set', `${name}-${side}`, 'up');
    }
    return undefined;
  } catch (error) {
    unwire(name);
    return `network namespaces are not to be had: ${error instanceof Error ? error.message.split('\n')[0] : ''}`;
  }
}

function unwire(name: string): void {
  for (const side of ['a', 'b']) {
    try {
      execFileSync('ip', ['netns', 'delete', `${name}-${side}`], { stdio: 'ignore' });
    } catch {
      // It was never made.
    }
  }
}

const mosquitto = requireProgram('mosquitto');
const wireName = `dfn${process.pid}`;
const unwired = wire(wireName);
afterAll(() => unwire(wireName));
const why = unwired === undefined ? '' : ` (skipped: ${unwired})`;

describe.skipIf(!server.available || !mosquitto.available || unwired !== undefined)(
  `machines in networks of their own${server.note}${mosquitto.note}${why}`,
  () => {
    const inNetwork = (side: 'a' | 'b', argv: readonly string[], env = {}) =>
      follow('ip', ['netns', 'exec', `${wireName}-${side}`, ...argv], env);

    test('drive one fleet against a broker that both have allowed', async () => {
      const folder = await temporaryFolder();
      const certs = join(folder, 'certs');
      await ensureServer(openStore(certs, { now: () => Date.now() }));
      const pems = join(certs, 'default');
      const configuration = [
        'user root',
        'listener 8883 10.98.77.1',
        'allow_anonymous true',
        'require_certificate true',
        'use_identity_as_username true',
        `cafile ${pems}/ca.pem`,
        `certfile ${pems}/server.pem`,
        `keyfile ${pems}/server.key`,
      ];
      await writeFile(join(folder, 'mosquitto.conf'), `${configuration.join('\n')}\n`);
      const broker = inNetwork('a', [mosquitto.file, '-c', join(folder, 'mosquitto.conf')]);
      await broker.says('running');
      const redis = ['redis-server', '--bind', '10.98.77.1', '--port', '6379', '--save', ''];
      const queue = inNetwork('a', [...redis, '--dir', folder, '--protected-mode', 'no']);
      await queue.says('Ready to accept connections');

      const node = [process.execPath, CLI];
      const engine = ['--engine', 'redis://10.98.77.1', '--engine-insecure'];
      const target = ['--allow-target', '10.98.77.1'];
      const here = inNetwork('a', [...node, 'worker', '--name', 'here', ...engine, ...target]);
      const there = inNetwork('b', [...node, 'worker', '--name', 'there', ...engine]);
      await Promise.all([here.says('waits for shards'), there.says('waits for shards')]);

      const allowed = join(folder, 'config', 'doppelfleet');
      await mkdir(allowed, { recursive: true });
      await writeFile(join(allowed, 'targets.yaml'), '- 10.98.77.1\n');
      const file = await writeScenario(folder, fleetFor('2s'));
      const argv = ['run', file, ...engine, '--workers', '2', '--json'];
      const places = ['--out', join(folder, 'runs'), '--certs', certs];
      const about = ['--broker', 'mqtts://10.98.77.1:8883', '--server-name', 'localhost'];
      const run = () =>
        inNetwork('a', [...node, ...argv, ...places, ...about, '--ca', `${pems}/ca.pem`], {
          XDG_CONFIG_HOME: join(folder, 'config'),
        });
      const refused = run();
      expect(await refused.ended).toBe(64);
      expect(refused.said()).toMatch(
        /worker \d \(there\) refuses: 10\.98\.77\.1:8883 is not this machine .* --allow-target 10\.98\.77\.1:8883/,
      );
      there.child.kill('SIGTERM');
      await there.ended;
      const again = inNetwork('b', [...node, 'worker', '--name', 'again', ...engine, ...target]);
      await again.says('waits for shards');
      const good = run();
      // On a busy machine a generator rightly says that it proves nothing.
      expect([0, 2], good.said()).toContain(await good.ended);
      const { history } = (JSON.parse(good.stdout()) as { runs: [{ history: string }] }).runs[0];
      const addresses = (await readFile(history, 'utf8')).match(/"ip":"[^"]+"/g);
      expect(new Set(addresses)).toEqual(new Set(['"ip":"10.98.77.1"', '"ip":"10.98.77.2"']));
    });
  },
);
