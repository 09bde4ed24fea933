/**
 * How a NATS configuration enforces a broker rule: what its MQTT listener asks of certificates, and
 * how many connections the server carries (NATS documentation, «TLS» and «Limits»). Pure.
 */
import { assertNever } from '../../core/assert.ts';
import type { BrokerRule } from '../../core/broker-rule.ts';
import type { BrokerConfiguration } from '../configuration.ts';
import { type Hardened, hardenedBy, lacks, mainText } from '../hardening.ts';
import { ownConfiguration } from './configuration.ts';
import { findBlock, setValue } from './text.ts';

const BROKER = 'NATS';

/** See `Harden`. */
export function hardenNats(
  rule: BrokerRule,
  configuration: BrokerConfiguration = ownConfiguration(),
): Hardened {
  const text = mainText(configuration);
  const by = (changed: string): Hardened => ({
    configuration: hardenedBy(rule.rule, configuration, { [configuration.main]: changed }),
  });
  switch (rule.rule) {
    case 'client-id-bound':
      return lacks(
        BROKER,
        rule.rule,
        'it takes any client ID from whoever is let in',
        'take Mosquitto or the embedded broker',
      );
    case 'certificate-required': {
      const changed = requireCertificate(text);
      if (changed !== undefined) return by(changed);
      return lacks(
        BROKER,
        rule.rule,
        'the main file has no block mqtt with a block tls in it',
        'write them as in configurations/nats/mutual-tls.conf',
      );
    }
    case 'revocation-list':
      return lacks(
        BROKER,
        rule.rule,
        'it has no revocation list',
        'take the user of the certificate from its list of users, or take Mosquitto or RabbitMQ',
      );
    case 'connection-limit':
      return by(setValue(text, 'max_connections', String(rule.connectionsMax)));
    case 'flapping-ban':
      return lacks(
        BROKER,
        rule.rule,
        'it holds a client ID that is taken over again within a second back for one, and that is all',
        'take the embedded broker',
      );
    default:
      return assertNever(rule);
  }
}

/** `verify_and_map` of the author's, which also asks for certificates, goes before `verify`. */
function requireCertificate(text: string): string | undefined {
  const tlsOf = (changed: string) => {
    const mqtt = findBlock(changed, 'mqtt');
    return mqtt === undefined ? undefined : findBlock(changed, 'tls', mqtt);
  };
  const tls = tlsOf(text);
  if (tls === undefined) return undefined;
  const maps = /(?<![\w.$-])verify_and_map\b/i.test(text.slice(tls.start, tls.end));
  const asked = setValue(text, maps ? 'verify_and_map' : 'verify', 'true', { within: tls });
  const within = tlsOf(asked);
  return within === undefined ? asked : setValue(asked, 'ca_file', '"{{deviceCa}}"', { within });
}
