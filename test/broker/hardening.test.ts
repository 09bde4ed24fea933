/** The change of a configuration's text for every broker rule, on literal files; nothing is started. */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { BrokerConfiguration } from '../../src/broker/configuration.ts';
import { externalBroker } from '../../src/broker/external/adapter.ts';
import { loadConfigurations } from '../../src/broker/load-configuration.ts';
import { BROKERS, type BrokerId } from '../../src/broker/registry.ts';
import { BROKER_RULES } from '../support/broker-rules.ts';

const FOLDER = fileURLToPath(new URL('../../configurations', import.meta.url));
const shipped = await loadConfigurations(FOLDER);
const { bound, required, revoked, limit, ban } = BROKER_RULES;

function configuration(
  broker: BrokerId,
  text: string,
  more: Readonly<Record<string, string>> = {},
): BrokerConfiguration {
  const main = broker === 'embedded' ? 'a.yaml' : 'a.conf';
  const files = new Map(Object.entries({ [main]: text, ...more }));
  return { name: 'mine', broker, path: `/home/author/${main}`, main, files };
}

function hardened(broker: BrokerId, rule: Parameters<(typeof BROKERS)[BrokerId]['harden']>[0]) {
  return (text: string, more: Readonly<Record<string, string>> = {}) => {
    const result = BROKERS[broker].harden(rule, configuration(broker, text, more));
    return 'lacks' in result ? result.lacks : result.configuration.files;
  };
}

const textOf = (files: string | ReadonlyMap<string, string>) =>
  typeof files === 'string' ? files : [...files.values()][0];

describe('Mosquitto', () => {
  test('directives go behind each listener, whatever is set by listener or for all', () => {
    const text = `# Ours.
per_listener_settings true
require_certificate true
listener {{port}} 127.0.0.1
certfile {{serverCertificate}}
  # Why not.
  require_certificate false

# The other one.
listener 1884 127.0.0.1
cafile {{deviceAndOtherCa}}
certfile {{serverCertificate}}
connection up
address 127.0.0.1:1883
`;
    expect(textOf(hardened('mosquitto', revoked)(text))).toBe(`# Ours.
per_listener_settings true
require_certificate true
listener {{port}} 127.0.0.1
certfile {{serverCertificate}}
  # Why not.
  require_certificate true
cafile {{deviceCa}}
crlfile {{crl}}

# The other one.
listener 1884 127.0.0.1
cafile {{deviceAndOtherCa}}
certfile {{serverCertificate}}
require_certificate true
crlfile {{crl}}
connection up
address 127.0.0.1:1883
`);
  });

  test('lines that end as on Windows, and a last line without an end, stay as they are', () => {
    const text = 'listener {{port}} 127.0.0.1\r\nmax_connections -1\r\ncertfile c';
    expect(textOf(hardened('mosquitto', limit)(text))).toBe(
      'listener {{port}} 127.0.0.1\r\nmax_connections 3\r\ncertfile c',
    );
    expect(textOf(hardened('mosquitto', limit)('listener {{port}} 127.0.0.1\r\ncertfile c'))).toBe(
      'listener {{port}} 127.0.0.1\r\ncertfile c\r\nmax_connections 3',
    );
  });

  test('only a required certificate changes whose authorities are accepted', () => {
    const text = 'listener {{port}} 127.0.0.1\ncafile {{deviceAndOtherCa}}\ncertfile c\n';
    expect(textOf(hardened('mosquitto', required)(text))).toContain('cafile {{deviceCa}}\n');
    expect(textOf(hardened('mosquitto', bound)(text))).toContain('cafile {{deviceAndOtherCa}}\n');
  });

  test.each([
    ['listener {{port}} 127.0.0.1\n', bound, 'the listener in line 1 is without TLS'],
    ['listener 1 ::1\ncertfile c\nuse_subject_as_username true\n', bound, 'the whole subject'],
    ['listener 1 ::1\ncertfile c\nlistener 2 ::1\ncertfile c\n', limit, 'counts by listener'],
    ['listener 1 ::1\ncertfile c\ncapath x\n', required, 'from a folder'],
    ['port 1883\n', limit, 'has no listener'],
  ])('%j can not be told %o', (text, rule, why) => {
    expect(hardened('mosquitto', rule)(text)).toContain(why);
  });
});

describe('NATS', () => {
  test.each([
    [
      'mqtt {\n  port: {{port}}\n  tls {\n    cert_file: "a" # verify: true\n  }\n}\n',
      'mqtt {\n  port: {{port}}\n  tls {\n    ca_file: "{{deviceCa}}"\n    verify: true\n    cert_file: "a" # verify: true\n  }\n}\n',
    ],
    [
      'tls { verify: false }\nmqtt: { tls = { ca_file: "x", verify_and_map: false } }',
      'tls { verify: false }\nmqtt: { tls = { ca_file: "{{deviceCa}}", verify_and_map: true } }',
    ],
  ])('a certificate is required where MQTT says its TLS', (text, expected) => {
    expect(textOf(hardened('nats', required)(text))).toBe(expected);
  });

  test('a limit is said once, at the top', () => {
    const text = 'leafnodes { max_connections: 9 }\nmax_connections = 7 // few\n';
    expect(textOf(hardened('nats', limit)(text))).toBe(
      'leafnodes { max_connections: 9 }\nmax_connections = 3 // few\n',
    );
    expect(textOf(hardened('nats', limit)('mqtt { port: 1 }'))).toBe(
      'mqtt { port: 1 }\nmax_connections: 3\n',
    );
  });

  test('without a block of MQTT nothing is guessed', () => {
    expect(hardened('nats', required)('# mqtt { tls { } }\n')).toContain('no block mqtt');
  });
});

describe('RabbitMQ', () => {
  test('a certificate is required in the main file, in the lines that say so', () => {
    const text =
      'ssl_options.verify = verify_none # TODO\r\nssl_options.fail_if_no_peer_cert = false\r\n';
    expect(textOf(hardened('rabbitmq', required)(text))).toBe(
      'ssl_options.verify = verify_peer # TODO\r\nssl_options.fail_if_no_peer_cert = true\r\nssl_options.cacertfile = {{deviceCa}}\r\n',
    );
  });

  test('a revocation list is said in terms, with the paths of the main file', () => {
    const files = hardened('rabbitmq', revoked)('ssl_options.cacertfile = {{deviceCa}}\n');
    if (typeof files === 'string') throw new Error(files);
    expect(files.get('a.advanced.config')).toBe(`[{rabbit, [{ssl_options, [
  {cacertfile, "{{deviceCa}}"},
  {verify, verify_peer},
  {fail_if_no_peer_cert, true},
  {crl_check, peer},
  {crl_cache, {ssl_crl_hash_dir, {internal, [{dir, "{{crl}}"}]}}}
]}]}].
`);
  });

  test('a limit becomes one of the definitions, beside what they say', () => {
    const more = {
      'd.json': JSON.stringify({
        users: [{ name: '{{users}}' }],
        parameters: [
          { component: 'vhost-limits', vhost: '/', name: 'limits', value: { 'max-queues': 9 } },
          { component: 'x', vhost: '/', name: 'y', value: 1 },
        ],
      }),
    };
    const files = hardened('rabbitmq', limit)('load_definitions = {{file:d.json}}\n', more);
    if (typeof files === 'string') throw new Error(files);
    expect(JSON.parse(files.get('d.json') ?? '')).toEqual({
      users: [{ name: '{{users}}' }],
      parameters: [
        { component: 'x', vhost: '/', name: 'y', value: 1 },
        {
          component: 'vhost-limits',
          vhost: '/',
          name: 'limits',
          value: { 'max-queues': 9, 'max-connections': 3 },
        },
      ],
    });
  });

  test.each([
    ['ssl_options.depth = 2\n', revoked, {}, 'ssl_options.depth'],
    ['a = b\n', revoked, { 'a.advanced.config': '[].\n' }, 'a.advanced.config has the last word'],
    [
      'a = b\n',
      required,
      { 'a.advanced.config': '[{rabbit, [{ssl_options, [{verify, verify_none}]}]}].\n' },
      'lacks {verify, verify_peer}',
    ],
    ['load_definitions = /etc/d.json\n', limit, {}, 'not part of the configuration'],
    ['load_definitions = {{file:d.json}}\n', limit, { 'd.json': '[' }, 'd.json is no JSON object'],
  ])('%j can not be told %o', (text, rule, more, why) => {
    expect(hardened('rabbitmq', rule)(text, more)).toContain(why);
  });
});

describe('the embedded broker', () => {
  test('a key is replaced with all that belongs to it, and comments stay', () => {
    const text = `# Mine.
port: {{port}}
flappingBan: # as at work
  connects: 2

  within: 1s
  ban: 1s

# Certificates.
requireCertificate: false # for now
`;
    expect(textOf(hardened('embedded', ban)(text))).toBe(`# Mine.
port: {{port}}
flappingBan: { connects: 3, within: 60000ms, ban: 300000ms } # as at work

# Certificates.
requireCertificate: false # for now
`);
    expect(textOf(hardened('embedded', bound)('port: {{port}}'))).toBe(
      'port: {{port}}\nrequireCertificate: true\nclientId: common-name\n',
    );
    expect(textOf(hardened('embedded', limit)('port: {{port}}\r\n'))).toBe(
      'port: {{port}}\r\nconnectionsMax: 3\r\n',
    );
  });
});

describe('every rule on every configuration', () => {
  const rules = Object.values(BROKER_RULES);
  const own = (Object.keys(BROKERS) as BrokerId[]).map((id) => ({
    name: `${id}/own`,
    broker: id,
    files: undefined,
  }));

  test('is applied once: applied again it changes nothing, and the name says it', () => {
    let applied = 0;
    for (const one of [...shipped, ...own]) {
      const { harden } = BROKERS[one.broker as BrokerId];
      for (const rule of rules) {
        const result = harden(rule, one.files === undefined ? undefined : one);
        if ('lacks' in result) continue;
        applied += 1;
        expect(harden(rule, result.configuration)).toEqual(result);
        expect(result.configuration.name).toBe(`${one.name}+${rule.rule}`);
        expect(result.configuration).toMatchObject({ broker: one.broker });
      }
    }
    expect(applied).toBeGreaterThan(shipped.length);
  });

  test('is independent of the order in which they are applied', () => {
    for (const one of shipped) {
      const { harden } = BROKERS[one.broker as BrokerId];
      const all = (order: typeof rules) =>
        order.reduce((tested: BrokerConfiguration, rule) => {
          const result = harden(rule, tested);
          return 'lacks' in result ? tested : result.configuration;
        }, one);
      const lines = (tested: BrokerConfiguration) =>
        [...tested.files].map(([name, text]) => [name, text.split('\n').sort()]).sort();
      expect(lines(all([...rules].reverse()))).toEqual(lines(all(rules)));
    }
  });

  test('is refused in one sentence that names the broker, the rule and a remedy', () => {
    const refusals = [...shipped, ...own].flatMap((one) => {
      const { harden } = BROKERS[one.broker as BrokerId];
      return rules.flatMap((rule) => {
        const result = harden(rule, one.files === undefined ? undefined : one);
        return 'lacks' in result ? [[one.broker, rule.rule, result.lacks] as const] : [];
      });
    });
    expect(refusals.length).toBeGreaterThan(4);
    for (const [broker, rule, sentence] of refusals) {
      expect(sentence.toLowerCase()).toContain(broker);
      expect(sentence).toMatch(new RegExp(`can't enforce ${rule}: .+; \\w`));
    }
  });

  test('is the affair of whoever runs a broker that is not ours', () => {
    const { harden } = externalBroker({ url: 'mqtts://127.0.0.1:8883', caPem: '' });
    for (const rule of rules) {
      expect(harden(rule)).toEqual({
        lacks: expect.stringMatching(
          new RegExp(
            `^the broker at 127.0.0.1:8883 can't enforce ${rule.rule}: .*--broker mosquitto`,
          ),
        ),
      });
    }
  });
});
