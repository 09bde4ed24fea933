/**
 * `subscribe`, `publish`, `receive`: authorisation is judged by what is delivered. That nothing came
 * is said only after a fence: round trips of whoever published, with the publish, then some of
 * whoever might receive, so that a message that the broker has let through would have been there.
 */
import { printable } from '../../core/text.ts';
import { describeObserved } from '../observe.ts';
import type { Step } from '../step-schema.ts';
import type { WireClient } from '../wire-client.ts';
import type { Actor, World } from '../world.ts';
import { fence, roundTrips } from './fence.ts';
import { PATIENCE_MS, type Seen, seen } from './verb.ts';

/** MQTT 5.0 §3.4.2.1 and §3.9.3: codes from here on are refusals. */
const REFUSED = 0x80;

export async function subscribe(step: Step, world: World): Promise<Seen> {
  const { client, filter, qos } = step.subscribe ?? { client: '', filter: '', qos: 0 };
  const actor = world.actor(client);
  if (!actor.wire?.isOpen) return absent(actor);
  const code = await actor.wire.subscribe(filter, qos);
  // A broker may close on a subscription that it forbids.
  if (step.expect === 'any' && code === undefined) actor.mayBeAbsent = true;
  const holds = step.expect === 'any' || (code !== undefined && code < REFUSED);
  if (code === undefined) return seen(holds, 'no SUBACK came');
  return seen(holds, `SUBACK 0x${code.toString(16).padStart(2, '0')}`);
}

export async function publish(step: Step, world: World): Promise<Seen> {
  const { publish: message } = step;
  if (message === undefined) throw new Error('internal error: no message');
  const actor = world.actor(message.client);
  const { wire } = actor;
  if (!wire?.isOpen) return absent(actor);
  const code = await wire.publish(message);
  // A broker may acknowledge a message before it hands it on.
  const answers = await roundTrips(wire);
  if (!answers && wire.isOpen) return silent(actor);
  if (message.qos === 0 || step.expect === 'any') {
    // A broker may close on a publish that it forbids.
    if (!answers) actor.mayBeAbsent = true;
    return seen(true, answers ? 'sent' : `sent, and ${describeObserved(await wire.ended)}`);
  }
  if (code === undefined) return seen(false, 'no PUBACK came');
  return seen(code < REFUSED, `PUBACK 0x${code.toString(16).padStart(2, '0')}`);
}

export async function receive(step: Step, world: World): Promise<Seen> {
  const { client, payload, within = PATIENCE_MS } = step.receive ?? { client: '', payload: '' };
  const actor = world.actor(client);
  const shown = printable(payload, 60);
  const got = `${client} received "${shown}"`;
  const missed = `${client} did not receive "${shown}"`;
  if (step.expect === 'nothing') return nothing(actor, payload, { got, missed }, world);
  const { wire } = actor;
  if (wire === undefined || !(wire.isOpen || has(wire, payload))) {
    return seen(false, `${missed}: it is not connected`);
  }
  const since = world.ports.now();
  const came = await wire.until(() => has(wire, payload), within);
  if (came) world.slowestMs = Math.max(world.slowestMs, world.ports.now() - since);
  return came ? seen(true, got) : seen(false, missed);
}

async function nothing(
  actor: Actor,
  payload: string,
  { got, missed }: { readonly got: string; readonly missed: string },
  world: World,
): Promise<Seen> {
  const { slowestMs, ports } = world;
  for (const wire of actor.wires) {
    if (!wire.isOpen || wire.connack === undefined) continue;
    const quiet = await fence(wire, { graceMs: ports.routingGraceMs, slowestMs });
    if (!quiet && wire.isOpen) return silent(actor);
  }
  // On whichever of its connections.
  if (actor.wires.some((wire) => has(wire, payload))) return seen(false, got);
  if (actor.wire?.isOpen) return seen(true, missed);
  // Who was allowed in has nothing because of that, not because of a rule.
  return seen(actor.mayBeAbsent ? true : undefined, `${missed}: it is not connected`);
}

function has(wire: WireClient, payload: string): boolean {
  return wire.received.some((one) => one.payload === payload);
}

function silent({ name }: Actor): Seen {
  return seen(undefined, `the broker has stopped answering ${name}`);
}

/** A client that was allowed to be refused may be absent; of any other it is a failed control. */
function absent({ name, mayBeAbsent }: Actor): Seen {
  return seen(mayBeAbsent, `${name} is not connected`);
}
