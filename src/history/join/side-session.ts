/**
 * One side's record of one connection: what the device, or what the broker saw of it. Plain data,
 * made from the events of one source and one vantage; the other side's record is joined to it later.
 */
import type { EpochMs } from '../../core/time.ts';
import type { CloseReason, Principal, ProtocolVersion, Vantage } from '../event.ts';

/** What a side said of the beginning or the end of a connection. */
export interface SideMoment {
  /** Number of the event in its source. */
  readonly event: number;
  /**
   * On the side's own clock: when it happened, or the end of the second that the source stamped, if
   * the line was read later than that.
   */
  readonly at: EpochMs;
  readonly reason?: CloseReason;
  readonly abandonedAt?: EpochMs;
  /** What the source said, cut to {@link JOIN_RAW_LENGTH_MAX} characters. */
  readonly raw?: string;
}

export interface SideSession {
  /** Place of its source in the report's `sources`. */
  readonly source: number;
  readonly vantage: Vantage;
  /** `refused`: it ended before it was a session. */
  readonly kind: 'session' | 'refused';
  readonly sessionId: string;
  readonly clientId: string;
  readonly ip?: string;
  readonly port?: number;
  readonly certificateId?: string;
  readonly principal?: Principal;
  readonly protocolVersion?: ProtocolVersion;
  readonly keepAliveSeconds?: number;
  readonly cleanStart?: boolean;
  /** Fields of the end that the source did not state. */
  readonly inferredEnd?: readonly string[];
  /** Undefined when the source begins later, and for what was refused. */
  readonly start?: SideMoment;
  /** Undefined when the source ends earlier. */
  readonly end?: SideMoment;
}
