/**
 * The end of a rotation as AWS describes it: the old certificates are revoked once everybody who
 * held them has connected with a new one, and not before; then they are refused, and no session is
 * left on them. Works on certificates of the plan by name.
 */
import type { Credential } from '../identity/types.ts';
import { cutSessions } from './attached.ts';
import type { BrokerUnderTest } from './broker-under-test.ts';
import { ActionFailed, type Journal } from './journal.ts';
import { revokeCertificates } from './revoke.ts';
import type { MitigationErrorCode, MitigationStep } from './task.ts';

/** An old certificate with its holders, and those of them who have not moved. */
export interface OldCertificate {
  /** Name in the plan. */
  readonly certificate: string;
  readonly holders: readonly string[];
  readonly notMoved: readonly string[];
}

export interface RotationReport {
  /** `incomplete`: some devices have not moved, and their old certificates are not revoked. */
  readonly status: 'completed' | 'incomplete' | 'failed';
  /** Devices that connected with their new certificate in time. */
  readonly moved: number;
  /** Refused from now on. */
  readonly revoked: readonly {
    readonly certificate: string;
    readonly certificateId: string;
    readonly holders: readonly string[];
  }[];
  /** Not revoked, because these devices would have been locked out. */
  readonly kept: readonly { readonly certificate: string; readonly notMoved: readonly string[] }[];
  /** Sessions that still use a revoked certificate. */
  readonly liveOnRevoked: number;
  readonly steps: readonly MitigationStep[];
  readonly errorCode?: MitigationErrorCode;
  readonly message?: string;
}

/** Revokes what can be revoked; never throws for what the broker does. */
export async function finishRotation(
  subject: BrokerUnderTest,
  old: readonly (OldCertificate & { readonly credential: Credential })[],
  journal: Journal,
): Promise<RotationReport> {
  const free = old.filter(({ notMoved }) => notMoved.length === 0);
  const held = old.filter(({ notMoved }) => notMoved.length > 0);
  const late = new Set(held.flatMap(({ notMoved }) => notMoved));
  const holders = new Set(old.flatMap((one) => one.holders));
  const moved = holders.size - late.size;
  journal.observed(
    'waited for the devices to connect with their new certificates',
    `${moved} of ${holders.size} did${late.size === 0 ? '' : `; not ${some([...late])}`}`,
  );
  const kept = held.map(({ certificate, notMoved }) => ({ certificate, notMoved }));
  const base = { moved, kept, steps: journal.steps };
  if (free.length === 0) {
    const message = 'no certificate could be revoked: devices still depend on each of them';
    return { ...base, status: 'incomplete', revoked: [], liveOnRevoked: 0, message };
  }
  const credentials = free.map(({ credential }) => credential);
  const ids = credentials.map(({ certificateId }) => certificateId);
  const sessions = ids.flatMap(subject.holders.sessions);
  try {
    await revokeCertificates(subject, credentials, journal);
  } catch (error) {
    if (!(error instanceof ActionFailed)) throw error;
    const changed = journal.changed();
    const message = changed === undefined ? error.message : `${error.message}; ${changed}`;
    const errorCode = error.code;
    return { ...base, status: 'failed', revoked: [], liveOnRevoked: 0, errorCode, message };
  }
  const cut = await cutSessions(subject, ids, sessions);
  const liveOnRevoked = sessions.length - cut;
  journal.observed(
    'looked for sessions on the old certificates',
    liveOnRevoked === 0 ? 'there is none' : `${liveOnRevoked} still open`,
  );
  const revoked = free.map(({ certificate, credential, holders: of }) => ({
    certificate,
    certificateId: credential.certificateId,
    holders: of,
  }));
  const status = held.length === 0 ? 'completed' : 'incomplete';
  return { ...base, status, revoked, liveOnRevoked };
}

function some(names: readonly string[]): string {
  return `${names.slice(0, 10).join(', ')}${names.length > 10 ? `, … (${names.length})` : ''}`;
}
