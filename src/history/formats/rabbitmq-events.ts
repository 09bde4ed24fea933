/**
 * What RabbitMQ's event exchange reports, as JSON: messages as the management API gives them
 * (`/api/queues/…/get`) or one object a line with `routing_key` and the headers. Closes name
 * neither client nor reason: the connection's process joins them with the connect, and a takeover
 * shows only in the log. Source: rabbitmq_event_exchange of RabbitMQ 3.10.8.
 */
import type { ObservedEvent, Principal } from '../event.ts';
import { binaryInMap } from './erlang-term.ts';
import {
  asObject,
  given,
  type JsonObject,
  parseObject,
  peerOf,
  portOf,
  protocolOf,
  textOf,
  wordOf,
} from './fields.ts';
import type { EvidenceSink, FormatReader } from './format.ts';
import { parseTime } from './stamps.ts';

type Session = Pick<ObservedEvent, 'sessionId' | 'clientId'> & Partial<ObservedEvent>;

export class RabbitEventReader implements FormatReader {
  readonly #sink: EvidenceSink;
  readonly #open = new Map<string, Session>();

  constructor(sink: EvidenceSink) {
    this.#sink = sink;
  }

  read(text: string): void {
    const record = parseObject(text);
    if (record === undefined) {
      this.#sink.unread('not a JSON object');
      return;
    }
    const name = wordOf(record.routing_key) ?? wordOf(record.event) ?? wordOf(record.type);
    if (name === undefined) {
      this.#sink.unread('no routing_key that names the event');
      return;
    }
    if (name !== 'connection.created' && name !== 'connection.closed') return;
    const headers = headersOf(record);
    const process = wordOf(headers.pid) ?? wordOf(headers.name);
    if (process === undefined) {
      this.#sink.unread('neither pid nor name of the connection');
      return;
    }
    if (name === 'connection.created') this.#created(headers, process);
    else this.#closed(headers, process);
  }

  end(): void {}

  #created(headers: JsonObject, process: string): void {
    // The broker has connections of other protocols, too, and some of its own.
    if (!/MQTT/.test(String(headers.protocol ?? ''))) return;
    const at = parseTime(headers.connected_at) ?? parseTime(headers.timestamp_in_ms);
    const clientId = clientIdOf(headers);
    if (at === undefined) {
      this.#sink.unread('connected_at and timestamp_in_ms are missing');
      return;
    }
    if (clientId === undefined) {
      this.#sink.unread('variable_map names no client_id');
      return;
    }
    const session: Session = {
      sessionId: `rabbitmq-${process}`,
      clientId,
      ...principalOf(headers),
      ...addressOf(headers),
      ...given('protocolVersion', protocolOf(/"([\d.]+)"/.exec(String(headers.protocol))?.[1])),
    };
    this.#open.set(process, session);
    this.#sink.event({ ...session, kind: 'connected', vantage: 'broker', at });
  }

  #closed(headers: JsonObject, process: string): void {
    const session = this.#open.get(process);
    // Nothing else tells whether it was one of MQTT.
    if (session === undefined) return;
    const at = parseTime(headers.timestamp_in_ms);
    if (at === undefined) {
      this.#sink.unread('timestamp_in_ms is missing');
      return;
    }
    this.#open.delete(process);
    this.#sink.event({ ...session, kind: 'closed', vantage: 'broker', at });
  }
}

function headersOf(record: JsonObject): JsonObject {
  return asObject(asObject(record.properties)?.headers) ?? asObject(record.headers) ?? record;
}

function clientIdOf(headers: JsonObject): string | undefined {
  const variables = headers.variable_map;
  if (typeof variables === 'string') return binaryInMap(variables, 'client_id');
  return textOf(asObject(variables)?.client_id) ?? textOf(headers.client_id);
}

/** The user; with a certificate whose subject says the same, it is its common name. */
function principalOf(headers: JsonObject): { readonly principal?: Principal } {
  const value = wordOf(headers.user);
  if (value === undefined) return {};
  const subject = wordOf(headers.peer_cert_subject);
  const kind =
    subject === value
      ? 'distinguished-name'
      : subject?.split(/(?<!\\),/).includes(`CN=${value}`) === true
        ? 'common-name'
        : 'username';
  return { principal: { kind, value } };
}

/** `{127,0,0,1}` and `{0,0,0,0,0,0,0,1}` as addresses; else what the connection's name says. */
function addressOf(headers: JsonObject): Pick<ObservedEvent, 'ip' | 'port'> {
  const parts = /^\{([\d,]+)\}$/.exec(String(headers.peer_host))?.[1]?.split(',').map(Number);
  const port = portOf(headers.peer_port);
  if (parts === undefined || port === undefined) {
    return peerOf(/^(\S+:\d+) -> /.exec(String(headers.name))?.[1]);
  }
  const ip =
    parts.length === 4 ? parts.join('.') : parts.map((part) => part.toString(16)).join(':');
  return { ip, port };
}
