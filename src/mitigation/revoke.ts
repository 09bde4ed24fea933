/**
 * UPDATE_DEVICE_CERTIFICATE on a running broker: the certificate goes on the revocation list, the
 * broker reads it, and a trial connection shows that the certificate is refused and another is not.
 * AWS ends live sessions within minutes; whether this broker does is looked at and told.
 */
import { plural, printable } from '../core/text.ts';
import type { Credential } from '../identity/types.ts';
import { attachedTo, cutSessions, endedSessions, hitSentence } from './attached.ts';
import type { BrokerUnderTest, LiveSession } from './broker-under-test.ts';
import { type ActionFacts, ActionFailed, type Journal } from './journal.ts';
import type { Performer } from './performer.ts';
import type { RevocationRegister } from './revocations.ts';
import { isLetIn, trialPlace, untilRefused } from './trial.ts';

/** A broker that checks the list refuses at once; one that reads it in the background takes a while. */
const REFUSED_WITHIN_MS = 10_000;
/** So many trials at once: each costs the broker a handshake. */
const TRIALS_AT_ONCE = 8;

export function revokePerformer(subject: BrokerUnderTest): Performer {
  return {
    foresee: async (request) => {
      const { credentials, hit, sessions } = attachedTo(subject, request);
      const { revoke } = subject.cannot;
      if (revoke !== undefined) throw new ActionFailed('BROKER_LACKS_ABILITY', revoke);
      return {
        hit,
        sessions: { before: sessions.length, cut: 0 },
        would: [
          `put ${named(credentials)} on the revocation list of ${subject.id} and reload it`,
          `try to connect with it until it is refused; ${hitSentence({ hit })}`,
        ],
      };
    },
    perform: async (request, journal) => {
      const { credentials, hit, sessions } = attachedTo(subject, request);
      journal.observed('looked up who holds the certificate', hitSentence({ hit }));
      const before: ActionFacts = { hit, sessions: { before: sessions.length, cut: 0 } };
      const fresh = await withFacts(before, () =>
        revokeCertificates(subject, credentials, journal),
      );
      const cut = await observeCut(subject, credentials, { sessions, fresh }, journal);
      return { hit, sessions: { before: sessions.length, cut } };
    },
  };
}

/**
 * Lists, reloads and verifies; resolves whether anything was new on the list. Throws `ActionFailed`;
 * what was done until then stands in the journal.
 */
export async function revokeCertificates(
  subject: BrokerUnderTest,
  credentials: readonly Credential[],
  journal: Journal,
): Promise<boolean> {
  const register = registerOf(subject);
  const { broker, clock, id } = subject;
  const fresh = credentials.filter(({ serialNumber }) => !register.has(serialNumber));
  if (fresh.length === 0) {
    journal.observed('found it on the revocation list already');
  } else {
    const serials = fresh.map(({ serialNumber }) => serialNumber);
    const undo = `take ${named(fresh)} off the revocation list of ${id} and reload it (the broker of a run ends with the run)`;
    await journal.step(
      `put ${named(fresh)} on the revocation list`,
      { undo, failsAs: 'CHANGE_FAILED' },
      async () => {
        const list = register.add(serials, clock.now());
        try {
          await broker.change({ crlPem: list });
        } catch (error) {
          register.withdraw(serials);
          throw error;
        }
        return `${plural(register.size, 'entry', 'entries')} on the list`;
      },
    );
    await reload(subject, journal);
  }
  await verifyRefused(subject, credentials, journal);
  await verifyOthers(subject, journal);
  return fresh.length > 0;
}

/** Tells the broker to read its files again. */
export async function reload({ broker, id }: BrokerUnderTest, journal: Journal): Promise<void> {
  await journal.step(`reloaded ${id}`, { failsAs: 'RELOAD_FAILED' }, async () => {
    const [error, ...more] = await broker.reload();
    if (error === undefined) return undefined;
    const rest = more.length === 0 ? '' : ` (and ${more.length} more)`;
    throw new ActionFailed('RELOAD_FAILED', `${id} said: ${printable(error, 300)}${rest}`);
  });
}

async function verifyRefused(
  subject: BrokerUnderTest,
  credentials: readonly Credential[],
  journal: Journal,
): Promise<void> {
  const place = trialPlace(subject);
  const deadline = subject.clock.now() + REFUSED_WITHIN_MS;
  await journal.step(
    `tried to connect with ${named(credentials)}`,
    { failsAs: 'STILL_ACCEPTED' },
    async () => {
      let seen = '';
      for (let from = 0; from < credentials.length; from += TRIALS_AT_ONCE) {
        const batch = credentials.slice(from, from + TRIALS_AT_ONCE);
        const answers = await Promise.all(batch.map((one) => untilRefused(place, one, deadline)));
        answers.forEach((answer, index) => {
          seen = answer.seen;
          if (answer.refused) return;
          const message = `the certificate of ${batch[index]?.thingName} is not refused: it was ${seen}`;
          throw new ActionFailed('STILL_ACCEPTED', message);
        });
      }
      return credentials.length === 1 ? `it was ${seen}` : `all were refused; the last was ${seen}`;
    },
  );
}

/** A list that can't be used makes some brokers refuse everybody, which is no revocation. */
async function verifyOthers(subject: BrokerUnderTest, journal: Journal): Promise<void> {
  const { control } = subject;
  if (control === undefined) {
    journal.observed('could not try another certificate', 'the store can issue none');
    return;
  }
  const place = trialPlace(subject);
  await journal.step(
    'tried a certificate that is not revoked',
    { failsAs: 'REFUSES_OTHERS' },
    async () => {
      const { accepted, seen } = await isLetIn(place, control);
      if (accepted) return `it was ${seen}`;
      throw new ActionFailed('REFUSES_OTHERS', `others are refused, too: one was ${seen}`);
    },
  );
}

async function observeCut(
  subject: BrokerUnderTest,
  credentials: readonly Credential[],
  { sessions, fresh }: { readonly sessions: readonly LiveSession[]; readonly fresh: boolean },
  journal: Journal,
): Promise<number> {
  const ids = credentials.map(({ certificateId }) => certificateId);
  const cut = fresh
    ? await cutSessions(subject, ids, sessions)
    : endedSessions(subject.holders, ids, sessions);
  const open = sessions.length - cut;
  const what = 'looked at the live sessions of the certificate';
  if (sessions.length === 0) journal.observed(what, 'there was none');
  else if (open === 0) journal.observed(what, `cut: ${plural(cut, 'session')} ended`);
  else {
    const ended = cut === 0 ? '' : `, ${cut} ended`;
    journal.observed(what, `not cut: ${plural(open, 'session')} still open${ended}`);
  }
  return cut;
}

function registerOf({ cannot, revocations, broker, id }: BrokerUnderTest): RevocationRegister {
  if (cannot.revoke !== undefined) throw new ActionFailed('BROKER_LACKS_ABILITY', cannot.revoke);
  if (broker.capabilities.revocationEffect === 'never') {
    const hint = 'quarantine the thing instead, or refuse it at another place';
    throw new ActionFailed('BROKER_LACKS_ABILITY', `${id} reads no revocation list; ${hint}`);
  }
  if (revocations !== undefined) return revocations;
  const message = 'the store has no authority with a key that could sign a revocation list';
  throw new ActionFailed('BROKER_LACKS_ABILITY', message);
}

async function withFacts<T>(facts: ActionFacts, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ActionFailed)) throw error;
    throw new ActionFailed(error.code, error.message, facts);
  }
}

function named(credentials: readonly Credential[]): string {
  const [first] = credentials;
  if (credentials.length > 1 || first === undefined) return `${credentials.length} certificates`;
  return `the certificate of ${printable(first.thingName)} (serial ${first.serialNumber})`;
}
