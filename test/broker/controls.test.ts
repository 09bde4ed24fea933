/** The texts with which devices are put into quarantine; nothing is started. */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { BrokerConfiguration } from '../../src/broker/configuration.ts';
import { withControls } from '../../src/broker/controls.ts';
import { embeddedRules } from '../../src/broker/embedded/configuration.ts';
import { loadConfigurations } from '../../src/broker/load-configuration.ts';
import { rightsOfUsers } from '../../src/broker/mosquitto/rights.ts';
import { findPlaceholders } from '../../src/broker/placeholders.ts';
import { BROKERS, type BrokerId } from '../../src/broker/registry.ts';
import { UserError } from '../../src/core/errors.ts';

const FOLDER = fileURLToPath(new URL('../../configurations', import.meta.url));
const shipped = await loadConfigurations(FOLDER);

function configuration(
  broker: BrokerId,
  text: string,
  more: Readonly<Record<string, string>> = {},
): BrokerConfiguration {
  const files = new Map(Object.entries({ main: text, ...more }));
  return { name: 'mine', broker, path: '/home/author/main', main: 'main', files };
}

function controlled(broker: BrokerId, tested?: BrokerConfiguration) {
  const result = withControls(broker, tested);
  if ('lacks' in result) throw new Error(result.lacks);
  return result;
}

function rendered(names: readonly string[], broker: BrokerId, tested?: BrokerConfiguration) {
  const { quarantine, cannot } = controlled(broker, tested);
  if (quarantine === undefined) throw new Error(cannot.quarantine);
  return quarantine.render(names);
}

const LISTENER = `listener {{port}} 127.0.0.1
certfile c
use_identity_as_username true
acl_file {{file:rights}}
`;
const mosquitto = (rights: string, text = LISTENER) => configuration('mosquitto', text, { rights });

describe('every broker that is started', () => {
  test('says of each shipped configuration what can be done, or why not', () => {
    for (const one of [...shipped, ...Object.keys(BROKERS)]) {
      const id = (typeof one === 'string' ? one : one.broker) as BrokerId;
      const result = controlled(id, typeof one === 'string' ? undefined : one);
      const { quarantine, cannot } = result;
      expect(quarantine === undefined).toBe(cannot.quarantine !== undefined);
      if (typeof one !== 'string') expect(result.configuration.name).toBe(one.name);
      // Nobody in quarantine: the text that it is started with.
      if (quarantine !== undefined) {
        const { files } = result.configuration;
        expect(quarantine.render([])).toBe(files.get(quarantine.file));
      }
      for (const sentence of Object.values(cannot)) {
        expect(sentence.toLowerCase()).toContain(id);
        expect(sentence).toContain(';');
      }
    }
  });

  test('can do both on its own configuration, as far as the broker can', () => {
    const abilities = Object.keys(BROKERS).map((id) => [
      id,
      Object.keys(controlled(id as BrokerId).cannot),
    ]);
    expect(Object.fromEntries(abilities)).toEqual({
      embedded: [],
      mosquitto: [],
      nats: ['revoke'],
      rabbitmq: [],
    });
  });

  test('a broker that is not ours can not be told anything', () => {
    expect(withControls('external')).toEqual({
      lacks: expect.stringMatching(/^the broker external can't be told .*--broker mosquitto$/),
    });
  });
});

describe('rights of Mosquitto', () => {
  test('a user in quarantine is denied what the patterns allow, and loses its own entry', () => {
    const text = `# Mine.
topic read news
pattern readwrite fleet/%u/#
pattern read cmd/%c/#

user a
topic readwrite #
# Of b.
user b
topic readwrite b
pattern write up
`;
    expect(rendered(['a', 'x'], 'mosquitto', mosquitto(text))).toBe(`# Mine.
topic read news
pattern readwrite fleet/%u/#
pattern read cmd/%c/#

user a
topic deny fleet/a/#
topic deny cmd/+/#
topic deny up
topic readwrite quarantine/a/#

user x
topic deny fleet/x/#
topic deny cmd/+/#
topic deny up
topic readwrite quarantine/x/#

# Of b.
user b
topic readwrite b
pattern write up
`);
    expect(rendered([], 'mosquitto', mosquitto(text))).toBe(text);
  });

  test('without a file of rights everybody is listed, but for those in quarantine', () => {
    const text = rendered(['a'], 'mosquitto');
    expect(text).toContain('user a\ntopic readwrite quarantine/a/#\n');
    expect(rightsOfUsers(['a', 'b', 'b'], [text])).toBe(
      'user b\ntopic readwrite #\ntopic readwrite $SYS/#',
    );
  });

  test.each(['a/b', 'a+', '#', 'quarantine'])('%s has no topics of its own', (name) => {
    expect(rendered([name], 'mosquitto')).toContain(`user ${name}\ntopic deny #\n`);
  });

  test.each(['', ' a', 'a ', 'a\ntopic readwrite #', '\u0085', '{{port}}'])(
    '%j can not be written, and nothing else is',
    (name) => {
      expect(() => rendered([name], 'mosquitto')).toThrow(UserError);
      expect(() => rightsOfUsers([name], [])).toThrow(UserError);
    },
  );

  test.each([
    [LISTENER, 'pattern readwrite #\n', 'the pattern # in rights'],
    [LISTENER, 'pattern write %c/#\n', 'the pattern %c/#'],
    [LISTENER.replace(' true', ' false'), '', 'not named by their certificates'],
    [LISTENER.replace('{{file:rights}}', '/etc/rights'), '', 'not part of it'],
    [`${LISTENER}listener 1 ::1\n`, '', 'one listener'],
    [`plugin x.so\n${LISTENER}`, '', 'plugin'],
    [
      `per_listener_settings true\nacl_file {{file:rights}}\n${LISTENER.replace(/acl.*\n/, '')}`,
      '',
      'line 2 belongs to no listener',
    ],
  ])('%j with %j is not guessed at', (text, rights, why) => {
    const { quarantine, cannot } = controlled('mosquitto', mosquitto(rights, text));
    expect(quarantine).toBeUndefined();
    expect(cannot.quarantine).toContain(why);
  });
});

describe('users of NATS', () => {
  const TEXT = `authorization {
  users = [
    { user: "CN=a,O=x", permissions: { publish: ["a.>"] } }, { user: b }
    # { user: "a" }
    {{users}}
  ]
}
`;

  test("a user's own entry makes room for one with topics of its own", () => {
    const rights =
      'permissions: { publish: ["quarantine.a.>"], subscribe: ["quarantine.a", "quarantine.a.>", "$MQTT.sub.>"] }';
    expect(rendered(['a'], 'nats', configuration('nats', TEXT))).toBe(`authorization {
  users = [
     { user: b }
    # { user: "a" }
    { user: "a", ${rights} }
    { user: "CN=a", ${rights} }
    { user: "CN=a,O=doppelfleet", ${rights} }
    {{users}}
  ]
}
`);
  });

  test.each(['a.b', 'a>', '*', 'a b', '"', 'a\n} x'])('%j has no topics of its own', (name) => {
    const text = rendered([name], 'nats');
    expect(text).toContain('permissions: { publish: { deny: ">" }, subscribe: { deny: ">" } }');
    expect(text.split('\n')).toHaveLength(rendered(['x'], 'nats').split('\n').length);
  });

  test('a name is never taken for a placeholder', () => {
    const known = findPlaceholders(rendered([], 'nats')).length;
    expect(findPlaceholders(rendered(['{{port}}'], 'nats'))).toHaveLength(known);
  });
});

describe('definitions of RabbitMQ', () => {
  const place = { vhost: '/', exchange: 'amq.topic' };
  const permissions = (names: readonly string[], tested?: BrokerConfiguration) =>
    JSON.parse(rendered(names, 'rabbitmq', tested)).topic_permissions;
  const everybody = { user: '{{users}}', ...place, write: '.*', read: '.*' };

  test('everybody has an entry, so that an import gives back what it took', () => {
    expect(permissions([])).toEqual([everybody]);
    const own = '^quarantine\\.a\\..*';
    expect(permissions(['a'])).toEqual([{ user: 'a', ...place, write: own, read: own }, everybody]);
  });

  test("a user's own entry makes room, and other exchanges stay", () => {
    const elsewhere = { user: 'a', vhost: '/', exchange: 'x', write: '', read: '' };
    const mine = { user: '{{users}}', ...place, write: '^m', read: '^m' };
    const definitions = { topic_permissions: [elsewhere, { user: 'a', ...place }, mine] };
    const tested = configuration('rabbitmq', 'load_definitions = {{file:d.json}}\n', {
      'd.json': JSON.stringify(definitions),
    });
    expect(permissions([], tested)).toEqual(definitions.topic_permissions);
    expect(permissions(['a'], tested)).toMatchObject([{ user: 'a', ...place }, elsewhere, mine]);
  });

  test.each(['a.b', 'a*', '.*', 'a/b', '{username}', '"'])(
    '%j has no topics of its own',
    (name) => {
      expect(permissions([name])[0]).toEqual({
        user: name,
        ...place,
        write: '^(?!)',
        read: '^(?!)',
      });
    },
  );

  test('a name that would be a placeholder can not be written', () => {
    expect(() => permissions(['{{port}}'])).toThrow(UserError);
  });

  test('definitions that are not part of the configuration are not guessed at', () => {
    const tested = configuration('rabbitmq', 'load_definitions = /etc/d.json\n');
    expect(controlled('rabbitmq', tested).cannot.quarantine).toContain('load_definitions leads to');
  });
});

describe('quarantine of the embedded broker', () => {
  test.each([['a'], ['{{port}}', '"', ': #', '\u2028', 'a\nclientId: any', "o'brien", '\u0000']])(
    '%j is read as it was written',
    (...names) => {
      const { configuration: tested, quarantine } = controlled('embedded');
      const text = quarantine?.render(names) ?? '';
      const files = new Map([[tested.main, text]]);
      expect(embeddedRules({ ...tested, files }).quarantine).toEqual(names);
    },
  );

  test('without a required certificate nobody can be shut out by a list', () => {
    const tested = configuration('embedded', 'port: {{port}}\nrequireCertificate: false\n');
    expect(controlled('embedded', tested).cannot.revoke).toContain('requireCertificate: true');
  });
});
