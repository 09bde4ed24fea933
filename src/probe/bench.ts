/**
 * What a probe works with: the running broker, whoever connects to it, and what its evidence says.
 * Every connection that a probe opens is closed with the bench, whatever became of the probe.
 */
import type { RunningBroker } from '../broker/adapter.ts';
import type { BrokerCapabilities } from '../broker/capabilities.ts';
import type { Clock } from '../core/time.ts';
import type { ObservedEvent, ProtocolVersion } from '../history/event.ts';
import { describeObserved, isAccepted } from '../script/observe.ts';
import { WireClient } from '../script/wire-client.ts';
import type { WireOptions } from '../script/wire-options.ts';
import type { Party, ProbeIdentities } from './identities.ts';
import { control } from './measurement.ts';

/** An answer that a broker holds back on purpose comes after a second or so, if at all. */
const ANSWER_MS = 5_000;

/** `credential: null` shows no certificate. */
export type ConnectOptions = Partial<Omit<WireOptions, 'credential' | 'endpoint'>> & {
  readonly credential?: Party['credential'] | null;
};

export interface BenchOptions {
  readonly broker: RunningBroker;
  readonly identities: ProbeIdentities;
  readonly clock: Clock;
  /** Events of the broker so far, in the order in which they came; grows. */
  readonly events: readonly ObservedEvent[];
  /** Whether the broker's own records are read at all. */
  readonly evidenceIsRead: boolean;
  readonly signal: AbortSignal;
}

export class ProbeBench {
  readonly broker: RunningBroker;
  readonly identities: ProbeIdentities;
  readonly clock: Clock;
  readonly evidenceIsRead: boolean;
  /** The MQTT version that probes speak unless they are about another one. */
  version: ProtocolVersion = 4;
  /** What has been measured so far, for probes that build on it. */
  readonly measured: Partial<BrokerCapabilities> = {};
  readonly #events: readonly ObservedEvent[];
  readonly #signal: AbortSignal;
  readonly #clients = new Set<WireClient>();

  constructor(options: BenchOptions) {
    this.broker = options.broker;
    this.identities = options.identities;
    this.clock = options.clock;
    this.evidenceIsRead = options.evidenceIsRead;
    this.#events = options.events;
    this.#signal = options.signal;
  }

  /** Opens a connection as a party; resolves when it is answered, whatever the answer. */
  async connect(party: Party, options: ConnectOptions = {}): Promise<WireClient> {
    const { credential = party.credential, ...rest } = options;
    const client = await WireClient.connect({
      endpoint: this.broker.endpoint,
      clientId: party.clientId,
      protocolVersion: this.version,
      timeoutMs: ANSWER_MS,
      signal: this.#signal,
      ...(credential === null ? {} : { credential }),
      ...rest,
    });
    this.#clients.add(client);
    return client;
  }

  /** The same where an answer other than «accepted» means that nothing can be measured. */
  async mustConnect(party: Party, options: ConnectOptions = {}): Promise<WireClient> {
    const client = await this.connect(party, options);
    const { observed } = client;
    control(
      isAccepted(observed),
      `control: ${party.clientId} could not connect, it was ${describeObserved(observed)}`,
    );
    return client;
  }

  /** How many events there are by now: a mark for `eventsSince`. */
  mark(): number {
    return this.#events.length;
  }

  /** Everything that the evidence says since the mark, complete up to now. */
  async eventsSince(mark: number): Promise<readonly ObservedEvent[]> {
    control(this.evidenceIsRead, "the broker's own records are not read");
    await this.broker.drainEvidence();
    return this.#events.slice(mark).filter((event) => event.vantage === 'broker');
  }

  /** Resolves after `ms`, or as soon as everything is called off. */
  async wait(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        cancel();
        this.#signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.clock.schedule(this.clock.now() + ms, done);
      this.#signal.addEventListener('abort', done);
      if (this.#signal.aborted) done();
    });
  }

  /** Ends every connection that is still open. */
  async close(): Promise<void> {
    await Promise.all([...this.#clients].map((client) => client.drop()));
    this.#clients.clear();
  }
}

/** Whether a connection is alive: it answers PINGREQ. */
export async function isAlive(client: WireClient): Promise<boolean> {
  return client.isOpen && (await client.ping());
}
