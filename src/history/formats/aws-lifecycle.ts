/**
 * Lifecycle events of AWS IoT as JSON lines: what `$aws/events/presence/…` topics carry, alone or
 * in an envelope with `topic` and `payload`. They come out of order and more than once; the session
 * identifier pairs them and the version number, which grows with each connection of a client ID,
 * orders them where the approximate stamps contradict it.
 * Source: AWS IoT Core developer guide, «Lifecycle events».
 */
import type { ObservedEvent } from '../event.ts';
import {
  asObject,
  awsPrincipal,
  given,
  type JsonObject,
  parseObject,
  textOf,
  wholeOf,
  wordOf,
} from './fields.ts';
import type { EvidenceSink, FormatReader, TextFormat } from './format.ts';
import { SessionPairing, type UnpairedEvent } from './pairing.ts';
import { reasonOf } from './reason-words.ts';
import { parseTime } from './stamps.ts';

const TOPIC = /^\$aws\/events\/presence\/(?:connected|disconnected|connect_failed)\//;
/** Of other topics under `$aws/events/`, such as subscriptions. */
const OTHER_TOPIC = /^\$aws\/events\//;
/** How far stamps may be off (AWS IoT developer guide of 2022: two minutes either way). */
const SKEW_MS = 120_000;

export const awsLifecycle: TextFormat = {
  id: 'aws-lifecycle',
  title: 'AWS IoT lifecycle events (presence), JSON lines',
  broker: 'aws-iot',
  lacks: {
    port: 'lifecycle events carry no source port',
    keepAliveSeconds: 'lifecycle events carry no keep-alive',
  },
  unseen: 'AWS IoT sends no lifecycle events of client IDs that contain # or +',
  container: 'events',
  recognises: (beginning) =>
    /"eventType"\s*:\s*"(?:connected|disconnected|connect_failed)"/.test(beginning) &&
    /"(?:sessionIdentifier|principalIdentifier)"\s*:/.test(beginning)
      ? 1
      : /"topic"\s*:\s*"\$aws\/events\/presence\//.test(beginning)
        ? 0.9
        : 0,
  joins: () => true,
  open: (_options, sink) => new LifecycleReader(sink),
};

class LifecycleReader implements FormatReader {
  readonly #sink: EvidenceSink;
  readonly #pairing: SessionPairing;
  /** The latest version of each client ID, with when its connection began. */
  readonly #latest = new Map<string, { readonly version: number; readonly at: number }>();

  constructor(sink: EvidenceSink) {
    this.#sink = sink;
    const options = { prefix: 'aws', skewMs: SKEW_MS };
    this.#pairing = new SessionPairing(options, (event) => sink.event(event));
  }

  read(text: string): void {
    const record = parseObject(text);
    const payload = record === undefined ? undefined : payloadOf(record);
    if (payload === undefined) {
      this.#sink.unread('not a JSON object');
      return;
    }
    const topic = textOf(record?.topic);
    if (topic !== undefined && OTHER_TOPIC.test(topic) && !TOPIC.test(topic)) return;
    const type = payload.eventType;
    if (type === 'subscribed' || type === 'unsubscribed') return;
    const clientId = textOf(payload.clientId);
    const at = parseTime(payload.timestamp);
    if (clientId === undefined) {
      this.#sink.unread('clientId is missing');
      return;
    }
    if (at === undefined) {
      this.#sink.unread('timestamp is missing or no time');
      return;
    }
    this.#take(payload, clientId, at);
  }

  end(): void {
    this.#pairing.end();
  }

  #take(payload: JsonObject, clientId: string, at: number): void {
    const event: Omit<UnpairedEvent, 'kind'> = {
      vantage: 'broker',
      at,
      clientId,
      ...given('sessionId', wordOf(payload.sessionIdentifier)),
      ...awsPrincipal(payload.principalIdentifier),
      ...given('ip', wordOf(payload.ipAddress)),
    };
    switch (payload.eventType) {
      case 'connected': {
        this.#pairing.connected({ ...this.#ordered(event, payload), kind: 'connected' });
        return;
      }
      case 'disconnected': {
        this.#pairing.closed({
          ...event,
          kind: 'closed',
          reason: disconnectReason(payload),
        });
        return;
      }
      case 'connect_failed': {
        const reason = reasonOf(textOf(payload.connectFailureReason) ?? 'AUTHORIZATION_FAILED');
        this.#pairing.failed({ ...event, kind: 'connect-failed', reason });
        return;
      }
      default: {
        this.#sink.unread('eventType is not connected, disconnected or connect_failed');
        return;
      }
    }
  }

  /** A later version began later: where the stamps say otherwise, by little, they are corrected. */
  #ordered<Event extends Omit<ObservedEvent, 'kind' | 'sessionId'>>(
    event: Event,
    payload: JsonObject,
  ): Event {
    const version = wholeOf(payload.versionNumber);
    if (version === undefined) return event;
    const latest = this.#latest.get(event.clientId);
    // Versions begin at 0 again after an hour without a connection.
    const restarted = latest === undefined || Math.abs(event.at - latest.at) > SKEW_MS;
    const contradicts =
      !restarted && version !== latest.version && version > latest.version !== event.at > latest.at;
    const at = contradicts ? latest.at + (version > latest.version ? 1 : -1) : event.at;
    if (restarted ? event.at > (latest?.at ?? -1) : version > latest.version) {
      this.#latest.set(event.clientId, { version, at });
    }
    return contradicts ? { ...event, at, sourceAt: event.at, inferred: ['at'] } : event;
  }
}

/** The event itself: the record, or what an envelope holds, as an object or as its JSON. */
function payloadOf(record: JsonObject): JsonObject | undefined {
  if (record.eventType !== undefined) return record;
  for (const inner of [record.payload, record.message, record.detail, record.body]) {
    const payload = typeof inner === 'string' ? parseObject(inner) : asObject(inner);
    if (payload !== undefined) return payload;
  }
  return record;
}

/** `clientInitiatedDisconnect` is only asked where no reason is given: the two may contradict. */
function disconnectReason(payload: JsonObject): NonNullable<ObservedEvent['reason']> {
  const word = wordOf(payload.disconnectReason);
  if (word !== undefined) return reasonOf(word);
  return payload.clientInitiatedDisconnect === true ? 'client-initiated' : 'unknown';
}
