/**
 * Built-in scripts on Mosquitto with the configurations that are shipped: what a stolen certificate
 * can do, and the line of a configuration that stops it.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadConfiguration } from '../../src/broker/load-configuration.ts';
import { mosquittoBroker } from '../../src/broker/mosquitto/adapter.ts';
import { runScript } from '../../src/run/run-script.ts';
import { type LoadedScript, parseScript } from '../../src/script/load.ts';
import { loadAnyScenario } from '../../src/script/load-any.ts';
import { requireProgram } from '../support/programs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const mosquitto = requireProgram('mosquitto');
const CONFIGURATIONS = fileURLToPath(new URL('../../configurations/mosquitto/', import.meta.url));

async function play(name: string, configuration: string, mqttVersion: '3.1.1' | '5') {
  const loaded = await loadAnyScenario(name);
  if (loaded.kind !== 'script') throw new Error(`${name} is no script`);
  return playLoaded(loaded.script, configuration, mqttVersion);
}

async function playLoaded(loaded: LoadedScript, configuration: string, mqttVersion: '3.1.1' | '5') {
  const folder = await temporaryFolder();
  return runScript(loaded, {
    broker: { kind: 'local', adapter: mosquittoBroker },
    configuration: await loadConfiguration(`${CONFIGURATIONS}${configuration}.conf`),
    mqttVersion,
    out: join(folder, 'runs'),
    certs: join(folder, 'certs'),
  });
}

/** Each judged step as `15 unmet`. What is lost is waited for, so that each is played once. */
const TABLE = [
  ['session-takeover', 'mutual-tls', '3.1.1', ['4 unmet']],
  ['session-takeover', 'mutual-tls', '5', ['4 unmet']],
  ['session-takeover', 'client-id-from-certificate', '3.1.1', ['4 met']],
  ['session-takeover', 'client-id-from-certificate', '5', ['4 met']],
  ['session-takeover:shared-certificate', 'client-id-from-certificate', '5', ['4 unmet']],
  ['session-takeover:no-certificate', 'mutual-tls', '5', ['4 met']],
  ['session-theft', 'mutual-tls', '5', ['11 unmet', '14 unmet']],
  ['session-theft', 'client-id-from-certificate', '5', ['11 met', '14 met']],
  ['session-theft', 'own-topics', '3.1.1', ['11 met', '14 unmet']],
  ['session-theft:no-certificate', 'mutual-tls', '3.1.1', ['11 met', '14 met']],
  ['revoked-while-connected', 'revocation-list', '5', ['4 unmet', '5 met']],
  ['revoked-while-connected', 'mutual-tls', '3.1.1', ['4 unmet', '5 unmet']],
] as const;

describe.skipIf(!mosquitto.available)(`on Mosquitto${mosquitto.note}`, () => {
  test.each(TABLE)('%s with %s in MQTT %s', async (name, configuration, version, expected) => {
    const { result } = await play(name, configuration, version);
    const judged = result.steps.filter(({ role }) => role === 'judged');
    expect(judged.map(({ step, outcome }) => `${step} ${outcome}`)).toEqual(expected);
    const unmet = expected.some((one) => one.endsWith('unmet'));
    expect(result.outcome).toBe(unmet ? 'unmet' : 'met');
  });

  test('a publish that the broker says it refuses is a failed control', async () => {
    const text = [
      'name: t',
      'purpose: p',
      'clients: { service: {}, owner: {} }',
      'steps:',
      '  - { connect: service, risk: r }',
      '  - connect: owner',
      '  - publish: { client: owner, topic: fleet/service/telemetry, payload: m, qos: 1 }',
    ].join('\n');
    const { result } = await playLoaded(parseScript(text, 't.yaml'), 'own-topics', '5');
    expect(result.outcome).toBe('inconclusive');
    expect(result.because).toContain('PUBACK 0x87');
  });
});
