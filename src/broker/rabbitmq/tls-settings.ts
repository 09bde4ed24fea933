/**
 * What RabbitMQ asks of certificates. A file of Erlang terms takes the place of all `ssl_options` of
 * the main file, and only such a file can name a revocation list. Pure.
 */
import type { BrokerRuleId } from '../../core/broker-rule.ts';
import type { BrokerConfiguration } from '../configuration.ts';
import { type Hardened, hardenedBy, lacks, mainText } from '../hardening.ts';
import { setSetting, settingOf, settingsIn } from './settings.ts';

const BROKER = 'RabbitMQ';
const PREFIX = 'ssl_options.';
/** Those that can be said in terms by a rule: paths, and atoms. */
const PATHS = ['cacertfile', 'certfile', 'keyfile'];
const REQUIRED = {
  cacertfile: '{{deviceCa}}',
  verify: 'verify_peer',
  fail_if_no_peer_cert: 'true',
};
const LIST =
  '{crl_check, peer},\n  {crl_cache, {ssl_crl_hash_dir, {internal, [{dir, "{{crl}}"}]}}}';

/** Nobody comes in without a certificate of the fleet's authority. */
export function requireCertificate(configuration: BrokerConfiguration): Hardened {
  const rule = 'certificate-required';
  const terms = termsOf(configuration);
  if (terms !== undefined && hasTls(terms.text)) {
    const missing = [
      '{verify, verify_peer}',
      '{fail_if_no_peer_cert, true}',
      '"{{deviceCa}}"',
    ].find((term) => !squeezed(terms.text).includes(squeezed(term)));
    return missing === undefined
      ? { configuration: hardenedBy(rule, configuration, {}) }
      : inTheWay(rule, terms.name, missing);
  }
  const text = Object.entries(REQUIRED).reduce(
    (changed, [key, value]) => setSetting(changed, `${PREFIX}${key}`, value),
    mainText(configuration),
  );
  return { configuration: hardenedBy(rule, configuration, { [configuration.main]: text }) };
}

/** Certificates on the list are refused. */
export function checkRevocation(configuration: BrokerConfiguration): Hardened {
  const rule = 'revocation-list';
  const terms = termsOf(configuration);
  if (terms === undefined) return addTerms(configuration);
  const bare = withoutComments(terms.text);
  if (/\{\s*crl_check\s*,\s*(?:peer|true)\s*\}/.test(bare) && bare.includes('{{crl}}')) {
    return { configuration: hardenedBy(rule, configuration, {}) };
  }
  return inTheWay(rule, terms.name, '{crl_check, peer} and a {crl_cache, …} with {{crl}}');
}

/** The settings of the main file, said again in terms, with the list. */
function addTerms(configuration: BrokerConfiguration): Hardened {
  const rule = 'revocation-list';
  const text = mainText(configuration);
  const keys = new Set(
    settingsIn(text)
      .filter(({ key }) => key.startsWith(PREFIX))
      .map(({ key }) => key.slice(PREFIX.length)),
  );
  const odd = [...keys].find((key) => !PATHS.includes(key) && !Object.hasOwn(REQUIRED, key));
  if (odd !== undefined) {
    return lacks(
      BROKER,
      rule,
      `a file of Erlang terms is needed, in which ${PREFIX}${odd} can't be said by rule`,
      'write one as configurations/rabbitmq/revocation-list.advanced.config',
    );
  }
  const paths = PATHS.flatMap((key) => {
    const value = settingOf(text, `${PREFIX}${key}`);
    return value === undefined ? [] : [`{${key}, ${JSON.stringify(value)}}`];
  });
  const options = [...paths, '{verify, verify_peer}', '{fail_if_no_peer_cert, true}', LIST];
  const name = `${configuration.main.replace(/\.conf$/, '')}.advanced.config`;
  const advanced = `[{rabbit, [{ssl_options, [\n  ${options.join(',\n  ')}\n]}]}].\n`;
  // Said in both, so that the main file does not tell another story.
  const main = Object.entries(REQUIRED).reduce(
    (changed, [key, value]) =>
      keys.has(key) && key !== 'cacertfile'
        ? setSetting(changed, `${PREFIX}${key}`, value)
        : changed,
    text,
  );
  return {
    configuration: hardenedBy(rule, configuration, {
      [configuration.main]: main,
      [name]: advanced,
    }),
  };
}

function inTheWay(rule: BrokerRuleId, name: string, missing: string) {
  return lacks(
    BROKER,
    rule,
    `${name} has the last word on TLS and lacks ${missing}`,
    'write that into its ssl_options',
  );
}

function termsOf({ files }: BrokerConfiguration) {
  for (const [name, text] of files) if (name.endsWith('.advanced.config')) return { name, text };
  return undefined;
}

function hasTls(text: string): boolean {
  return /\bssl_options\b/.test(withoutComments(text));
}

function withoutComments(text: string): string {
  return text.replace(/("(?:[^"\\]|\\.)*")|%.*/g, (_all, string) => string ?? '');
}

function squeezed(text: string): string {
  return withoutComments(text).replace(/\s+/g, '');
}
