/**
 * The records of a broker elsewhere as it publishes them over MQTT: a subscriber with a certificate
 * of its own, whose messages go through the history format of the broker's profile. Its own
 * connection is no evidence.
 *
 * Nothing tells that a broker has said all. A drain therefore waits for an answer to PINGREQ, behind
 * which nothing that was sent before is left on our connection, and then until it has been quiet.
 */
import { randomBytes } from 'node:crypto';
import type {
  EvidenceFeed,
  EvidenceFeedHooks,
  OpenEvidenceFeed,
} from '../broker/external/evidence-feed.ts';
import type { BrokerProfile } from '../broker/profiles/profile.ts';
import { EXIT, UserError } from '../core/errors.ts';
import { printable } from '../core/text.ts';
import type { ObservedEvent } from '../history/event.ts';
import { type EvidenceFormat, type FormatReader, isTextFormat } from '../history/formats/format.ts';
import { FORMATS } from '../history/formats/registry.ts';
import { eventProblem } from '../history/validate-event.ts';
import { describeObserved, isAccepted } from '../script/observe.ts';
import { WireClient } from '../script/wire-client.ts';
import type { WireMessage } from '../script/wire-options.ts';

/** Events of one connection may be seconds apart from another's where a service publishes them. */
const QUIET_MS = 2_000;
const DRAIN_MS_MAX = 20_000;
/** MQTT 5.0 §3.9.3: this and above is a refusal; MQTT 3.1.1 has 0x80 only. */
const REFUSED = 0x80;

export interface EvidenceSubscription {
  readonly profile: BrokerProfile;
  readonly credential: { readonly certificatePem: string; readonly privateKeyPem: string };
  /** Filters; those of the profile by default. */
  readonly topics?: readonly string[];
  /** How long no event may come before a drain is done; 2 seconds by default. */
  readonly quietMs?: number;
}

/** A feed that subscribes. Throws a `UserError` (64) where the profile's records don't come so. */
export function evidenceSubscriber(subscription: EvidenceSubscription): EvidenceFeed {
  const { profile } = subscription;
  const topics = subscription.topics ?? profile.evidence.topics;
  if (profile.evidence.topics === undefined || topics === undefined) {
    throw new UserError(EXIT.usage, {
      message: `the records of ${profile.title} do not come over MQTT`,
      hint: profile.evidence.how[0] ?? 'leave --evidence-certificate out',
    });
  }
  return {
    open: async (hooks) => {
      const subscriber = new Subscriber(subscription, topics, hooks);
      await subscriber.open();
      return subscriber;
    },
  };
}

class Subscriber implements OpenEvidenceFeed {
  readonly #subscription: EvidenceSubscription;
  readonly #topics: readonly string[];
  readonly #hooks: EvidenceFeedHooks;
  readonly #clientId = `doppelfleet-evidence-${randomBytes(4).toString('hex')}`;
  readonly #reader: FormatReader;
  #client: WireClient | undefined;
  #record = '';
  #events = 0;
  #lastAt = 0;
  #closed = false;
  #failed = false;

  constructor(
    subscription: EvidenceSubscription,
    topics: readonly string[],
    hooks: EvidenceFeedHooks,
  ) {
    this.#subscription = subscription;
    this.#topics = topics;
    this.#hooks = hooks;
    const { columns, format: id } = subscription.profile.evidence;
    const format: EvidenceFormat = FORMATS[id];
    if (!isTextFormat(format)) throw new Error(`internal error: ${id} is no format of records`);
    this.#reader = format.open(columns === undefined ? {} : { columns }, {
      event: (event) => this.#onEvent(event),
      unread: (why) => hooks.onUnread(this.#record, why),
    });
  }

  async open(): Promise<void> {
    const client = await WireClient.connect({
      endpoint: this.#hooks.endpoint,
      clientId: this.#clientId,
      protocolVersion: 4,
      credential: this.#subscription.credential,
      onMessage: (message) => this.#onMessage(message),
    });
    this.#client = client;
    if (!isAccepted(client.observed)) {
      throw refused(`its connection was ${describeObserved(client.observed)}`);
    }
    for (const topic of this.#topics) {
      const code = await client.subscribe(topic, 1);
      if (code !== undefined && code < REFUSED) continue;
      const how = client.isOpen ? '' : ` (${describeObserved(await client.ended)})`;
      await client.drop();
      throw refused(`its subscription to ${printable(topic, 120)} was refused${how}`);
    }
    void client.ended.then((end) => {
      this.#fail(`the evidence subscriber was ${describeObserved(end)}: records are missing`);
    });
  }

  async drain(): Promise<void> {
    const { clock } = this.#hooks;
    const quietMs = this.#subscription.quietMs ?? QUIET_MS;
    const until = clock.now() + DRAIN_MS_MAX;
    if (!(await this.#client?.ping())) {
      this.#fail('the evidence subscriber got no answer from the broker: records are missing');
      return;
    }
    this.#lastAt = Math.max(this.#lastAt, clock.now());
    while (clock.now() - this.#lastAt < quietMs && clock.now() < until && !this.#failed) {
      const wake = Math.min(this.#lastAt + quietMs, until);
      await new Promise<void>((resolve) => clock.schedule(wake, resolve));
    }
    if (this.#events > 0) return;
    const topics = this.#topics.map((topic) => printable(topic, 120)).join(', ');
    this.#fail(
      `no record came on ${topics}: the subscription was granted, but nothing is published there ` +
        'or nothing may be read',
    );
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#reader.end();
    await this.#client?.disconnect();
  }

  #onMessage({ payload }: WireMessage): void {
    if (this.#closed) return;
    this.#lastAt = this.#hooks.clock.now();
    this.#record = payload;
    this.#reader.read(payload);
  }

  #onEvent(event: ObservedEvent): void {
    if (event.clientId === this.#clientId) return;
    const problem = eventProblem(event);
    if (problem !== undefined) {
      this.#hooks.onUnread(this.#record, problem);
      return;
    }
    this.#events += 1;
    this.#hooks.onEvent(event);
  }

  #fail(message: string): void {
    if (this.#closed || this.#failed) return;
    this.#failed = true;
    this.#hooks.onFailure(message);
  }
}

function refused(why: string): UserError {
  return new UserError(EXIT.unavailable, {
    message: `the evidence subscriber could not begin: ${why}`,
    hint: 'let its certificate connect, subscribe and receive, or leave --evidence-certificate out',
  });
}
