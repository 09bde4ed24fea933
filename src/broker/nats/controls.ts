/**
 * Controls of NATS: it has no revocation list; the rights of its users are in its configuration, which
 * it reads again at a reload. Topic `a/b` is subject `a.b`, and messages of QoS 1 come by way of
 * `$MQTT.sub` (NATS documentation, «MQTT», authorization). Pure.
 */
import type { BrokerConfiguration } from '../configuration.ts';
import { type Controlled, isTopicLevel } from '../control.ts';
import { commonNameOf, formsOf, ownConfiguration, quoted, userEntries } from './configuration.ts';
import { enclosingObject } from './text.ts';

const USERS = /^([ \t]*)\{\{ *users *\}\}/m;

const REVOKE =
  "NATS can't refuse revoked certificates: it has no revocation list; quarantine the certificate's " +
  'things (ADD_THINGS_TO_THING_GROUP), or take Mosquitto or RabbitMQ';
const NO_USERS =
  "NATS can't quarantine anybody with this configuration: it lists no {{users}} that rights could be " +
  'given to; list them as in configurations/nats/mutual-tls.conf';

/** See `WithControls`. */
export function controlNats(configuration: BrokerConfiguration = ownConfiguration()): Controlled {
  const found = [...configuration.files].find(([, text]) => USERS.test(text));
  if (found === undefined) {
    return { configuration, cannot: { revoke: REVOKE, quarantine: NO_USERS } };
  }
  const [file, text] = found;
  return {
    configuration,
    quarantine: { file, render: (names) => quarantined(text, [...new Set(names)]) },
    cannot: { revoke: REVOKE },
  };
}

function quarantined(text: string, names: readonly string[]): string {
  const held = new Set(names);
  const entries = names.flatMap((name) =>
    formsOf(name).map((form) => `{ user: ${quoted(form)}, permissions: ${rights(name)} }`),
  );
  return withoutUsers(text, held).replace(USERS, (users, indent: string) =>
    [...entries.map((entry) => `${indent}${entry}`), users].join('\n'),
  );
}

/** Nothing at all for a name that is no token of a subject; full stops would part it. */
function rights(name: string): string {
  if (!isTopicLevel(name) || !/^[\w:@-]+$/.test(name)) {
    return '{ publish: { deny: ">" }, subscribe: { deny: ">" } }';
  }
  const own = `quarantine.${name}`;
  return `{ publish: ["${own}.>"], subscribe: ["${own}", "${own}.>", "$MQTT.sub.>"] }`;
}

/** The author's entries of these users are taken out. */
function withoutUsers(text: string, names: ReadonlySet<string>): string {
  const theirs = userEntries(text).filter(({ user }) => names.has(commonNameOf(user)));
  return theirs.reverse().reduce((rest, { at }) => {
    const object = enclosingObject(rest, at);
    return object === undefined ? rest : `${rest.slice(0, object.start)}${rest.slice(object.end)}`;
  }, text);
}
