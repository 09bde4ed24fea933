/**
 * `broker` and `evidence`: files change under the broker, with or without telling it, and its own
 * records are looked at. A broker that has no revocation list is left as it is: not to know of a
 * revocation is what the script then shows.
 */
import type { BrokerChanges } from '../../broker/adapter.ts';
import { UserError } from '../../core/errors.ts';
import { printable } from '../../core/text.ts';
import type { Step } from '../step-schema.ts';
import type { World } from '../world.ts';
import { type Seen, seen } from './verb.ts';

/** No broker takes this line for one of its own. */
const BAD_LINE = 'this-line-is-bad {\n';

export async function changeBroker(step: Step, world: World): Promise<Seen> {
  const { broker: wanted } = step;
  if (wanted === undefined) throw new Error('internal error: nothing to change');
  const { broker } = world.ports;
  const said: string[] = [];
  try {
    const changes = otherChanges(step, world);
    for (const name of wanted.revoke ?? []) world.revoked.add(name);
    const listed = wanted.revoke !== undefined || wanted.crl !== undefined;
    if (broker.capabilities.revocationEffect === 'never') {
      if (listed) said.push('the broker reads no revocation list');
    } else if (listed || wanted.authorities !== undefined) {
      // A new authority comes with a list of its own, or the broker would refuse its devices.
      const text = world.ports.revocationList([...world.revoked], wanted.crl ?? 'current');
      await broker.change({ crlPem: text });
    }
    if (Object.keys(changes).length > 0) await broker.change(changes);
    if (wanted.reload) said.push(...(await broker.reload()));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return seen(undefined, error.problems.map((problem) => problem.message).join('; '));
  }
  const words = said.map((line) => printable(line, 200)).join('; ');
  return seen(true, words === '' ? 'done' : `done, and: ${words}`);
}

function otherChanges({ broker: wanted }: Step, world: World): BrokerChanges {
  if (wanted === undefined) return {};
  const { authorities, remove, badLine } = wanted;
  for (const name of remove ?? []) world.removed.add(name);
  return {
    ...(authorities === undefined ? {} : { deviceCaPem: world.ports.authorities(authorities) }),
    ...(remove === undefined
      ? {}
      : { principals: world.ports.principals.filter((name) => !world.removed.has(name)) }),
    ...(badLine === undefined ? {} : { files: withBadLine(world) }),
  };
}

/** The access list, or without one the configuration itself, with one line that is none. */
function withBadLine({ ports }: World): Readonly<Record<string, string>> {
  const { configuration } = ports;
  if (configuration === undefined) return { configuration: BAD_LINE };
  const { files, main } = configuration;
  const name = [...files.keys()].find((file) => /\.(acl|txt)$/.test(file)) ?? main;
  return { [name]: `${files.get(name) ?? ''}\n${BAD_LINE}` };
}

export async function evidence(step: Step, world: World): Promise<Seen> {
  const { of, holds: wanted } = step.evidence ?? { of: '', holds: 'connected' };
  const { broker } = world.ports;
  if (!broker.capabilities.brokerEvidence) {
    return seen(false, 'the broker gives no evidence of its own');
  }
  await broker.drainEvidence();
  const actor = world.actor(of);
  const own = world.ports
    .brokerEvents()
    .filter(({ port, clientId }) =>
      port === undefined ? clientId === actor.clientId : actor.ports.has(port),
    );
  const sessions = new Set(own.map((event) => event.sessionId));
  const events = world.ports
    .brokerEvents()
    .filter((event) => own.includes(event) || sessions.has(event.sessionId));
  const found = events.find(({ kind, reason, inferred = [] }) =>
    wanted === 'session-taken-over'
      ? reason === wanted && !inferred.includes('reason')
      : kind === wanted,
  );
  if (found === undefined) {
    return seen(false, `none of the broker's ${events.length} records of ${of} says ${wanted}`);
  }
  const raw = found.raw === undefined ? '' : `: ${printable(found.raw, 160)}`;
  return seen(true, `the broker recorded ${wanted}${raw}`);
}
