/**
 * Session events of an Azure Event Grid namespace as JSON lines, in the schema of CloudEvents or of
 * Event Grid. They name no address and no certificate: a client is its authentication name. Times
 * are those of detection; sessions are paired by client ID and authentication name.
 * Source: Azure Event Grid documentation, «Azure Event Grid namespace as an event source».
 */
import type { ObservedEvent } from '../event.ts';
import { asObject, type JsonObject, parseObject, textOf, userPrincipal, wordOf } from './fields.ts';
import type { EvidenceSink, FormatReader, TextFormat } from './format.ts';
import { SessionPairing, type UnpairedEvent } from './pairing.ts';
import { reasonOf } from './reason-words.ts';
import { parseTime } from './stamps.ts';

const KIND = /^Microsoft\.EventGrid\.MQTTClientSession(Connected|Disconnected)$/;
/** Of clients and other resources. */
const OTHER_KIND = /^Microsoft\./;
/** How far the times of detection of one takeover may lie the wrong way round. */
const SKEW_MS = 1000;

export const azureEventGrid: TextFormat = {
  id: 'azure-event-grid',
  title: 'Azure Event Grid session events (CloudEvents or Event Grid schema), JSON lines',
  broker: 'azure-event-grid',
  lacks: {
    certificateId: 'Event Grid names a client by its authentication name, not by its certificate',
    ip: 'session events of Event Grid carry no address',
    port: 'session events of Event Grid carry no port',
    keepAliveSeconds: 'session events of Event Grid carry no keep-alive',
  },
  unseen: 'Event Grid sends no events of connects that were refused',
  container: 'events',
  recognises: (beginning) =>
    /"(?:type|eventType)"\s*:\s*"Microsoft\.EventGrid\.MQTTClientSession/.test(beginning) ? 1 : 0,
  open: (_options, sink) => new EventGridReader(sink),
};

class EventGridReader implements FormatReader {
  readonly #sink: EvidenceSink;
  readonly #pairing: SessionPairing;

  constructor(sink: EvidenceSink) {
    this.#sink = sink;
    const options = { prefix: 'azure', skewMs: SKEW_MS };
    this.#pairing = new SessionPairing(options, (event) => sink.event(event));
  }

  read(text: string): void {
    const record = parseObject(text);
    if (record === undefined) {
      this.#sink.unread('not a JSON object');
      return;
    }
    const type = textOf(record.type) ?? textOf(record.eventType) ?? '';
    const kind = KIND.exec(type)?.[1];
    if (kind === undefined) {
      if (!OTHER_KIND.test(type)) this.#sink.unread('type is none of a session event');
      return;
    }
    const data = asObject(record.data) ?? {};
    const clientId = textOf(data.clientSessionName);
    const at = parseTime(record.time ?? record.eventTime);
    if (clientId === undefined) {
      this.#sink.unread('clientSessionName is missing');
      return;
    }
    if (at === undefined) {
      this.#sink.unread('time is missing or none that is known');
      return;
    }
    const event = { vantage: 'broker', at, clientId, ...identityOf(data) } as const;
    if (kind === 'Connected') this.#pairing.connected({ ...event, kind: 'connected' });
    else this.#pairing.closed({ ...event, kind: 'closed', reason: closeReason(data) });
  }

  end(): void {
    this.#pairing.end();
  }
}

function identityOf(data: JsonObject): Pick<UnpairedEvent, 'principal'> {
  return userPrincipal(data.clientAuthenticationName);
}

function closeReason(data: JsonObject): NonNullable<ObservedEvent['reason']> {
  return reasonOf(wordOf(data.disconnectionReason) ?? 'unknown');
}
