/**
 * How a Mosquitto configuration enforces a broker rule: directives of each listener, behind it, where
 * they count whether or not `per_listener_settings` is on (mosquitto.conf(5)). Its limit on connections
 * leaks before 2.0.12: every TLS connection that ends lets in one more. Pure.
 */
import { assertNever } from '../../core/assert.ts';
import type { BrokerRule, BrokerRuleId } from '../../core/broker-rule.ts';
import type { BrokerConfiguration } from '../configuration.ts';
import { type Hardened, hardenedBy, lacks, mainText } from '../hardening.ts';
import { ownConfiguration } from './configuration.ts';
import { hasTls, listenersOf, setInListeners, settingAt } from './listeners.ts';

const BROKER = 'Mosquitto';
const FLEET_CA = '{{deviceCa}}';

/** See `Harden`. */
export function hardenMosquitto(
  rule: BrokerRule,
  configuration: BrokerConfiguration = ownConfiguration(false),
): Hardened {
  const why = obstacle(rule, mainText(configuration));
  if (why !== undefined) return { lacks: why };
  const text = directivesOf(rule).reduce(
    (changed, { key, value, ifMissing }) => setInListeners(changed, key, value, ifMissing),
    mainText(configuration),
  );
  const hardened = hardenedBy(rule.rule, configuration, { [configuration.main]: text });
  return {
    configuration: hardened,
    ...(rule.rule === 'client-id-bound' ? { clientIdBinding: 'replaced' } : {}),
  };
}

interface Setting {
  readonly key: string;
  readonly value: string;
  /** Another value of the author's serves as well. */
  readonly ifMissing?: boolean;
}

const REQUIRE: Setting = { key: 'require_certificate', value: 'true' };
/** Without authorities no certificate can be required. */
const SOME_CA: Setting = { key: 'cafile', value: FLEET_CA, ifMissing: true };

function directivesOf(rule: BrokerRule): readonly Setting[] {
  switch (rule.rule) {
    case 'client-id-bound':
      return [
        SOME_CA,
        REQUIRE,
        // The one that the other one takes the client ID from.
        { key: 'use_identity_as_username', value: 'true' },
        { key: 'use_username_as_clientid', value: 'true' },
      ];
    case 'certificate-required':
      return [{ key: 'cafile', value: FLEET_CA }, REQUIRE];
    case 'revocation-list':
      return [SOME_CA, REQUIRE, { key: 'crlfile', value: '{{crl}}' }];
    case 'connection-limit':
      return [{ key: 'max_connections', value: String(rule.connectionsMax) }];
    case 'flapping-ban':
      return [];
    default:
      return assertNever(rule);
  }
}

/** Why the rule would not hold, whatever is written; undefined if it will. */
function obstacle({ rule }: BrokerRule, text: string): string | undefined {
  const listeners = listenersOf(text);
  const says = (why: string, instead: string) => lacks(BROKER, rule, why, instead).lacks;
  if (rule === 'flapping-ban') {
    return says(
      'it has no guard against client IDs that come and go',
      'slow the devices down with the fix backoff, or take the embedded broker',
    );
  }
  if (listeners.length === 0) {
    return says('the configuration has no listener', 'write: listener {{port}} 127.0.0.1');
  }
  if (rule === 'connection-limit') {
    if (listeners.length === 1) return undefined;
    return says(
      `it counts by listener, and the configuration has ${listeners.length}`,
      'leave one listener',
    );
  }
  const bare = listeners.find((one) => !hasTls(one));
  if (bare !== undefined) {
    return says(
      `the listener in line ${bare.listener.line} is without TLS`,
      'give it certfile and keyfile, or remove it',
    );
  }
  return certificateObstacle(rule, text, says);
}

/** What stands in the way of what is taken from certificates. */
function certificateObstacle(
  rule: BrokerRuleId,
  text: string,
  says: (why: string, instead: string) => string,
): string | undefined {
  const said = (key: string): string | undefined =>
    listenersOf(text)
      .map((one) => settingAt(one, key))
      .find((value) => value !== undefined && value !== 'false');
  if (said('capath') !== undefined) {
    return says('the configuration takes authorities from a folder', 'write cafile {{deviceCa}}');
  }
  if (said('psk_hint') !== undefined) {
    return says('a listener takes shared keys instead of certificates', 'remove psk_hint');
  }
  if (rule === 'client-id-bound' && said('use_subject_as_username') !== undefined) {
    return says(
      'use_subject_as_username makes the whole subject the client ID',
      'remove that line',
    );
  }
  return undefined;
}
