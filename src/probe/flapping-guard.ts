/**
 * Whether a client ID that is taken over again and again is held back: many takeovers in a row, each
 * as soon as the one before it was answered, beside as many connects of client IDs of their own.
 */
import { isAccepted } from '../script/observe.ts';
import type { ProbeBench } from './bench.ts';
import type { Party } from './identities.ts';
import { control, type Probe } from './measurement.ts';

/** EMQX counts to 15 where its guard is switched on. */
const TAKEOVERS = 20;
/** Held back: this much longer than the slowest connect that nobody contests. */
const FACTOR = 5;
const HELD_MS_MIN = 500;
/** One slow answer is a busy machine. */
const HELD_MIN = 2;

export const probeFlappingGuard: Probe<'flappingGuard'> = async (bench) => {
  const party = bench.identities.party('owner', 'flappingGuard');
  const alone = await connectAll(bench, (n) => ({ ...party, clientId: `${party.clientId}-${n}` }));
  const boundIds = alone.some((one) => !one.accepted);
  // Where client IDs are bound, there is one that may be used: it comes and goes.
  if (boundIds) await (await bench.mustConnect(party)).disconnect();
  const slowest = boundIds ? HELD_MS_MIN : Math.max(...alone.map((one) => one.ms));
  const duel = await connectAll(bench, () => party);
  const refused = duel.filter((one) => !one.accepted).length;
  const limit = Math.max(HELD_MS_MIN, FACTOR * slowest);
  const held = duel.filter((one) => one.accepted && one.ms > limit).length;
  control(duel[0]?.accepted === true, 'control: the first connect was refused');
  if (refused === 0 && held < HELD_MIN) {
    return { value: false, because: `${TAKEOVERS} connects in a row were answered at once` };
  }
  return {
    value: true,
    because: `of ${TAKEOVERS} connects in a row ${refused} were refused and ${held} held back`,
  };
};

interface Answer {
  readonly accepted: boolean;
  readonly ms: number;
}

async function connectAll(bench: ProbeBench, partyOf: (n: number) => Party): Promise<Answer[]> {
  const answers: Answer[] = [];
  const clients = [];
  for (let n = 0; n < TAKEOVERS; n++) {
    const from = bench.clock.now();
    const client = await bench.connect(partyOf(n));
    answers.push({ accepted: isAccepted(client.observed), ms: client.answeredAt - from });
    clients.push(client);
  }
  for (const client of clients) await client.disconnect();
  return answers;
}
