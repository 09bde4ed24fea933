/**
 * AWS IoT's logs in CloudWatch (log group AWSIotLogsV2): JSON lines, lines of an export (a time,
 * then the JSON) and documents of the CLI (`{"events": [{"message": "…"}]}`). The logs name no
 * session: client ID, principal, address and port together do. An eviction is logged as a failed
 * Disconnect with `reason` DUPLICATE_CLIENT_ID, or as a `disconnectReason` DUPLICATE_CLIENTID.
 * Source: AWS IoT Core developer guide, «CloudWatch log entry» and «Security best practices».
 */
import type { CloseReason } from '../event.ts';
import {
  asObject,
  awsPrincipal,
  given,
  type JsonObject,
  parseObject,
  portOf,
  protocolOf,
  textOf,
  wordOf,
} from './fields.ts';
import type { EvidenceSink, FormatReader, TextFormat } from './format.ts';
import { SessionPairing, type UnpairedEvent } from './pairing.ts';
import { reasonOf } from './reason-words.ts';
import { parseTime } from './stamps.ts';

export const awsCloudwatch: TextFormat = {
  id: 'aws-cloudwatch',
  title: 'AWS IoT logs in CloudWatch (AWSIotLogsV2)',
  broker: 'aws-iot',
  lacks: { keepAliveSeconds: 'AWSIotLogsV2 carries no keep-alive' },
  container: 'events',
  recognises: (beginning) =>
    /\\?"eventType\\?"\s*:\s*\\?"[A-Z]/.test(beginning) &&
    /\\?"(?:principalId|traceId|accountId)\\?"\s*:/.test(beginning)
      ? 1
      : 0,
  joins: () => true,
  open: (_options, sink) => new CloudWatchReader(sink),
};

class CloudWatchReader implements FormatReader {
  readonly #sink: EvidenceSink;
  readonly #pairing: SessionPairing;

  constructor(sink: EvidenceSink) {
    this.#sink = sink;
    this.#pairing = new SessionPairing({ prefix: 'aws' }, (event) => sink.event(event));
  }

  read(text: string): void {
    const entry = entryOf(text);
    if (entry === undefined) {
      this.#sink.unread('neither JSON nor a time followed by JSON');
      return;
    }
    const type = textOf(entry.eventType);
    if (type === undefined) {
      this.#sink.unread('eventType is missing');
      return;
    }
    if (type !== 'Connect' && type !== 'Disconnect') return;
    // The two HTTP connections of a WebSocket and of publishing over HTTP are no sessions.
    if (entry.protocol === 'HTTP') return;
    const at = parseTime(entry.timestamp);
    if (at === undefined) {
      this.#sink.unread('timestamp is missing or no time');
      return;
    }
    const clientId = textOf(entry.clientId);
    if (clientId === undefined) {
      if (entry.status === 'Failure') return;
      this.#sink.unread('clientId is missing');
      return;
    }
    this.#take(entry, type, { vantage: 'broker', at, clientId, ...identityOf(entry) });
  }

  end(): void {
    this.#pairing.end();
  }

  #take(entry: JsonObject, type: string, event: Omit<UnpairedEvent, 'kind'>): void {
    const word = wordOf(entry.disconnectReason) ?? wordOf(entry.reason);
    if (type === 'Disconnect') {
      const reason: CloseReason = word === undefined ? 'unknown' : reasonOf(word);
      this.#pairing.closed({ ...event, kind: 'closed', reason });
      return;
    }
    if (entry.status !== 'Failure') {
      this.#pairing.connected({ ...event, kind: 'connected' });
      return;
    }
    const reason = word === undefined ? 'auth-error' : reasonOf(word);
    this.#pairing.failed({
      ...event,
      kind: 'connect-failed',
      reason: reason === 'unknown' ? 'auth-error' : reason,
    });
    return;
  }
}

function identityOf(entry: JsonObject): Partial<UnpairedEvent> {
  return {
    ...awsPrincipal(entry.principalId),
    ...given('ip', wordOf(entry.sourceIp)),
    ...given('port', portOf(entry.sourcePort)),
    ...given('protocolVersion', protocolOf(entry.mqttVersion ?? entry.protocolVersion)),
  };
}

/** The log entry: the line, what follows its time, or what `message` holds. */
function entryOf(text: string): JsonObject | undefined {
  const start = text.indexOf('{');
  const record = parseObject(start > 0 && start < 40 ? text.slice(start) : text);
  if (record === undefined || record.eventType !== undefined) return record;
  for (const inner of [record.message, record['@message']]) {
    const entry = typeof inner === 'string' ? parseObject(inner) : asObject(inner);
    if (entry !== undefined) return entry;
  }
  return record;
}
