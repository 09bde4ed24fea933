/**
 * Shows by delivery what a quarantine does: a listener of ours gets what is published inside and
 * not what is published outside, and the quarantined identity gets nothing from outside. Each
 * silence has a control beside it that speaks.
 */
import { randomUUID } from 'node:crypto';
import type { Credential } from '../identity/types.ts';
import { describeObserved, isAccepted } from '../script/observe.ts';
import type { WireClient } from '../script/wire-client.ts';
import { ActionFailed, type Journal } from './journal.ts';
import { openTrial, pause, type TrialPlace } from './trial.ts';

/** Brokers hand a message on within milliseconds; what has not come by then does not come. */
const DELIVERED_MS = 2_000;
const SILENCE_MS = 300;

export interface QuarantineTrial {
  readonly place: TrialPlace;
  /** The quarantined identity. */
  readonly credential: Credential;
  /** A session of it from before the change, which may have been refused or ended. */
  readonly live: WireClient;
  /** An identity of ours with everybody's rights. */
  readonly control?: Credential;
}

interface Topics {
  readonly inside: string;
  readonly outside: string;
}

/** Throws `ActionFailed` if the identity is not held, or it can't be seen whether it is. */
export async function verifyQuarantine(trial: QuarantineTrial, journal: Journal): Promise<void> {
  const { place, control, credential } = trial;
  if (control === undefined) {
    throw new ActionFailed('NOT_VERIFIED', 'the store can issue no identity to listen with');
  }
  const id = randomUUID().slice(0, 12);
  const topics = {
    inside: `quarantine/${credential.thingName}/doppelfleet-trial-${id}`,
    outside: `doppelfleet-trial/${id}`,
  };
  const listener = await openTrial(place, control);
  try {
    mustBeIn(listener, 'the listener');
    await listener.subscribe(topics.outside, 1);
    await listener.subscribe(topics.inside, 1);
    await listener.publish({ topic: topics.outside, payload: 'control', qos: 1 });
    if (!(await arrives(listener, 'control'))) {
      throw new ActionFailed('NOT_VERIFIED', 'the listener does not even get its own messages');
    }
    await verifyWriting(trial, topics, listener, journal);
    await verifyReading(trial, topics, listener, journal);
    await observeLive(trial, topics, listener, journal);
  } finally {
    await listener.disconnect();
  }
}

async function verifyWriting(
  { place, credential }: QuarantineTrial,
  { inside, outside }: Topics,
  listener: WireClient,
  journal: Journal,
): Promise<void> {
  await journal.step('published as it, outside and inside', { failsAs: 'NOT_HELD' }, async () => {
    const first = await openTrial(place, credential);
    mustBeIn(first, 'the quarantined identity');
    await first.publish({ topic: outside, payload: 'outside', qos: 1 });
    // Some brokers close the connection of whoever publishes where it may not.
    const second = first.isOpen ? first : await openTrial(place, credential);
    await second.publish({ topic: inside, payload: 'inside', qos: 1 });
    const came = await arrives(listener, 'inside');
    await pause(place, SILENCE_MS);
    await Promise.all([first.disconnect(), second.disconnect()]);
    if (got(listener, 'outside')) {
      throw new ActionFailed('NOT_HELD', 'what it published outside the quarantine was delivered');
    }
    if (came) return 'what it published inside was delivered, what it published outside was not';
    throw new ActionFailed('NOT_VERIFIED', 'not even what it published inside was delivered');
  });
}

async function verifyReading(
  { place, credential }: QuarantineTrial,
  { inside, outside }: Topics,
  listener: WireClient,
  journal: Journal,
): Promise<void> {
  await journal.step('listened as it, outside and inside', { failsAs: 'NOT_HELD' }, async () => {
    const within = await openTrial(place, credential);
    const beyond = await openTrial(place, credential);
    try {
      mustBeIn(within, 'the quarantined identity');
      await within.subscribe(inside, 1);
      await beyond.subscribe(outside, 1);
      await listener.publish({ topic: outside, payload: 'to outside', qos: 1 });
      await listener.publish({ topic: inside, payload: 'to inside', qos: 1 });
      const came = await arrives(within, 'to inside');
      await pause(place, SILENCE_MS);
      if (got(beyond, 'to outside')) {
        throw new ActionFailed('NOT_HELD', 'it still gets what others publish');
      }
      return came ? 'it got what came inside, and nothing else' : 'it got nothing at all';
    } finally {
      await Promise.all([within.disconnect(), beyond.disconnect()]);
    }
  });
}

/** Whether a session from before the change is held, too. */
async function observeLive(
  { place, live }: QuarantineTrial,
  { outside }: Topics,
  listener: WireClient,
  journal: Journal,
): Promise<void> {
  const what = 'published in a session from before';
  if (!isAccepted(live.observed)) {
    journal.observed(what, 'there was no such session');
    return;
  }
  if (live.isOpen) await live.publish({ topic: outside, payload: 'live', qos: 1 });
  if (live.isOpen) await pause(place, SILENCE_MS);
  const free = got(listener, 'live');
  if (free) journal.observed(what, 'not held: live sessions keep their rights until they end');
  else if (live.isOpen) journal.observed(what, 'held: nothing was delivered');
  else journal.observed(what, 'cut: the broker had ended it');
}

function mustBeIn(client: WireClient, who: string): void {
  if (isAccepted(client.observed)) return;
  const seen = describeObserved(client.observed);
  throw new ActionFailed('NOT_VERIFIED', `${who} could not connect: it was ${seen}`);
}

function got(client: WireClient, payload: string): boolean {
  return client.received.some((message) => message.payload === payload);
}

function arrives(client: WireClient, payload: string): Promise<boolean> {
  return client.until(() => got(client, payload), DELIVERED_MS);
}
