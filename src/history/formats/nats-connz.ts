/**
 * `GET /connz` of nats-server: open and closed connections with the reason of each end, and of open
 * ones the certificate. Many polls make one recording: server and connection number name a session.
 * Source: NATS documentation, «Monitoring: connection information».
 */
import type { ObservedEvent } from '../event.ts';
import {
  asObject,
  certificateIdOf,
  given,
  type JsonObject,
  parseObject,
  portOf,
  textOf,
  userPrincipal,
  wholeOf,
  wordOf,
} from './fields.ts';
import type { EvidenceSink, FormatReader } from './format.ts';
import { reasonOf } from './reason-words.ts';
import { parseTime } from './stamps.ts';

export class NatsConnzReader implements FormatReader {
  readonly #sink: EvidenceSink;

  constructor(sink: EvidenceSink) {
    this.#sink = sink;
  }

  read(text: string): void {
    const record = parseObject(text);
    if (record === undefined) {
      this.#sink.unread('not a JSON object');
      return;
    }
    // Connections of NATS's own protocol are listed, too.
    if (record.mqtt_client === undefined && record.type !== 'mqtt') {
      if (record.cid === undefined) this.#sink.unread('no connection: cid is missing');
      return;
    }
    const number = wholeOf(record.cid);
    const at = parseTime(record.start);
    const clientId = textOf(record.mqtt_client);
    if (number === undefined || at === undefined) {
      this.#sink.unread('cid or start is missing');
      return;
    }
    this.#take(record, { number, at, clientId });
  }

  end(): void {}

  #take(
    record: JsonObject,
    known: {
      readonly number: number;
      readonly at: number;
      readonly clientId: string | undefined;
    },
  ): void {
    const { number, at, clientId } = known;
    // A number is unique in a run of the server; its start makes it so beyond.
    const session = {
      vantage: 'broker',
      sessionId: `nats-${number}-${at}`,
      ...given('ip', wordOf(record.ip)),
      ...given('port', portOf(record.port)),
      ...identityOf(record),
    } as const;
    const stop = parseTime(record.stop);
    const words = wordOf(record.reason);
    const reason = words === 'Duplicate Client ID' ? 'session-taken-over' : reasonOf(words ?? '');
    if (clientId === undefined) {
      if (stop === undefined || reason === 'client-initiated') return;
      const failed = { ...session, clientId: '', at: stop, reason };
      this.#sink.event({ ...failed, kind: 'connect-failed' });
      return;
    }
    this.#sink.event({ ...session, kind: 'connected', clientId, at });
    if (stop === undefined) return;
    const doubt = words === 'Client Closed' ? { inferred: ['reason'] } : {};
    const end = { ...session, clientId, at: Math.max(stop, at), reason, ...doubt };
    this.#sink.event({ ...end, kind: 'closed' });
  }
}

function identityOf(record: JsonObject): Partial<ObservedEvent> {
  const [leaf] = Array.isArray(record.tls_peer_certs) ? record.tls_peer_certs : [];
  const certificate = asObject(leaf);
  const user = wordOf(record.authorized_user);
  const principal =
    user?.includes('=') === true
      ? { principal: { kind: 'distinguished-name', value: user } as const }
      : userPrincipal(user);
  return { ...principal, ...given('certificateId', certificateIdOf(certificate?.cert_sha256)) };
}
