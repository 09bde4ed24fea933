/** What the run and the process of the embedded broker say to each other over their IPC channel. */
import type { ObservedEvent } from '../../history/event.ts';

/** To the broker. The private key travels only here: never in arguments, environment or files. */
export type ToBroker =
  | {
      readonly type: 'start';
      readonly server: { readonly certificatePem: string; readonly privateKeyPem: string };
      readonly deviceCaPem: string;
    }
  | { readonly type: 'drain'; readonly drain: number }
  | { readonly type: 'stop' };

/** From the broker. Evidence comes in the order in which it happened. */
export type FromBroker =
  | { readonly type: 'listening'; readonly port: number; readonly version: string }
  | { readonly type: 'events'; readonly events: readonly ObservedEvent[] }
  | { readonly type: 'drained'; readonly drain: number }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'stopped' };
