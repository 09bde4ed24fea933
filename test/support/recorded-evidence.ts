/**
 * Records of brokers that can't be run here, written down from their documentation or source: one
 * session that is taken over, its taker that leaves with DISCONNECT, and one that is lost. None of
 * them was seen on a running broker.
 */
import type { ProfileId } from '../../src/broker/profiles/profile.ts';

export interface RecordedEvidence {
  /** Where the shape is from. */
  readonly origin: string;
  readonly lines: readonly string[];
  /** Where a broker, or a rule in it, would publish each line; for records that come over MQTT. */
  readonly topics?: readonly string[];
}

const AT = Date.UTC(2026, 10, 20, 21, 0, 0);
const CERTIFICATE = 'a1'.repeat(32);
const OTHER_CERTIFICATE = 'b2'.repeat(32);
const json = (records: readonly object[]): readonly string[] =>
  records.map((record) => JSON.stringify(record));

const emqxEvent = (event: string, clientid: string, port: number, ms: number, more: object) => ({
  event: `client.${event}`,
  clientid,
  username: clientid,
  peername: `10.1.2.3:${port}`,
  sockname: '10.0.0.1:8883',
  proto_name: 'MQTT',
  proto_ver: 5,
  node: 'emqx@10.0.0.1',
  timestamp: AT + ms,
  ...more,
});
const emqxUp = (clientid: string, port: number, ms: number) =>
  emqxEvent('connected', clientid, port, ms, {
    connected_at: AT + ms,
    keepalive: 60,
    clean_start: true,
    expiry_interval: 0,
  });
const emqxDown = (clientid: string, port: number, ms: number, reason: string) =>
  emqxEvent('disconnected', clientid, port, ms, { disconnected_at: AT + ms, reason });

const awsEvent = (
  eventType: string,
  clientId: string,
  session: number,
  ms: number,
  more: object,
) => ({
  clientId,
  timestamp: AT + ms,
  eventType,
  sessionIdentifier: `a4666d2a-7d84-4ae5-8407-00000000000${session}`,
  principalIdentifier: session === 2 ? OTHER_CERTIFICATE : CERTIFICATE,
  versionNumber: session,
  ...more,
});
const awsUp = (clientId: string, session: number, ms: number) =>
  awsEvent('connected', clientId, session, ms, { ipAddress: '192.0.2.7' });
const awsDown = (clientId: string, session: number, ms: number, disconnectReason: string) =>
  awsEvent('disconnected', clientId, session, ms, {
    clientInitiatedDisconnect: disconnectReason === 'CLIENT_INITIATED_DISCONNECT',
    disconnectReason,
  });

const azureEvent = (kind: string, name: string, sequenceNumber: number, ms: number, more = {}) => ({
  specversion: '1.0',
  id: `5249c38a-a048-46dd-8f60-00000000${ms}`,
  time: new Date(AT + ms).toISOString().replace('Z', '4046Z'),
  type: `Microsoft.EventGrid.MQTTClientSession${kind}`,
  source: '/subscriptions/0000/resourceGroups/rg/providers/Microsoft.EventGrid/namespaces/ns',
  subject: `clients/${name}/sessions/${name}`,
  data: {
    namespaceName: 'ns',
    clientAuthenticationName: name,
    clientSessionName: name,
    sequenceNumber,
    ...more,
  },
});

const vernemqUp = (client_id: string, peer_port: number, ms: number) => ({
  hook: 'on_register',
  at: AT + ms,
  peer_addr: '10.1.2.3',
  peer_port,
  username: client_id,
  mountpoint: '',
  client_id,
});
const vernemqDown = (client_id: string, ms: number) => ({
  hook: 'on_client_offline',
  at: AT + ms,
  mountpoint: '',
  client_id,
});

const nanomqUp = (clientid: string, ms: number) => ({
  proto_ver: 4,
  keepalive: 60,
  conn_ack: 'success',
  username: clientid,
  clientid,
  action: 'client_connack',
  at: AT + ms,
});
const nanomqDown = (clientid: string, ms: number, reason: string) => ({
  reason,
  username: clientid,
  clientid,
  action: 'client_disconnected',
  at: AT + ms,
});

export const RECORDED = {
  emqx: {
    origin: 'EMQX documentation, «Data sources and fields»',
    lines: json([
      emqxUp('dup', 40001, 1000),
      emqxDown('dup', 40001, 5000, 'takenover'),
      emqxUp('dup', 40002, 5001),
      emqxDown('dup', 40002, 9000, 'normal'),
      emqxUp('lost', 40003, 2000),
      emqxDown('lost', 40003, 8000, 'tcp_closed'),
    ]),
    topics: Array.from({ length: 6 }, () => 'doppelfleet/evidence'),
  },
  'hivemq-ce': {
    origin: 'HiveMQ CE source, EventLog',
    lines: [
      '2026-11-20 21:00:01,000  - Client ID: dup, IP: 10.1.2.3, Clean Start: true, Session Expiry: 0 connected.',
      '2026-11-20 21:00:05,000  - Client ID: dup, IP: 10.1.2.3 was disconnected. reason: Another client connected with the same clientId..',
      '2026-11-20 21:00:05,001  - Client ID: dup, IP: 10.1.2.3, Clean Start: true, Session Expiry: 0 connected.',
      '2026-11-20 21:00:09,000  - Client ID: dup, IP: 10.1.2.3 disconnected gracefully.',
      '2026-11-20 21:00:10,000  - Client ID: lost, IP: 10.1.2.3, Clean Start: true, Session Expiry: 0 connected.',
      '2026-11-20 21:00:12,000  - Client ID: lost, IP: 10.1.2.3 disconnected ungracefully.',
    ],
  },
  vernemq: {
    origin: 'VerneMQ documentation, «Webhooks», with hook and time added by the receiver',
    lines: json([
      vernemqUp('dup', 40001, 1000),
      vernemqDown('dup', 5000),
      vernemqUp('dup', 40002, 5001),
      vernemqDown('dup', 9000),
      vernemqUp('lost', 40003, 2000),
      vernemqDown('lost', 8000),
    ]),
  },
  nanomq: {
    origin: 'NanoMQ documentation, «WebHook», with the time added by the receiver',
    lines: json([
      nanomqUp('dup', 1000),
      nanomqDown('dup', 5000, 'abnormal'),
      nanomqUp('dup', 5001),
      nanomqDown('dup', 9000, 'normal'),
      nanomqUp('lost', 12_000),
      nanomqDown('lost', 18_000, 'abnormal'),
    ]),
  },
  'aws-iot-core': {
    origin: 'AWS IoT Core developer guide, «Lifecycle events»',
    lines: json([
      awsUp('dup', 1, 1000),
      // Events come in any order: the taker is told before the end of the session that it took.
      awsUp('dup', 2, 5001),
      awsDown('dup', 1, 5000, 'DUPLICATE_CLIENTID'),
      awsDown('dup', 2, 9000, 'CLIENT_INITIATED_DISCONNECT'),
      awsUp('lost', 3, 2000),
      awsDown('lost', 3, 8000, 'CONNECTION_LOST'),
    ]),
    topics: [
      '$aws/events/presence/connected/dup',
      '$aws/events/presence/connected/dup',
      '$aws/events/presence/disconnected/dup',
      '$aws/events/presence/disconnected/dup',
      '$aws/events/presence/connected/lost',
      '$aws/events/presence/disconnected/lost',
    ],
  },
  'azure-event-grid': {
    origin: 'Azure Event Grid documentation, «Namespace as an event source»',
    lines: json([
      azureEvent('Connected', 'dup', 1, 1000),
      azureEvent('Disconnected', 'dup', 1, 5000, { disconnectionReason: 'SessionTakenOver' }),
      azureEvent('Connected', 'dup', 2, 5001),
      azureEvent('Disconnected', 'dup', 2, 9000, {
        disconnectionReason: 'ClientInitiatedDisconnect',
      }),
      azureEvent('Connected', 'lost', 1, 2000),
      azureEvent('Disconnected', 'lost', 1, 8000, { disconnectionReason: 'ConnectionLost' }),
    ]),
  },
} satisfies Record<ProfileId, RecordedEvidence>;
