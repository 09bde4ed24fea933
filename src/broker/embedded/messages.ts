/** What the run and the process of the embedded broker say to each other over their IPC channel. */
import type { FlappingBan } from '../../core/broker-rule.ts';
import type { ObservedEvent } from '../../history/event.ts';

/** What the broker demands of devices. */
export interface EmbeddedRules {
  readonly requireCertificate: boolean;
  readonly trustOther: boolean;
  readonly clientId: 'any' | 'common-name';
  readonly topics: 'all' | 'own';
  readonly sessionTickets: boolean;
  readonly connectTimeoutMs: number;
  readonly connectionsMax?: number | undefined;
  readonly flappingBan?: Omit<FlappingBan, 'rule'> | undefined;
  /** Common names that may use topics below `quarantine/<common name>/` only. */
  readonly quarantine: readonly string[];
}

/** What the broker's TLS is made of; the private key travels only here, never in a file. */
export interface TlsMaterial {
  readonly server: { readonly certificatePem: string; readonly privateKeyPem: string };
  /** PEM of the authorities whose devices are accepted. */
  readonly deviceCaPem: string;
  /** PEM; without one nothing is looked up. */
  readonly crlPem?: string;
}

/** To the broker. */
export type ToBroker =
  | { readonly type: 'start'; readonly material: TlsMaterial; readonly rules: EmbeddedRules }
  | {
      readonly type: 'reload';
      readonly reload: number;
      readonly material: TlsMaterial;
      readonly rules: EmbeddedRules;
    }
  | { readonly type: 'drain'; readonly drain: number }
  | { readonly type: 'stop' };

/** From the broker. Evidence comes in the order in which it happened. */
export type FromBroker =
  | { readonly type: 'listening'; readonly port: number; readonly version: string }
  | { readonly type: 'events'; readonly events: readonly ObservedEvent[] }
  | { readonly type: 'drained'; readonly drain: number }
  | { readonly type: 'reloaded'; readonly reload: number; readonly errors: readonly string[] }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'stopped' };
