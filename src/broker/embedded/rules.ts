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
/** aedes' own rule for what only brokers say. */
const RESERVED = '$SYS/';
/** CONNACK 2 in MQTT 3.1.1 (§3.2.2.3), 0x85 in MQTT 5 (§3.2.2.2). */
const IDENTIFIER_REJECTED = 2;

/** The rules that count now: a reload replaces them under every connection. */
export class LiveRules {
  #current: EmbeddedRules;
  #quarantined: ReadonlySet<string>;

  constructor(rules: EmbeddedRules) {
    this.#current = rules;
    this.#quarantined = new Set(rules.quarantine);
  }

  get current(): EmbeddedRules {
    return this.#current;
  }

  /** All but `connectTimeoutMs`, which stays what it was at the start. */
  set current(rules: EmbeddedRules) {
    this.#current = rules;
    this.#quarantined = new Set(rules.quarantine);
  }

  isQuarantined(commonName: string | undefined): boolean {
    return commonName !== undefined && this.#quarantined.has(commonName);
  }
}

/** Whether the owner of `commonName` may use a topic, or subscribe to a filter. */
export function mayUseTopic(
  rules: LiveRules,
  commonName: string | undefined,
  topicOrFilter: string,
): boolean {
  const isHeld = rules.isQuarantined(commonName);
  if (!isHeld && (rules.current.topics === 'all' || commonName === PRIVILEGED)) return true;
  // A name with a separator or wildcard in it would own the topics of others.
  if (commonName === undefined || commonName === '' || /[+#/]/.test(commonName)) return false;
  return topicOrFilter.startsWith(`${isHeld ? 'quarantine' : 'fleet'}/${commonName}/`);
}

/** Whether a client ID may be used by the owner of `commonName`. */
export function mayUseClientId(
  { clientId }: EmbeddedRules,
  commonName: string | undefined,
  claimed: string,
): boolean {
  return clientId === 'any' || commonName === claimed;
}

/** An error of ours about what a client may not do; the connection goes on. */
export class Denied extends Error {
  override readonly name = 'Denied';
}

/** The hooks of aedes that hold the rules, whichever count at the time. */
export function hooksOf(
  rules: LiveRules,
  nameOf: (client: Client) => string | undefined,
): AedesOptions {
  const may = (client: Client, topic: string): boolean => mayUseTopic(rules, nameOf(client), topic);
  return {
    connectTimeout: rules.current.connectTimeoutMs,
    authenticate: (client, _username, _password, done) => {
      if (mayUseClientId(rules.current, nameOf(client), client.id)) done(null, true);
      else done(Object.assign(new Error(), { returnCode: IDENTIFIER_REJECTED }), false);
    },
    authorizePublish: (client, packet, done) => {
      const isReserved = rules.current.topics === 'all' && packet.topic.startsWith(RESERVED);
      if (isReserved) return done(new Error(`${RESERVED} topic is reserved`));
      if (client === null || may(client, packet.topic)) return done(null);
      if (isVersion5(client)) return done(new Denied('not authorized'));
      // MQTT 3.1.1 §3.3.5: its only other answer is to close the connection.
      Object.assign(packet, { topic: NOWHERE, payload: '', retain: false });
      done(null);
    },
    authorizeSubscribe: (client, subscription, done) =>
      done(null, may(client, subscription.topic) ? subscription : null),
    authorizeForward: (client, packet) => (may(client, packet.topic) ? packet : null),
  };
}

/** Missing from aedes' type declarations. */
function isVersion5(client: Client): boolean {
  return 'version' in client && client.version === 5;
}
