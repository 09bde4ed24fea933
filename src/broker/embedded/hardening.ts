/** How the embedded broker enforces a broker rule: one key of its configuration each. Pure. */
import { assertNever } from '../../core/assert.ts';
import type { BrokerRule } from '../../core/broker-rule.ts';
import type { BrokerConfiguration } from '../configuration.ts';
import { type Hardened, hardenedBy, lacks, mainText } from '../hardening.ts';
import { keysOf, setKey } from './yaml-keys.ts';

const MAIN = 'embedded.yaml';

/** The configuration of a run that brings none, as a file: the defaults. */
export function ownConfiguration(): BrokerConfiguration {
  const files = new Map([[MAIN, 'port: {{port}}\n']]);
  return { name: 'embedded/own', broker: 'embedded', path: MAIN, main: MAIN, files };
}

/** See `Harden`. */
export function hardenEmbedded(
  rule: BrokerRule,
  configuration: BrokerConfiguration = ownConfiguration(),
): Hardened {
  const text = mainText(configuration);
  if (!keysOf(text).includes('port')) {
    return lacks(
      'the embedded broker',
      rule.rule,
      'its configuration does not say each key on a line of its own',
      'write it as in configurations/embedded/mutual-tls.yaml',
    );
  }
  const changed = settingsOf(rule).reduce((all, [key, value]) => setKey(all, key, value), text);
  const hardened = hardenedBy(rule.rule, configuration, { [configuration.main]: changed });
  return {
    configuration: hardened,
    ...(rule.rule === 'client-id-bound' ? { clientIdBinding: 'refused' } : {}),
  };
}

type Setting = readonly [key: string, value: string];

function settingsOf(rule: BrokerRule): readonly Setting[] {
  switch (rule.rule) {
    case 'client-id-bound':
      return [
        ['requireCertificate', 'true'],
        ['clientId', 'common-name'],
      ];
    case 'certificate-required':
    case 'revocation-list':
      // The list is always looked at, but for one more authority, which has none.
      return [
        ['requireCertificate', 'true'],
        ['trustOther', 'false'],
      ];
    case 'connection-limit':
      return [['connectionsMax', String(rule.connectionsMax)]];
    case 'flapping-ban':
      return [
        [
          'flappingBan',
          `{ connects: ${rule.connectsMax}, within: ${rule.windowMs}ms, ban: ${rule.banMs}ms }`,
        ],
      ];
    default:
      return assertNever(rule);
  }
}
