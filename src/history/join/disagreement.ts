/**
 * Where both sides of a connection disagree, or one of them is silent: findings about what a broker's
 * records can be relied on for. One entry of the registry per kind, with the sentence people read.
 */
import type { EpochMs } from '../../core/time.ts';
import type { CloseReason, ObservedEvent, Vantage } from '../event.ts';

export interface DisagreementInfo {
  /**
   * `contradiction`: both sides say something, and not the same. `gap`: a side has no record of what
   * the other saw. `note`: nobody's records are wrong, but it decides what they can show.
   */
  readonly level: 'contradiction' | 'gap' | 'note';
  /** The field of an event that it is about, or the whole record. */
  readonly field: keyof ObservedEvent | 'record';
  readonly sentence: string;
}

export const DISAGREEMENTS = {
  'certificate-differs': {
    level: 'contradiction',
    field: 'certificateId',
    sentence: 'the broker names another certificate than the device showed',
  },
  'connected-for-broker-only': {
    level: 'contradiction',
    field: 'kind',
    sentence: 'the broker says connected where the device never got that far',
  },
  'connected-for-device-only': {
    level: 'contradiction',
    field: 'kind',
    sentence: 'the broker says refused where the device was connected',
  },
  'client-id-replaced': {
    level: 'contradiction',
    field: 'clientId',
    sentence: 'client ID differs: the broker replaced what the device sent',
  },
  'disconnect-not-seen': {
    level: 'contradiction',
    field: 'reason',
    sentence: 'the broker says that the connection was lost where the device sent DISCONNECT',
  },
  'disconnect-invented': {
    level: 'contradiction',
    field: 'reason',
    sentence: 'the broker says DISCONNECT where the device sent none',
  },
  'close-reason-differs': {
    level: 'contradiction',
    field: 'reason',
    sentence: 'the broker gives another reason for the end than it told the device',
  },
  'refusal-reason-differs': {
    level: 'contradiction',
    field: 'reason',
    sentence: 'the broker gives another reason for a refusal than it told the device',
  },
  'keep-alive-differs': {
    level: 'contradiction',
    field: 'keepAliveSeconds',
    sentence: 'keep-alive differs: the broker has another than the device sent',
  },
  'protocol-version-differs': {
    level: 'contradiction',
    field: 'protocolVersion',
    sentence: 'MQTT version differs: the broker has another than the device spoke',
  },
  'clean-start-differs': {
    level: 'contradiction',
    field: 'cleanStart',
    sentence: 'clean start differs: the broker has another than the device sent',
  },
  'broker-missed-session': {
    level: 'gap',
    field: 'record',
    sentence: 'the broker has no record of a connection that a device had',
  },
  'device-missed-session': {
    level: 'gap',
    field: 'record',
    sentence: 'the broker reports a session that no device had',
  },
  'takeover-not-logged': {
    level: 'gap',
    field: 'reason',
    sentence: 'the broker never logged the takeover',
  },
  'refusal-not-logged': {
    level: 'gap',
    field: 'record',
    sentence: 'the broker never logged the refusal',
  },
  'close-not-logged': {
    level: 'gap',
    field: 'record',
    sentence: 'the broker never logged the end of a session',
  },
  'close-reason-not-logged': {
    level: 'gap',
    field: 'reason',
    sentence: 'the broker gives no reason for an end that the device knows the reason of',
  },
  'certificate-not-logged': {
    level: 'gap',
    field: 'certificateId',
    sentence: "the log has no certificate: it is the device's, by the join",
  },
  'principal-not-logged': {
    level: 'gap',
    field: 'principal',
    sentence: "the log has no principal: it is the device's, by the join",
  },
  'refusal-nameless': {
    level: 'gap',
    field: 'clientId',
    sentence: 'the log does not say whose connection was refused',
  },
  'refusal-without-device': {
    level: 'note',
    field: 'record',
    sentence: 'the broker logged an attempt to connect that no device reports',
  },
  'device-not-told': {
    level: 'note',
    field: 'reason',
    sentence: 'the evicted device was not told: it saw only the connection end',
  },
  'noticed-late': {
    level: 'note',
    field: 'at',
    sentence: 'the broker kept a session after the device had gone',
  },
} as const satisfies Readonly<Record<string, DisagreementInfo>>;

export type DisagreementKind = keyof typeof DISAGREEMENTS;

/** One side's line of an example. */
export interface SideLine {
  readonly vantage: Vantage;
  /** Place in the report's `sources`, and the number of the event in it. */
  readonly source: number;
  readonly event: number;
  /** On the side's own clock. */
  readonly at: EpochMs;
  readonly kind: ObservedEvent['kind'];
  readonly sessionId: string;
  readonly clientId: string;
  readonly reason?: CloseReason;
  readonly raw?: string;
}

export interface DisagreementExample {
  /** What differs, safe to show. */
  readonly detail?: string;
  readonly device?: SideLine;
  readonly broker?: SideLine;
}

export interface Disagreement {
  readonly kind: DisagreementKind;
  readonly level: DisagreementInfo['level'];
  readonly field: DisagreementInfo['field'];
  readonly sentence: string;
  readonly count: number;
  /** The first few, with both sides' lines. */
  readonly examples: readonly DisagreementExample[];
}
