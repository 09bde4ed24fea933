/**
 * RabbitMQ's users, from a file of definitions that it loads when it starts. An entry of an author's
 * file in which `{{users}}` stands for a name is repeated for every user that has no entry of its
 * own in that list. Pure.
 */
import { EXIT, UserError } from '../../core/errors.ts';
import { printable } from '../../core/text.ts';
import type { BrokerConfiguration } from '../configuration.ts';
import { authorPath } from '../render-configuration.ts';

const USERS = '{{users}}';

/** Every user may do everything; nobody has a password, so that only certificates log in. */
const OWN = {
  vhosts: [{ name: '/' }],
  users: [
    {
      name: USERS,
      password_hash: '',
      hashing_algorithm: 'rabbit_password_hashing_sha256',
      tags: '',
    },
  ],
  permissions: [{ user: USERS, vhost: '/', configure: '.*', write: '.*', read: '.*' }],
};

/** The definitions of a configuration that brings none. */
export function ownDefinitions(principals: readonly string[]): string {
  return written(expand(OWN, principals));
}

/** The same before its users are filled in, as an author would write it. */
export function ownDefinitionsTemplate(): string {
  return written(OWN);
}

/** Whether a text is one of definitions in which users are to be filled in. */
export function isDefinitions(name: string, text: string): boolean {
  return name.endsWith('.json') && text.includes(USERS);
}

/** An author's definitions with their users; throws a `UserError` (65) if they are no JSON. */
export function fillUsers(
  configuration: BrokerConfiguration,
  name: string,
  principals: readonly string[],
): string {
  const text = configuration.files.get(name) ?? '';
  try {
    return written(expand(JSON.parse(text), principals));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UserError(EXIT.invalidInput, {
      file: authorPath(configuration, name),
      message: `the definitions are no JSON: ${printable(error.message)}`,
    });
  }
}

function written(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}

function expand(value: unknown, principals: readonly string[]): unknown {
  if (Array.isArray(value)) {
    return value.flatMap((entry) => {
      const keys = isObject(entry) ? Object.keys(entry).filter((key) => entry[key] === USERS) : [];
      if (!isObject(entry) || keys.length === 0) return [expand(entry, principals)];
      const listed = new Set(value.flatMap((other) => keys.map((key) => other?.[key])));
      const names = [...new Set(principals)].filter((name) => !listed.has(name));
      return names.map((name) => ({
        ...entry,
        ...Object.fromEntries(keys.map((key) => [key, name])),
      }));
    });
  }
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, expand(inner, principals)]),
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
