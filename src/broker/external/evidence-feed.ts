/**
 * The port for records of a broker elsewhere that come while the run goes on. Whoever implements it
 * connects with an identity of its own, and hands over what the history format makes of the records.
 */
import type { Clock } from '../../core/time.ts';
import type { ObservedEvent } from '../../history/event.ts';
import type { BrokerEndpoint } from '../adapter.ts';

export interface EvidenceFeedHooks {
  readonly endpoint: BrokerEndpoint;
  readonly clock: Clock;
  readonly onEvent: (event: ObservedEvent) => void;
  /** A record that could not be understood: how it begins, and why. */
  readonly onUnread: (beginning: string, why: string) => void;
  /** The feed ended by itself, or gave nothing at all. One clear sentence. */
  readonly onFailure: (message: string) => void;
}

export interface OpenEvidenceFeed {
  /** Resolves when what was on its way has been handed over, as far as can be known. */
  drain(): Promise<void>;
  /** Hands over what only the end decides, and closes; safe to call twice. */
  close(): Promise<void>;
}

export interface EvidenceFeed {
  /** Throws a `UserError` (69) when it is refused. */
  open(hooks: EvidenceFeedHooks): Promise<OpenEvidenceFeed>;
}
