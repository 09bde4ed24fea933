/**
 * What can be told of a Mosquitto configuration from its lines: where it listens and connects to,
 * and what its log will show. This is an attack tool: a broker of ours is reached over the loopback
 * interface only, and reaches nobody else. Pure.
 */
import type { Problem } from '../../core/errors.ts';
import type { Principal } from '../../history/event.ts';
import { isLoopback } from '../target.ts';

/** One line of a configuration that says something. */
export interface Directive {
  readonly key: string;
  readonly value: string;
  /** From 1. */
  readonly line: number;
}

/** What a configuration makes of the broker, as far as our side depends on it. */
export interface ConfigurationFacts {
  /** The log says what becomes of connections. */
  readonly logsConnections: boolean;
  /** What the user name in the log is. */
  readonly username: Principal['kind'];
  readonly bindsClientId: boolean;
  readonly hasCrl: boolean;
  /** Connections are counted, so that those of ours would change what is tested. */
  readonly limitsConnections: boolean;
  readonly namesUser: boolean;
}

/** Whatever stands in a line: a carriage return in its middle ends none of Mosquitto's. */
export function readDirectives(text: string): readonly Directive[] {
  return text.split('\n').flatMap((written, i) => {
    const match = /^\s*([^#\s]\S*)\s*(.*)$/s.exec(written);
    return match === null
      ? []
      : [{ key: match[1] ?? '', value: (match[2] ?? '').trim(), line: i + 1 }];
  });
}

/** Reads the directives in their order: of most, the last one counts. */
export function factsOf(directives: readonly Directive[]): ConfigurationFacts {
  const last = new Map(directives.map(({ key, value }) => [key, value]));
  const isOn = (key: string): boolean => last.get(key) === 'true';
  const types = directives.filter(({ key }) => key === 'log_type').map(({ value }) => value);
  const counted = types.slice(types.lastIndexOf('none') + 1);
  const shows = (type: string): boolean => counted.includes(type) || counted.includes('all');
  return {
    logsConnections: isOn('connection_messages') && shows('notice') && shows('information'),
    username: usernameKind(isOn),
    bindsClientId: isOn('use_username_as_clientid'),
    hasCrl: last.has('crlfile'),
    limitsConnections: directives.some(
      ({ key, value }) => key === 'max_connections' && Number(value) > 0,
    ),
    namesUser: last.has('user'),
  };
}

function usernameKind(isOn: (key: string) => boolean): Principal['kind'] {
  if (isOn('use_subject_as_username')) return 'distinguished-name';
  return isOn('use_identity_as_username') ? 'common-name' : 'username';
}

type Words = Pick<Problem, 'message' | 'hint'>;

/**
 * Everything in the rendered main file that leads beyond this machine, or that would take the log
 * from us. `isHarness` says which lines are ours.
 */
export function forbidden(
  directives: readonly Directive[],
  port: number,
  harness: { readonly used: boolean; readonly owns: (line: number) => boolean },
): readonly (Words & { readonly line?: number })[] {
  const problems: (Words & { readonly line?: number })[] = [];
  let listens = false;
  for (const directive of directives) {
    const { key, value, line } = directive;
    listens ||= key === 'listener' && wordsOf(value)[0] === String(port);
    const words =
      beyondLoopback(directive) ??
      (harness.used && !harness.owns(line) ? ofHarness(key) : undefined);
    if (words !== undefined) problems.push({ ...words, line });
  }
  if (listens) return problems;
  const message = 'there is no listener on {{port}}';
  return [...problems, { message, hint: 'write: listener {{port}} 127.0.0.1' }];
}

/** To Mosquitto only blanks part words: behind a tab, an address is none. */
function wordsOf(value: string): readonly string[] {
  return value.split(/ +/);
}

function beyondLoopback({ key, value }: Directive): Words | undefined {
  const words = wordsOf(value);
  switch (key) {
    case 'listener':
      if (isLoopback(words[1] ?? '')) return undefined;
      return {
        message: 'this listener would not be on the loopback interface only',
        hint: 'give its address: listener {{port}} 127.0.0.1',
      };
    case 'port':
    case 'bind_address':
      return {
        message: `${key} is of the default listener, which is not used here`,
        hint: 'write instead: listener {{port}} 127.0.0.1',
      };
    case 'bind_interface':
      return value === 'lo' ? undefined : { message: 'only the loopback interface may be bound' };
    case 'include_dir':
      return {
        message: 'include_dir leads to files that are not looked at',
        hint: 'write their lines into this file',
      };
    case 'address':
    case 'addresses':
      if (words.every((word) => isLoopback(word.replace(/:\d+$/, '')))) return undefined;
      return {
        message: 'a bridge may only lead to this machine',
        hint: 'write an address of the loopback interface, such as 127.0.0.1:1883',
      };
    default:
      return undefined;
  }
}

/** How {{harness}} needs the log: another line on it would make evidence unreadable. */
function ofHarness(key: string): Words | undefined {
  if (key !== 'log_dest' && !key.startsWith('log_timestamp')) return undefined;
  return {
    message: `${key} stands beside {{harness}}, which says where and how the log is written`,
    hint: 'remove this line; or remove {{harness}}, and there is no evidence of the broker',
  };
}
