/**
 * What broker actions are given: the running broker, what its configuration can be made to do, who
 * holds which certificate (truth in a run), and an identity of ours to try things with.
 */
import type { RunningBroker } from '../broker/adapter.ts';
import type { Quarantine } from '../broker/controls.ts';
import type { Clock, EpochMs } from '../core/time.ts';
import type { Credential } from '../identity/types.ts';
import type { RevocationRegister } from './revocations.ts';
import type { HitDevice } from './task.ts';

/** A session that is open now; the pair identifies it. */
export interface LiveSession {
  readonly device: string;
  readonly connectedAt: EpochMs;
}

/** Who holds what; truth, which no audit sees. */
export interface Holders {
  credential(certificateId: string): Credential | undefined;
  /** Devices that a certificate is attached to, as AWS's ListPrincipalThings names things. */
  devices(certificateId: string): readonly HitDevice[];
  /** Common names of all certificates that those devices hold. */
  commonNames(certificateId: string): readonly string[];
  sessions(certificateId: string): readonly LiveSession[];
  /** Resolves at the next connect or close, or at `at`. */
  change(at: EpochMs): Promise<void>;
}

export interface BrokerUnderTest {
  readonly broker: RunningBroker;
  /** Such as `mosquitto`. */
  readonly id: string;
  /** Why it can't revoke or quarantine while it runs, a sentence each. */
  readonly cannot: { readonly revoke?: string; readonly quarantine?: string };
  readonly quarantine?: Quarantine;
  /** Absent where the store can't sign a list. */
  readonly revocations?: RevocationRegister;
  /** A certificate of the fleet's authority that no device has; absent where none can be issued. */
  readonly control?: Credential;
  readonly holders: Holders;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}
