/** Whether a RabbitMQ configuration keeps to this machine. Pure. */
import type { Problem } from '../../core/errors.ts';
import { printable } from '../../core/text.ts';
import { isLoopback } from '../target.ts';

/** Full stops in a key may be escaped; a carriage return in the middle of a line ends none. */
const SETTING = /^\s*([\w.$\\-]+)\s*=\s*(.*?)\s*(?:#.*)?$/s;
/** Other files, wherever they are (Cuttlefish). */
const INCLUDE = /^\s*include\b/;
/** `listeners.tcp.1`, `mqtt.listeners.ssl.default`, `stream.listeners.tcp`, … */
const LISTENER = /(?:^|\.)listeners\.(?:tcp|ssl)(?:\.|$)/;
/** `management.tcp.ip`, `prometheus.ssl.ip`, … and their ports, which need an address. */
const ADDRESSED = /^(\w+\.(?:tcp|ssl))\.(ip|port)$/;
/** Where other nodes would reach this one. */
const DISTRIBUTION = 'distribution.listener.interface';
/** Erlang's terms for the same. */
const TERMS =
  /\b(?:tcp_listeners|ssl_listeners|tcp_config|ssl_config|listener|inet_dist_\w+|cluster_nodes|syslog)\b/;
/** Others that it would connect to. */
const OUTWARD =
  /^(?:cluster_formation|cluster_nodes|auth_http|auth_ldap|federation|shovel|log\.syslog|definitions\.https?)(?:\.|$)/;

export interface LineProblem extends Pick<Problem, 'message' | 'hint'> {
  /** From 1, in the text. */
  readonly line: number;
}

/** Every line of a main file that would listen, or connect, beyond this machine. */
export function leavesLoopback(text: string): readonly LineProblem[] {
  const lines = text.split('\n');
  const settings = lines.flatMap((written, index) => {
    const [, key, value = ''] = SETTING.exec(written) ?? [];
    return key === undefined ? [] : [{ key: key.replaceAll('\\', ''), value, line: index + 1 }];
  });
  const problems: LineProblem[] = lines.flatMap((written, index) =>
    INCLUDE.test(written) ? [{ line: index + 1, ...UNSEEN }] : [],
  );
  for (const { key, value, line } of settings) {
    const block = ADDRESSED.exec(key)?.[1];
    const hasAddress = settings.some((other) => other.key === `${block}.ip`);
    const local = value === 'none' || isLocal(value);
    const reachable = key === DISTRIBUTION && !isLoopback(value);
    if ((LISTENER.test(key) && !local) || reachable)
      problems.push({ line, ...beyond(`${key} = ${value}`) });
    else if (key.endsWith('.ip') && block !== undefined && !isLoopback(value)) {
      problems.push({ line, ...beyond(`${key} = ${value}`) });
    } else if (key.endsWith('.port') && block !== undefined && !hasAddress) {
      problems.push({ line, ...beyond(`${key} without ${block}.ip`) });
    } else if (OUTWARD.test(key)) {
      problems.push({
        line,
        message: `${printable(key, 60)} connects the broker with others`,
        hint: 'leave it out: a broker under test stands alone',
      });
    }
  }
  return problems;
}

/** The same for a file of Erlang terms, which is to have no listeners at all. */
export function termsLeaveLoopback(text: string): readonly LineProblem[] {
  return text.split('\n').flatMap((written, index) => {
    const bare = written.replace(/("(?:[^"\\]|\\.)*")|%.*/gs, (_all, string) => string ?? '');
    const term = TERMS.exec(bare)?.[0];
    if (term === undefined) return [];
    return [
      {
        line: index + 1,
        message: `${term} leads to addresses that are not checked here`,
        hint: 'leave it out; write listeners into the main file, with 127.0.0.1',
      },
    ];
  });
}

const UNSEEN = {
  message: 'include leads to files that are not looked at',
  hint: 'write their lines into this file',
} as const;

function beyond(what: string): Pick<Problem, 'message' | 'hint'> {
  return {
    message: `the broker would listen beyond this machine (${printable(what, 80)})`,
    hint: 'write 127.0.0.1 and a colon before the port',
  };
}

/** `127.0.0.1:1883`, `[::1]:1883` and `::1:1883`; a port alone is every address. */
function isLocal(value: string): boolean {
  const host = /^(.+):\d+$/.exec(value)?.[1];
  return host !== undefined && isLoopback(host.replace(/^\[|\]$/g, ''));
}
