/** `disconnect`, `drop`, `session`, `duel` and `wait`: how sessions end, or don't. */
import { setTimeout as pause } from 'node:timers/promises';
import { describeObserved, isAccepted } from '../observe.ts';
import type { Step } from '../step-schema.ts';
import type { WireClient } from '../wire-client.ts';
import type { Actor, World } from '../world.ts';
import { openConnection } from './connect.ts';
import { fence } from './fence.ts';
import { PATIENCE_MS, type Seen, seen } from './verb.ts';

/** MQTT 5.0 §3.14.2.1, Session taken over. */
const TAKEN_OVER = '0x8e';
/** After a refusal, so that a duel does not become a flood. */
const REFUSED_PAUSE_MS = 20;
/** In all connects of a duel, accepted or not. */
const DUEL_CONNECTS_MAX = 10_000;

export async function disconnect(step: Step, world: World): Promise<Seen> {
  const actor = world.actor(step.disconnect ?? '');
  if (!actor.wire?.isOpen) return seen(actor.mayBeAbsent, `${actor.name} is not connected`);
  await actor.wire.disconnect();
  return seen(true, 'done');
}

export async function drop(step: Step, world: World): Promise<Seen> {
  const actor = world.actor(step.drop ?? '');
  if (!actor.wire?.isOpen) return seen(actor.mayBeAbsent, `${actor.name} is not connected`);
  await actor.wire.drop();
  return seen(true, 'done');
}

export async function session(step: Step, world: World): Promise<Seen> {
  const { session: wanted } = step;
  if (wanted === undefined) throw new Error('internal error: no session');
  const { wire, name } = world.actor(wanted.client);
  if (wire === undefined) return seen(undefined, `${name} has never connected`);
  if (wanted.is === 'open') return isOpen(wire, name, world);
  const within = wanted.within ?? PATIENCE_MS;
  const startedAt = world.ports.now();
  const timeout = new AbortController();
  const end = await Promise.race([
    wire.ended,
    pause(within, undefined, { signal: AbortSignal.any([timeout.signal, world.ports.signal]) }),
  ]).finally(() => timeout.abort());
  if (end === undefined)
    return seen(false, `the session of ${name} is still open after ${within} ms`);
  const elapsedMs = Math.max(0, Math.round((wire.endedAt ?? startedAt) - startedAt));
  const words = `the session of ${name} was ${describeObserved(end)}`;
  const notice = end.kind === 'disconnect' && end.detail === TAKEN_OVER;
  const holds = wanted.notice === undefined || wanted.notice === notice;
  return { holds, because: `${words} after ${elapsedMs} ms`, elapsedMs };
}

async function isOpen(wire: WireClient, name: string, world: World): Promise<Seen> {
  const { slowestMs, ports } = world;
  const { routingGraceMs: graceMs } = ports;
  // One that has not said CONNECT can't ask.
  const asks = wire.connack !== undefined || wire.observed.kind !== 'accepted';
  if (!asks) await wire.until(() => false, graceMs);
  // A broker may need a moment to end the session that a newcomer has replaced.
  const answers = wire.isOpen && (!asks || (await fence(wire, { graceMs, slowestMs })));
  if (answers) return seen(true, `the session of ${name} is open`);
  if (wire.isOpen) return seen(undefined, `the broker has stopped answering ${name}`);
  return seen(false, `the session of ${name} was ${describeObserved(await wire.ended)}`);
}

/** Both clients come back whenever their session has ended; how often they are let in counts. */
export async function duel(step: Step, world: World): Promise<Seen> {
  const { duel: wanted } = step;
  if (wanted === undefined) throw new Error('internal error: no duel');
  const until = world.ports.now() + wanted.for;
  const tally = { accepted: 0, refused: 0 };
  await Promise.all(wanted.clients.map((name) => fight(world.actor(name), world, until, tally)));
  const { accepted, refused } = tally;
  const words = `${accepted} connects were accepted and ${refused} refused in ${wanted.for} ms`;
  if (accepted === 0) return seen(undefined, words);
  return seen(accepted <= wanted.accepted, words);
}

async function fight(
  actor: Actor,
  world: World,
  until: number,
  tally: { accepted: number; refused: number },
): Promise<void> {
  const { ports } = world;
  actor.mayBeAbsent = true;
  while (ports.now() < until && !ports.signal.aborted) {
    if (tally.accepted + tally.refused >= DUEL_CONNECTS_MAX) return;
    const connectTimeoutMs = Math.max(1, Math.round(until - ports.now()));
    const wire = await openConnection(actor, world, { connectTimeoutMs });
    if (isAccepted(wire.observed)) {
      tally.accepted += 1;
      const left = Math.max(0, until - ports.now());
      const timeout = new AbortController();
      await Promise.race([wire.ended, pause(left, undefined, { signal: timeout.signal })]).finally(
        () => timeout.abort(),
      );
    } else {
      // The last attempt is cut off by the end of the duel, not refused.
      if (ports.now() < until) tally.refused += 1;
      await pause(REFUSED_PAUSE_MS);
    }
  }
}

export async function wait(step: Step, world: World): Promise<Seen> {
  await pause(step.wait ?? 0, undefined, { signal: world.ports.signal });
  return seen(true, 'done');
}
