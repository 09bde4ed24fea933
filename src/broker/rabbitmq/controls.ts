/**
 * Controls of RabbitMQ: it looks into the folder of its revocation list at every handshake, and the
 * rights of its users are definitions, which are imported again at a reload. An import takes nothing
 * away, so that everybody has an entry: who has left quarantine gets back what everybody has. A live session keeps the topics that it goes on
 * using: 3.10 caches its rights until it is quiet for a second. Pure.
 */
import { EXIT, UserError } from '../../core/errors.ts';
import { printable } from '../../core/text.ts';
import type { BrokerConfiguration } from '../configuration.ts';
import { type Controlled, isTopicLevel } from '../control.ts';
import { ownConfiguration } from './configuration.ts';
import { hardenRabbitmq } from './hardening.ts';
import {
  type Definitions,
  LOAD_KEY,
  listOf,
  loadedDefinitions,
  writtenDefinitions,
} from './load-definitions.ts';
import { settingOf } from './settings.ts';

const USERS = '{{users}}';
const KEY = 'topic_permissions';
/** Matches nothing. */
const NOTHING = '^(?!)';

/** See `WithControls`. */
export function controlRabbitmq(
  configuration: BrokerConfiguration = ownConfiguration(false),
): Controlled {
  const revoking = hardenRabbitmq({ rule: 'revocation-list', groups: [] }, configuration);
  const isRevoking = 'configuration' in revoking;
  // It is the same configuration under test, with controls.
  const base = {
    ...(isRevoking ? revoking.configuration : configuration),
    name: configuration.name,
  };
  const revoke = isRevoking ? {} : { revoke: revoking.lacks };
  const loaded = loadedDefinitions(base);
  if ('why' in loaded) {
    const quarantine = `RabbitMQ can't quarantine anybody with this configuration: ${loaded.why}; write ${LOAD_KEY} = ${USERS}`;
    return { configuration: base, cannot: { ...revoke, quarantine } };
  }
  const { file, main, definitions } = loaded;
  const place = {
    vhost: settingOf(main, 'mqtt.vhost') ?? '/',
    exchange: settingOf(main, 'mqtt.exchange') ?? 'amq.topic',
  };
  const render = (names: readonly string[]): string =>
    writtenDefinitions({ ...definitions, [KEY]: rightsOf(definitions, place, new Set(names)) });
  const files = new Map(base.files).set(base.main, main).set(file, render([]));
  return { configuration: { ...base, files }, quarantine: { file, render }, cannot: revoke };
}

interface Place {
  readonly vhost: string;
  readonly exchange: string;
}

function rightsOf(
  definitions: Definitions,
  { vhost, exchange }: Place,
  held: ReadonlySet<string>,
): readonly Definitions[] {
  const isHere = (one: Definitions): boolean => one.vhost === vhost && one.exchange === exchange;
  const kept = listOf(definitions, KEY).filter(
    (one) => !isHere(one) || !held.has(String(one.user)),
  );
  const hasTemplate = kept.some((one) => isHere(one) && one.user === USERS);
  const everything = { user: USERS, vhost, exchange, write: '.*', read: '.*' };
  const entries = [...held].map((user) => ({ user: checked(user), vhost, exchange, ...own(user) }));
  return [...entries, ...kept, ...(hasTemplate ? [] : [everything])];
}

/** Topic `a/b` has the routing key `a.b`; a name with a full stop would be two levels. */
function own(name: string): { readonly write: string; readonly read: string } {
  const isLevel = isTopicLevel(name) && /^[\w:@-]+$/.test(name);
  const pattern = isLevel ? `^quarantine\\.${name}\\..*` : NOTHING;
  return { write: pattern, read: pattern };
}

function checked(name: string): string {
  if (name !== '' && !name.includes('{{')) return name;
  throw new UserError(EXIT.invalidInput, {
    message: `RabbitMQ's definitions can't name the user «${printable(name, 60)}»`,
    hint: 'give the device a common name without double braces',
  });
}
