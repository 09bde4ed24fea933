/** The steps of a script as sentences, for people who read a plan or a report. Pure. */
import { plural, printable } from '../core/text.ts';
import { formatDuration } from '../core/time.ts';
import type { Script } from './schema.ts';
import { type Step, verbOf } from './step-schema.ts';

/** `intruder connects`, `service publishes "forged" to fleet/owner/telemetry`. */
export function describeStep(step: Step): string {
  const verb = verbOf(step);
  const { subscribe, publish, receive, session, duel, evidence, repeat } = step;
  switch (verb) {
    case 'connect':
      return describeConnect(step);
    case 'disconnect':
      return `${step.disconnect} disconnects`;
    case 'drop':
      return `${step.drop} resets its connection`;
    case 'subscribe':
      return `${subscribe?.client} subscribes to ${printable(subscribe?.filter ?? '', 120)}`;
    case 'publish':
      return `${publish?.client} publishes ${quoted(publish?.payload)} to ${printable(publish?.topic ?? '', 120)}`;
    case 'receive':
      return step.expect === 'nothing'
        ? `${receive?.client} does not receive ${quoted(receive?.payload)}`
        : `${receive?.client} receives ${quoted(receive?.payload)}`;
    case 'session':
      return `the session of ${session?.client} is ${session?.is}${noticeWords(session?.notice)}`;
    case 'duel':
      return `${duel?.clients.join(' and ')} evict each other for ${formatDuration(duel?.for ?? 0)}, with at most ${duel?.accepted} connects accepted`;
    case 'broker':
      return describeChange(step);
    case 'evidence':
      return `the broker's records of ${evidence?.of} say ${evidence?.holds}`;
    case 'wait':
      return `${formatDuration(step.wait ?? 0)} pass`;
    case 'repeat':
      return `${plural(repeat?.times ?? 0, 'time')}: ${repeat?.steps.map(describeStep).join(', ')}`;
  }
}

function describeConnect({ connect, expect, resume, before }: Step): string {
  const wanted = typeof expect === 'object' ? expect : { answer: expect ?? 'accepted' };
  const how = resume === undefined ? '' : ` with the TLS session ticket of ${resume}`;
  if (before !== undefined)
    return `${connect} opens ${before === 'tls' ? 'TCP' : 'TLS'} and is silent`;
  switch (wanted.answer) {
    case 'refused':
      return `${connect} is refused${how}`;
    case 'any':
      return `${connect} tries to connect${how}`;
    default:
      return `${connect} connects${how}${answerWords(wanted)}`;
  }
}

function answerWords(wanted: object): string {
  const words: Readonly<Record<string, readonly [string, string]>> = {
    sessionPresent: ['its session was kept', 'no session was kept'],
    serverKeepAlive: ['its keep-alive is limited', 'its keep-alive is not limited'],
    assignedClientId: ['the broker names it', 'it keeps its client ID'],
  };
  const said = Object.entries(wanted).flatMap(([key, value]) => {
    const both = Object.hasOwn(words, key) ? words[key] : undefined;
    return both === undefined || typeof value !== 'boolean' ? [] : [both[value ? 0 : 1]];
  });
  return said.length === 0 ? '' : `, and ${said.join(' and ')}`;
}

function describeChange({ broker }: Step): string {
  if (broker === undefined) return '';
  const { revoke, remove, crl, authorities, badLine, reload } = broker;
  const said = [
    ...(revoke === undefined ? [] : [`${revoke.join(', ')} revoked`]),
    ...(crl === undefined ? [] : [`the revocation list ${crl}`]),
    ...(remove === undefined ? [] : [`${remove.join(', ')} taken off the list of users`]),
    ...(authorities === undefined ? [] : [`trusted: ${authorities.join(' and ')} authority`]),
    ...(badLine === undefined ? [] : ['a bad line in the access list']),
  ];
  return `${said.join(', ')}${said.length > 0 ? '; ' : ''}the broker is ${reload ? 'reloaded' : 'not told'}`;
}

function noticeWords(notice: boolean | undefined): string {
  if (notice === undefined) return '';
  return notice ? ', told by DISCONNECT 0x8E' : ', not told why';
}

/** A risk with its `{{client}}` replaced by who that is. */
export function riskWords(risk: string, { clients }: Pick<Script, 'clients'>): string {
  return risk.replace(CLIENT, (_, name: string) => clients[name]?.description ?? name);
}

/** Names of the clients that a risk mentions. */
export function clientsInRisk(risk: string): readonly string[] {
  return [...risk.matchAll(CLIENT)].map((match) => match[1] ?? '');
}

const CLIENT = /\{\{\s*([^{}\s]*)\s*\}\}/g;

function quoted(text = ''): string {
  return `"${printable(text, 60)}"`;
}
