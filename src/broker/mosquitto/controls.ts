/**
 * Controls of Mosquitto: a revocation list for every listener, and a file of rights, both of which it
 * reads again at a reload. Without a file of rights of the author's, everybody who is listed has all
 * topics. Pure.
 */
import type { BrokerConfiguration } from '../configuration.ts';
import type { Controlled } from '../control.ts';
import { mainText } from '../hardening.ts';
import { ownConfiguration } from './configuration.ts';
import { readDirectives } from './directives.ts';
import { hardenMosquitto } from './hardening.ts';
import { listenersOf, setInListeners, settingAt } from './listeners.ts';
import { overlapping, quarantined } from './rights.ts';

const RIGHTS = 'quarantine.acl';
const NO_RIGHTS =
  '# Who is listed may use every topic; who is in quarantine only topics below it.\n{{users}}\n';

/** See `WithControls`. */
export function controlMosquitto(
  configuration: BrokerConfiguration = ownConfiguration(false),
): Controlled {
  const revoking = hardenMosquitto({ rule: 'revocation-list', groups: [] }, configuration);
  const isRevoking = 'configuration' in revoking;
  const listed = isRevoking ? revoking.configuration : configuration;
  // It is the same configuration under test, with controls.
  const base = { ...listed, name: configuration.name };
  const revoke = isRevoking ? {} : { revoke: revoking.lacks };
  const rights = rightsOf(base);
  if ('why' in rights) {
    const quarantine = `Mosquitto can't quarantine anybody with this configuration: ${rights.why}`;
    return { configuration: base, cannot: { ...revoke, quarantine } };
  }
  const { file, text, main } = rights;
  return {
    configuration: { ...base, files: new Map(base.files).set(base.main, main).set(file, text) },
    quarantine: { file, render: (names) => quarantined(text, names) },
    cannot: revoke,
  };
}

type Rights =
  | { readonly file: string; readonly text: string; readonly main: string }
  | { readonly why: string };

/** The file of rights that counts, or a new one. */
function rightsOf(configuration: BrokerConfiguration): Rights {
  const main = mainText(configuration);
  const directives = readDirectives(main);
  const listeners = listenersOf(main);
  const [listener] = listeners;
  if (directives.some(({ key }) => /^(?:auth_)?plugin$/.test(key))) {
    return { why: 'a plugin of its own says who may do what; quarantine with the plugin instead' };
  }
  if (listener === undefined || listeners.length > 1) {
    return { why: 'it needs one listener to have its file of rights at; leave one' };
  }
  const isByName =
    settingAt(listener, 'use_identity_as_username') === 'true' &&
    (settingAt(listener, 'use_subject_as_username') ?? 'false') === 'false';
  if (!isByName) {
    return {
      why: 'users are not named by their certificates; write use_identity_as_username true',
    };
  }
  const said = directives.filter(({ key }) => key === 'acl_file');
  if (said.length === 0) {
    // Behind the listener it counts with and without per_listener_settings.
    const changed = setInListeners(main, 'acl_file', `{{file:${RIGHTS}}}`);
    return { file: RIGHTS, text: NO_RIGHTS, main: changed };
  }
  return authorsRights(configuration, said.at(-1)?.value ?? '', listener.listener.line);
}

function authorsRights(configuration: BrokerConfiguration, value: string, listens: number): Rights {
  const main = mainText(configuration);
  const directives = readDirectives(main);
  const file = /^\{\{ *file *: *([^{}]+?) *\}\}$/.exec(value)?.[1] ?? '';
  const text = configuration.files.get(file);
  if (text === undefined) {
    return { why: 'its file of rights is not part of it; name it by {{file:<name>}}' };
  }
  const perListener = directives.findLast(({ key }) => key === 'per_listener_settings');
  const line = directives.findLast(({ key }) => key === 'acl_file')?.line ?? 0;
  if (perListener?.value === 'true' && line < listens) {
    return {
      why: `the file of rights in line ${line} belongs to no listener; write it behind one`,
    };
  }
  const pattern = overlapping(text);
  if (pattern !== undefined) {
    return {
      why: `the pattern ${pattern} in ${file} is for everybody and also for quarantine/…; write what users may do by user`,
    };
  }
  return { file, text, main };
}
