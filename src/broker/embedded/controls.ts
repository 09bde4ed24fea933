/** Controls of the embedded broker: the list is always looked at; quarantine is a key. Pure. */
import type { BrokerConfiguration } from '../configuration.ts';
import type { Controlled } from '../control.ts';
import { mainText } from '../hardening.ts';
import { ownConfiguration } from './hardening.ts';
import { keysOf, setKey } from './yaml-keys.ts';

const KEY = 'quarantine';

/** See `WithControls`. */
export function controlEmbedded(
  configuration: BrokerConfiguration = ownConfiguration(),
): Controlled {
  const text = mainText(configuration);
  const trusting = isOn(text, 'trustOther', false) || !isOn(text, 'requireCertificate', true);
  const revoke =
    "the embedded broker can't refuse revoked certificates with this configuration: it lets in others " +
    'than those of the fleet; write requireCertificate: true and trustOther: false';
  const cannot = trusting ? { revoke } : {};
  if (!keysOf(text).includes('port') || keysOf(text).includes(KEY)) {
    const quarantine =
      "the embedded broker can't be told whom to quarantine: its configuration says so itself, or not " +
      'each key on a line of its own; write it as in configurations/embedded/mutual-tls.yaml';
    return { configuration, cannot: { ...cannot, quarantine } };
  }
  const render = (names: readonly string[]) => setKey(text, KEY, listOf(names));
  const { main, files } = configuration;
  return {
    configuration: { ...configuration, files: new Map(files).set(main, render([])) },
    quarantine: { file: main, render },
    cannot,
  };
}

/** JSON is YAML; braces are escaped, so that no name is taken for a placeholder. */
function listOf(names: readonly string[]): string {
  const written = [...new Set(names)].map((name) =>
    JSON.stringify(name)
      .replaceAll('{', '\\u007b')
      .replace(/[\u007f-\u009f\u2028\u2029\ufeff]/g, code),
  );
  return `[${written.join(', ')}]`;
}

function code(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function isOn(text: string, key: string, otherwise: boolean): boolean {
  const value = new RegExp(`^${key}[ \\t]*:[ \\t]*(true|false)\\b`, 'm').exec(text)?.[1];
  return value === undefined ? otherwise : value === 'true';
}
