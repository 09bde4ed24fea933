/**
 * What a script acts in: its clients with their connections, the broker under them, and the lists
 * that decide whom it lets in. One for each time that a script is played.
 */
import type { RunningBroker } from '../broker/adapter.ts';
import type { BrokerConfiguration } from '../broker/configuration.ts';
import type { EpochMs } from '../core/time.ts';
import type { ObservedEvent } from '../history/event.ts';
import type { Credential } from '../identity/types.ts';
import type { ScriptClient } from './client-schema.ts';
import type { Script } from './schema.ts';
import { type Step, verbOf } from './step-schema.ts';
import type { WireClient } from './wire-client.ts';

/** A revocation list in the state that a step asks for. */
export type ListState = 'current' | 'corrupt' | 'missing' | 'stale';

export interface ScriptPorts {
  readonly broker: RunningBroker;
  readonly configuration?: BrokerConfiguration;
  readonly protocolVersion: 4 | 5;
  /** Behind every client ID that is not empty, on a broker that serves several scripts. */
  readonly clientIdSuffix: string;
  /** What a client shows, by its name; undefined if it has no certificate. */
  readonly credentials: ReadonlyMap<string, Credential>;
  /** Text of the revocation list with these clients on it; null for none at all. */
  revocationList(revoked: readonly string[], state: ListState): string | null;
  /** PEM of the fleet's authority, its successor, or both. */
  authorities(names: readonly ('default' | 'new')[]): string;
  /** All common names of the script's clients. */
  readonly principals: readonly string[];
  /** How long a broker that routes in the background may need for a message. */
  readonly routingGraceMs: number;
  /** The broker's own records so far. */
  brokerEvents(): readonly ObservedEvent[];
  /** Takes what a client saw, as an event of the device's vantage. */
  readonly record: (event: ObservedEvent) => void;
  readonly now: () => EpochMs;
  readonly signal: AbortSignal;
}

/** A client while the script is played. */
export interface Actor {
  readonly name: string;
  readonly settings: ScriptClient;
  readonly clientId: string;
  readonly credential?: Credential;
  /** Its ticket is wanted by a later step. */
  readonly lendsTicket: boolean;
  /** Its present connection, or the last one that it had. */
  wire?: WireClient;
  /** All that it has opened, that one last; an earlier one may be open still. */
  readonly wires: WireClient[];
  /** The last TLS session ticket that it was given. */
  ticket?: Buffer;
  /** It need not be connected: its connect was allowed to be refused, or to end. */
  mayBeAbsent: boolean;
  /** Ports of all its connections, by which the broker's records are found. */
  readonly ports: Set<number>;
}

export class World {
  readonly script: Script;
  readonly ports: ScriptPorts;
  readonly actors: ReadonlyMap<string, Actor>;
  readonly revoked = new Set<string>();
  readonly removed = new Set<string>();
  /** How late a message has come, at most, of those that were waited for. */
  slowestMs = 0;
  #sessions = 0;

  constructor(script: Script, ports: ScriptPorts) {
    this.script = script;
    this.ports = ports;
    const lenders = new Set(lendersOf(script.steps));
    this.actors = new Map(
      Object.entries(script.clients).map(([name, settings]) => {
        const credential = ports.credentials.get(name);
        const actor: Actor = {
          name,
          settings,
          clientId: clientIdOf(script, name, ports.clientIdSuffix),
          ...(credential === undefined ? {} : { credential }),
          lendsTicket: lenders.has(name),
          mayBeAbsent: false,
          wires: [],
          ports: new Set(),
        };
        return [name, actor];
      }),
    );
  }

  actor(name: string): Actor {
    const actor = this.actors.get(name);
    if (actor === undefined) throw new Error(`internal error: no client is named ${name}`);
    return actor;
  }

  nextSession(): string {
    this.#sessions += 1;
    return `script-${this.#sessions}`;
  }

  /** Closes whatever is still open. */
  async close(): Promise<void> {
    const wires = [...this.actors.values()].flatMap((actor) => actor.wires);
    await Promise.all(wires.map((wire) => wire.disconnect()));
  }
}

/** The client ID that a client claims. */
function clientIdOf(script: Script, name: string, suffix: string): string {
  const wanted = script.clients[name]?.clientId;
  if (typeof wanted === 'object') return clientIdOf(script, wanted.sameAs, suffix);
  if (wanted === '') return '';
  return `${wanted ?? name}${suffix}`;
}

/** The common name of a client's certificate. */
export function commonNameOf(script: Script, name: string): string {
  return script.clients[name]?.commonName ?? name;
}

function lendersOf(steps: readonly Step[]): readonly string[] {
  return steps.flatMap((step) => [
    ...(verbOf(step) === 'repeat' ? lendersOf(step.repeat?.steps ?? []) : []),
    ...(step.resume === undefined ? [] : [step.resume]),
  ]);
}
