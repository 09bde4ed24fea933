/**
 * ADD_THINGS_TO_THING_GROUP on a running broker: whoever the certificate of the finding is attached
 * to may use `quarantine/<common name>/` and nothing else, as the rights of a quarantine group in
 * AWS would have it. Shown by delivery: an acknowledgement says nothing about it.
 */
import type { Quarantine } from '../broker/controls.ts';
import { printable } from '../core/text.ts';
import type { ThingGroupParams } from './action.ts';
import { attachedTo, endedSessions, hitSentence } from './attached.ts';
import type { BrokerUnderTest } from './broker-under-test.ts';
import { type ActionFacts, ActionFailed, type Journal } from './journal.ts';
import type { ActionRequest, Performer } from './performer.ts';
import { reload } from './revoke.ts';
import { openTrial, trialPlace } from './trial.ts';
import { verifyQuarantine } from './verify-quarantine.ts';

/** The names in quarantine, from one execution to the next. */
export function quarantinePerformer(subject: BrokerUnderTest): Performer {
  const names = new Set<string>();
  return {
    foresee: async (request) => {
      const { hit, sessions, commonNames } = attachedTo(subject, request);
      fileOf(subject);
      return {
        hit,
        sessions: { before: sessions.length, cut: 0 },
        would: [
          `add ${commonNames.map((name) => printable(name)).join(', ')} to ${groups(request)} of ${subject.id} and reload it`,
          `see that nothing else than quarantine/<name>/ is delivered; ${hitSentence({ hit })}`,
        ],
      };
    },
    perform: (request, journal) => quarantine(subject, names, request, journal),
  };
}

async function quarantine(
  subject: BrokerUnderTest,
  names: Set<string>,
  request: ActionRequest,
  journal: Journal,
): Promise<ActionFacts> {
  const { credentials, hit, commonNames, sessions } = attachedTo(subject, request);
  const facts: ActionFacts = { hit, sessions: { before: sessions.length, cut: 0 } };
  const file = fileOf(subject);
  journal.observed('looked up what the certificate is attached to', hitSentence({ hit }));
  const [credential] = credentials;
  if (credential === undefined) return facts;
  const place = trialPlace(subject);
  // Opened before the change, it shows what becomes of sessions that are live.
  const live = place.bindsClientId ? undefined : await openTrial(place, credential);
  try {
    const fresh = commonNames.filter((name) => !names.has(name));
    if (fresh.length === 0) journal.observed('found it in quarantine already');
    else {
      await addNames(subject, { file, names, fresh, group: groups(request) }, journal);
      await reload(subject, journal);
    }
    if (credentials.every(({ serialNumber }) => subject.revocations?.has(serialNumber))) {
      journal.observed('did not try it', 'the certificate is revoked, so that nobody gets in');
    } else if (live === undefined) {
      const why = 'the broker binds client IDs to certificates, and a trial would evict the device';
      throw new ActionFailed('NOT_VERIFIED', `nobody could see whether it is held: ${why}`);
    } else {
      if (credentials.length > 1) {
        const one = printable(credential.thingName);
        journal.observed(`tries one of ${credentials.length} certificates`, one);
      }
      await verifyQuarantine({ ...subject, place, credential, live }, journal);
    }
    const ids = credentials.map(({ certificateId }) => certificateId);
    const cut = endedSessions(subject.holders, ids, sessions);
    return { hit, sessions: { before: sessions.length, cut } };
  } catch (error) {
    if (!(error instanceof ActionFailed)) throw error;
    throw new ActionFailed(error.code, error.message, facts);
  } finally {
    await live?.disconnect();
  }
}

interface Addition {
  readonly file: Quarantine;
  readonly names: Set<string>;
  readonly fresh: readonly string[];
  readonly group: string;
}

async function addNames(
  { broker, id }: BrokerUnderTest,
  { file, names, fresh, group }: Addition,
  journal: Journal,
): Promise<void> {
  const shown = fresh.map((name) => printable(name)).join(', ');
  const undo = `take ${shown} out of the quarantine in ${file.file} of ${id} and reload it (the broker of a run ends with the run)`;
  await journal.step(`added ${shown} to ${group}`, { undo, failsAs: 'CHANGE_FAILED' }, async () => {
    const all = [...names, ...fresh];
    await broker.change({ files: { [file.file]: file.render(all) } });
    for (const name of fresh) names.add(name);
    return `${all.length} in quarantine`;
  });
}

/** One set of rights stands for every group that the action names. */
function groups({ action }: ActionRequest): string {
  const params: ThingGroupParams | undefined =
    'addThingsToThingGroupParams' in action.actionParams
      ? action.actionParams.addThingsToThingGroupParams
      : undefined;
  const names = params?.thingGroupNames ?? [];
  return `the thing ${names.length === 1 ? 'group' : 'groups'} ${names.join(', ')}`;
}

function fileOf({ cannot, quarantine: file, id }: BrokerUnderTest): Quarantine {
  if (file !== undefined) return file;
  const message =
    cannot.quarantine ??
    `${id} can't change who may use which topic while it runs; revoke the certificate instead`;
  throw new ActionFailed('BROKER_LACKS_ABILITY', message);
}
