/**
 * How a RabbitMQ configuration enforces a broker rule: settings of the main file, Erlang terms beside
 * it for the revocation list, and definitions for limits (RabbitMQ guides «TLS Support» and «Virtual
 * Hosts»). Pure.
 */
import { assertNever } from '../../core/assert.ts';
import type { BrokerRule } from '../../core/broker-rule.ts';
import type { BrokerConfiguration } from '../configuration.ts';
import { type Hardened, lacks } from '../hardening.ts';
import { ownConfiguration } from './configuration.ts';
import { limitConnections } from './limit-connections.ts';
import { checkRevocation, requireCertificate } from './tls-settings.ts';

const BROKER = 'RabbitMQ';

/** See `Harden`. */
export function hardenRabbitmq(
  rule: BrokerRule,
  configuration: BrokerConfiguration = ownConfiguration(false),
): Hardened {
  switch (rule.rule) {
    case 'client-id-bound':
      return lacks(
        BROKER,
        rule.rule,
        'before 4.0 it has no setting that compares the client ID with the certificate',
        'take Mosquitto or the embedded broker',
      );
    case 'certificate-required':
      return requireCertificate(configuration);
    case 'revocation-list':
      return checkRevocation(configuration);
    case 'connection-limit':
      return limitConnections(rule.connectionsMax, configuration);
    case 'flapping-ban':
      return lacks(
        BROKER,
        rule.rule,
        'it has no guard against client IDs that come and go',
        'slow the devices down with the fix backoff, or take the embedded broker',
      );
    default:
      return assertNever(rule);
  }
}
