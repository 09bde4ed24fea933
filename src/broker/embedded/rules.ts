/**
 * What the embedded broker allows to whom, by the common name of its certificate: the rules that a
 * configuration can switch on. Runs only in the embedded broker's process.
 */
import type { AedesOptions, Client } from 'aedes';
import type { EmbeddedRules } from './messages.ts';

/** May use every topic: the part of the backend. */
const PRIVILEGED = 'service';
/** No client may read here, nor write; MQTT 3.1.1 §4.7.2 keeps it out of `#`. */
const NOWHERE = '$denied';
/** CONNACK 2 in MQTT 3.1.1 (§3.2.2.3), 0x85 in MQTT 5 (§3.2.2.2). */
const IDENTIFIER_REJECTED = 2;

/** Whether the owner of `commonName` may use a topic, or subscribe to a filter. */
export function mayUseTopic(commonName: string | undefined, topicOrFilter: string): boolean {
  if (commonName === PRIVILEGED) return true;
  // A name with a separator or wildcard in it would own the topics of others.
  if (commonName === undefined || commonName === '' || /[+#/]/.test(commonName)) return false;
  return topicOrFilter.startsWith(`fleet/${commonName}/`);
}

/** An error of ours about what a client may not do; the connection goes on. */
export class Denied extends Error {
  override readonly name = 'Denied';
}

/** The hooks of aedes that hold the rules. */
export function hooksOf(
  rules: EmbeddedRules,
  nameOf: (client: Client) => string | undefined,
): AedesOptions {
  return {
    connectTimeout: rules.connectTimeoutMs,
    ...(rules.clientId === 'any'
      ? {}
      : {
          authenticate: (client, _username, _password, done) => {
            if (nameOf(client) === client.id) done(null, true);
            else done(Object.assign(new Error(), { returnCode: IDENTIFIER_REJECTED }), false);
          },
        }),
    ...(rules.topics === 'all' ? {} : topicHooks(nameOf)),
  };
}

function topicHooks(nameOf: (client: Client) => string | undefined): AedesOptions {
  return {
    authorizePublish: (client, packet, done) => {
      if (client === null || mayUseTopic(nameOf(client), packet.topic)) return done(null);
      if (isVersion5(client)) return done(new Denied('not authorized'));
      // MQTT 3.1.1 §3.3.5: its only other answer is to close the connection.
      Object.assign(packet, { topic: NOWHERE, payload: '', retain: false });
      done(null);
    },
    authorizeSubscribe: (client, subscription, done) =>
      done(null, mayUseTopic(nameOf(client), subscription.topic) ? subscription : null),
    authorizeForward: (client, packet) =>
      mayUseTopic(nameOf(client), packet.topic) ? packet : null,
  };
}

/** Missing from aedes' type declarations. */
function isVersion5(client: Client): boolean {
  return 'version' in client && client.version === 5;
}
