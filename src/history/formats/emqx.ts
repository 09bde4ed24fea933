/**
 * EMQX events as JSON lines: what rules on `$events/client_connected` and the like give, and what
 * the webhook plugin of EMQX 3 and 4 posts. There is no session number: the address pairs connect
 * and close, and newer disconnect events name the time of the connect. No event names a certificate,
 * unless a rule adds one under `client_attrs`.
 * Source: EMQX documentation, «SQL statements and examples: event topics», webhook README.
 */
import type { ObservedEvent } from '../event.ts';
import {
  asObject,
  certificateIdOf,
  given,
  type JsonObject,
  parseObject,
  peerOf,
  protocolOf,
  textOf,
  userPrincipal,
  wholeOf,
  wordOf,
} from './fields.ts';
import type { EvidenceSink, FormatReader, TextFormat } from './format.ts';
import { SessionPairing, type UnpairedEvent } from './pairing.ts';
import { reasonOf } from './reason-words.ts';
import { parseTime } from './stamps.ts';

const KINDS: Readonly<Record<string, ObservedEvent['kind']>> = {
  client_connected: 'connected',
  client_disconnected: 'closed',
  client_connack: 'connect-failed',
};
const MARK =
  /"(?:event|action)"\s*:\s*"(?:\$events\/)?(?:client|session|message)[._/][a-z_]+"|"clientid"\s*:/;

export const emqx: TextFormat = {
  id: 'emqx',
  title: 'EMQX rule-engine and webhook events, JSON lines',
  broker: 'emqx',
  lacks: { certificateId: 'EMQX events carry no certificate' },
  container: 'events',
  recognises: (beginning) =>
    MARK.test(beginning) && /"clientid"\s*:/.test(beginning)
      ? /"(?:event|action)"\s*:\s*"[^"]*client/.test(beginning)
        ? 1
        : /"(?:connected_at|disconnected_at)"\s*:/.test(beginning)
          ? 0.8
          : 0
      : 0,
  open: (_options, sink) => new EmqxReader(sink),
};

class EmqxReader implements FormatReader {
  readonly #sink: EvidenceSink;
  readonly #pairing: SessionPairing;

  constructor(sink: EvidenceSink) {
    this.#sink = sink;
    // Until 5.9 a session that is taken over ends before the next begins, since then after it.
    this.#pairing = new SessionPairing({ prefix: 'emqx', skewMs: 10 }, (event) =>
      sink.event(event),
    );
  }

  read(text: string): void {
    const record = parseObject(text);
    if (record === undefined) {
      this.#sink.unread('not a JSON object');
      return;
    }
    const kind = kindOf(record);
    if (kind === undefined) {
      // Messages, subscriptions and the like are events too, only none of a connection.
      if (nameOf(record) === undefined)
        this.#sink.unread('no event or action, and no connect time');
      return;
    }
    const clientId = textOf(record.clientid) ?? textOf(record.client_id);
    if (clientId === undefined) {
      this.#sink.unread('clientid is missing');
      return;
    }
    const connectedAt = parseTime(record.connected_at);
    const at = (kind === 'connected' ? connectedAt : undefined) ?? momentOf(record);
    if (at === undefined) {
      this.#sink.unread(NO_TIME);
      return;
    }
    this.#take(record, kind, { vantage: 'broker', at, clientId, ...factsOf(record) }, connectedAt);
  }

  end(): void {
    this.#pairing.end();
  }

  #take(
    record: JsonObject,
    kind: ObservedEvent['kind'],
    event: Omit<UnpairedEvent, 'kind'>,
    connectedAt: number | undefined,
  ): void {
    if (kind === 'connected') {
      this.#pairing.connected({ ...event, kind });
      return;
    }
    if (kind === 'closed') {
      const reason = reasonOf(wordOf(record.reason) ?? 'unknown');
      this.#pairing.closed({ ...event, kind, reason, ...given('connectedAt', connectedAt) });
      return;
    }
    // The acknowledgement of a connect is an event of its own; only a refusal says something new.
    const code = wordOf(record.reason_code) ?? wordOf(record.conn_ack) ?? 'success';
    if (code === 'success') return;
    this.#pairing.failed({ ...event, kind, reason: REFUSALS[code] ?? 'auth-error' });
  }
}

const NO_TIME =
  'no connected_at, disconnected_at or timestamp: let the hook or rule add the time it saw the event';

const REFUSALS: Readonly<Record<string, NonNullable<ObservedEvent['reason']>>> = {
  malformed_packet: 'protocol-error',
  protocol_error: 'protocol-error',
  unsupported_protocol_version: 'protocol-error',
  client_identifier_not_valid: 'protocol-error',
  quota_exceeded: 'throttled',
  connection_rate_exceeded: 'throttled',
  server_busy: 'throttled',
  server_unavailable: 'server-initiated',
};

/** `client_connected` from `client.connected`, `$events/client_connected`, `$events/client/connected`. */
function nameOf(record: JsonObject): string | undefined {
  const name = wordOf(record.event) ?? wordOf(record.action) ?? wordOf(record.event_topic);
  return name?.replace(/^\$events\//, '').replaceAll(/[./]/g, '_');
}

/** A rule may leave the event's name out: the time of a disconnect or connect then tells. */
function kindOf(record: JsonObject): ObservedEvent['kind'] | undefined {
  const name = nameOf(record);
  if (name !== undefined) return Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  if (record.disconnected_at !== undefined) return 'closed';
  return record.connected_at === undefined ? undefined : 'connected';
}

function momentOf(record: JsonObject): number | undefined {
  for (const value of [record.disconnected_at, record.timestamp, record.ts, record.received_at]) {
    const at = parseTime(value);
    if (at !== undefined) return at;
  }
  return undefined;
}

function factsOf(record: JsonObject): Partial<UnpairedEvent> {
  const attributes = asObject(record.client_attrs);
  const peer = peerOf(wordOf(record.peername));
  const ip = wordOf(record.ipaddress) ?? wordOf(record.peerhost);
  const cleanStart = record.clean_start;
  return {
    ...userPrincipal(record.username),
    ...given('certificateId', certificateIdOf(record.certificateId ?? attributes?.certificateId)),
    ...(peer.ip === undefined ? given('ip', ip) : peer),
    ...given('protocolVersion', protocolOf(record.proto_ver)),
    ...given('keepAliveSeconds', wholeOf(record.keepalive, 65_535)),
    ...given('cleanStart', typeof cleanStart === 'boolean' ? cleanStart : undefined),
  };
}
