/**
 * Mosquitto's file of rights (`acl_file`, mosquitto.conf(5)): entries of users, and patterns for all.
 * A user's denials go before everything, then what the user is allowed, then the patterns; so those in
 * quarantine are denied what the patterns would allow. Pure.
 */
import { EXIT, UserError } from '../../core/errors.ts';
import { printable } from '../../core/text.ts';
import { isTopicLevel } from '../control.ts';

/** What stands for `{{users}}`: each with every topic, but for those with an entry of their own. */
export function rightsOfUsers(principals: readonly string[], texts: readonly string[]): string {
  const listed = new Set(texts.flatMap(usersIn));
  const names = [...new Set(principals)].filter((name) => !listed.has(name));
  return names
    .map((name) => block(name, ['topic readwrite #', 'topic readwrite $SYS/#']))
    .join('\n');
}

/** The text with these names held to topics of their own, and all other entries as they were. */
export function quarantined(text: string, names: readonly string[]): string {
  const held = new Set(names);
  if (held.size === 0) return text;
  const filters = patternsIn(text);
  const blocks = [...held].map((name) => {
    if (!isTopicLevel(name) || name === 'quarantine') return block(name, ['topic deny #']);
    const denials = filters.map((filter) => `topic deny ${expanded(filter, name)}`);
    return block(name, [...denials, `topic readwrite quarantine/${name}/#`]);
  });
  // In front: an entry belongs to the user that was named last, and the author's first lines to none.
  const { head, rest } = split(withoutUsers(text, held));
  return [...head, ...blocks.flatMap((one) => [one, '']), ...rest].join('\n');
}

/** A pattern that allows topics below `quarantine/`, which no denial can tell apart; or undefined. */
export function overlapping(text: string): string | undefined {
  return patternsIn(text).find((filter) =>
    /^(?:[+#]|[^/]*%c[^/]*|quarantine)(?:\/|$)/.test(filter),
  );
}

/** Patterns that allow something. */
function patternsIn(text: string): readonly string[] {
  return linesOf(text).flatMap((line) => {
    const [, access, filter = ''] =
      /^pattern +(?:(readwrite|read|write|deny) +)?(.*)$/.exec(line) ?? [];
    return filter === '' || access === 'deny' ? [] : [filter.trim()];
  });
}

/** What a pattern is for one user; a client ID may be any. */
function expanded(filter: string, name: string): string {
  return filter
    .split('/')
    .map((level) => (level.includes('%c') ? '+' : level.replaceAll('%u', name)))
    .join('/');
}

function usersIn(text: string): readonly string[] {
  return linesOf(text).flatMap((line) => userOf(line) ?? []);
}

function userOf(line: string): string | undefined {
  return /^user +(.*)$/.exec(line)?.[1]?.trim();
}

/** The author's lines without the entries of some users. */
function withoutUsers(text: string, names: ReadonlySet<string>): string {
  let isTheirs = false;
  return text
    .split('\n')
    .filter((line) => {
      const user = userOf(line.trimEnd());
      if (user !== undefined) isTheirs = names.has(user);
      // Patterns are for all, wherever they stand; comments stay.
      return !isTheirs || /^(?:#|pattern |\s*$)/.test(line) || line.includes('{{users}}');
    })
    .join('\n');
}

/** What comes before the first user, which is for clients without a name. */
function split(text: string): { readonly head: string[]; readonly rest: string[] } {
  const lines = text.split('\n');
  let at = lines.findIndex((line) => userOf(line) !== undefined || line.includes('{{users}}'));
  // With what is said about it.
  while (at > 0 && lines[at - 1]?.startsWith('#') === true) at -= 1;
  if (at >= 0) return { head: lines.slice(0, at), rest: lines.slice(at) };
  const last = lines.at(-1) === '' ? lines.slice(0, -1) : lines;
  return { head: last, rest: [] };
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').map((line) => line.trimEnd());
}

function block(name: string, lines: readonly string[]): string {
  if (name === '' || name !== name.trim() || /[\p{Cc}]|\{\{/u.test(name)) {
    throw new UserError(EXIT.invalidInput, {
      message: `Mosquitto's file of rights can't name the user «${printable(name, 60)}»`,
      hint: 'give the device a common name without control characters and blanks at its ends',
    });
  }
  return [`user ${name}`, ...lines].join('\n');
}
