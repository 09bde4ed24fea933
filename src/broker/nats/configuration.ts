/**
 * What stands for the placeholders of a NATS configuration, and the configuration that is used when
 * none is under test: mutual TLS with everything allowed to every certificate that is listed.
 */
import { EXIT, UserError } from '../../core/errors.ts';
import type { BrokerStartOptions } from '../adapter.ts';
import type { BrokerConfiguration } from '../configuration.ts';
import type { PlaceholderValues } from '../render-configuration.ts';
import { fileValues, SUBJECT_FILES } from '../subject-files.ts';

const OWN = `{{harness}}
mqtt {
  host: 127.0.0.1
  port: {{port}}
  tls {
    cert_file: "{{serverCertificate}}"
    key_file: "{{serverKey}}"
    ca_file: "{{deviceCa}}"
    verify_and_map: true
    timeout: 5
  }
}
authorization {
  users = [
    {{users}}
  ]
}
`;

/** The configuration of a run that brings none. */
export function ownConfiguration(): BrokerConfiguration {
  const main = 'nats.conf';
  return { name: 'nats/own', broker: 'nats', path: main, main, files: new Map([[main, OWN]]) };
}

/** A key of the run is missing where the configuration lists its users: 65. */
export function placeholderValues(
  start: BrokerStartOptions,
  configuration: BrokerConfiguration,
  port: number,
): PlaceholderValues {
  const { principals } = start;
  const { crl: _crl, ...files } = fileValues(start);
  return {
    ...files,
    port: String(port),
    harness: harness().join('\n'),
    ...(principals === undefined ? {} : { users: users(principals, configuration.files) }),
  };
}

/** What a run must say who starts NATS with a configuration that lists users. */
export function usersMissing(configuration: BrokerConfiguration): UserError {
  return new UserError(EXIT.invalidInput, {
    file: configuration.path,
    message: 'NATS lets in only users that it lists, and this run names none',
    hint: 'give the common names of the devices as `principals`',
  });
}

/** The log as evidence, the port of NATS's own protocol out of the way, and JetStream for MQTT. */
function harness(): readonly string[] {
  return [
    'server_name: doppelfleet',
    'host: 127.0.0.1',
    'port: -1',
    'debug: true',
    'logtime: true',
    `jetstream { store_dir: "${SUBJECT_FILES.data}", max_mem: 64MB, max_file: 256MB }`,
  ];
}

/** Organisation in the subject of everything that doppelfleet mints. */
const ORGANISATION = 'O=doppelfleet';

/**
 * The users that the author has not listed. NATS looks for a user by a certificate's alternative
 * names first, then by its whole subject (RFC 2253), of which only the common name is known here.
 */
function users(principals: readonly string[], files: ReadonlyMap<string, string>): string {
  const listed = listedUsers(files);
  const names = [...new Set(principals)].filter((name) => !listed.has(name));
  // An empty list would let in everybody.
  if (names.length === 0 && listed.size === 0) return `{ user: ${quoted('CN=')} }`;
  const forms = names.flatMap(formsOf);
  return forms.map((form) => `{ user: ${quoted(form)} }`).join('\n    ');
}

/** What NATS may look for when it is shown a certificate of this common name. */
export function formsOf(commonName: string): readonly string[] {
  const subject = `CN=${escaped(commonName)}`;
  return [commonName, subject, `${subject},${ORGANISATION}`];
}

/** Common names of the users that the author has listed. */
export function listedUsers(files: ReadonlyMap<string, string>): ReadonlySet<string> {
  return new Set([...files.values()].flatMap(usersIn));
}

function usersIn(text: string): string[] {
  return userEntries(text).map(({ user }) => commonNameOf(user));
}

/** The users that a text names, with the offset of each. */
export function userEntries(text: string): readonly { user: string; at: number }[] {
  const written = text.matchAll(/\buser["']?\s*[:=]?\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)')/g);
  return [...written].flatMap(({ 1: double, 2: single, index }) => {
    const line = text.slice(text.lastIndexOf('\n', index) + 1, index);
    if (line.includes('#')) return [];
    return [{ user: double === undefined ? (single ?? '') : unescaped(double), at: index }];
  });
}

/** The common name at the beginning of a subject; the whole of what is none. */
export function commonNameOf(user: string): string {
  const name = /^CN=((?:[^,\\]|\\.)*)/.exec(user)?.[1];
  return name === undefined ? user : name.replace(/\\(.)/g, '$1');
}

/** RFC 2253 §2.4, as Go's `pkix.RDNSequence` writes names. */
function escaped(name: string): string {
  return name.replace(/[,+"\\<>;]|^[ #]| $/g, '\\$&');
}

/** A NATS string: escapes as in C; braces, so that none is taken for a placeholder. */
export function quoted(text: string): string {
  const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '{': '\\x7b' };
  return `"${text.replace(/[\\"]/g, '\\$&').replace(/[\n\r{]/g, (one) => escapes[one] ?? one)}"`;
}

function unescaped(text: string): string {
  const plain: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };
  return text.replace(/\\(?:x([0-9a-f]{2})|(.))/gis, (_all, hex, one) =>
    hex === undefined ? (plain[one] ?? one) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
