/**
 * Sessions written down as each broker or service writes them, so that one suite can ask every
 * format the same questions. Shapes of mosquitto, rabbitmq and nats are those of the brokers that
 * real-brokers.test.ts runs; the others are documented, not run.
 */
import type { CloseReason } from '../../src/history/event.ts';
import type { FormatId } from '../../src/history/formats/format.ts';

export interface SampleSession {
  readonly clientId: string;
  readonly ip: string;
  readonly port: number;
  readonly user: string;
  readonly connectedAt: number;
  readonly closedAt?: number;
  readonly reason?: CloseReason;
}

export interface FormatSample {
  readonly id: FormatId;
  /** What it is, when a format has several shapes. */
  readonly name: string;
  /** Where the shape is from. */
  readonly origin: string;
  readonly write: (sessions: readonly SampleSession[]) => string;
  /** What the format makes of a reason that it can't tell. */
  readonly reads?: Partial<Record<CloseReason, CloseReason>>;
  readonly precisionMs: 1 | 1000;
  readonly hasPort: boolean;
  /** False where records carry no address at all; true by default. */
  readonly hasIp?: boolean;
  /** One record a line, so that lines can be cut, repeated and shuffled. */
  readonly lines: boolean;
  /** Order and repetition of its lines mean nothing. */
  readonly unordered?: boolean;
  /** Client IDs that this broker would not accept or could not log. */
  readonly refuses?: (clientId: string) => boolean;
}

const CERTIFICATE = 'c'.repeat(64);

interface Moment {
  readonly at: number;
  readonly kind: 'connected' | 'closed';
  readonly session: SampleSession;
  readonly number: number;
}

/** Connects and closes in the order of time; a session that is taken over ends first. */
function moments(sessions: readonly SampleSession[]): Moment[] {
  return sessions
    .flatMap((session, number): Moment[] => [
      { at: session.connectedAt, kind: 'connected', session, number },
      ...(session.closedAt === undefined
        ? []
        : [{ at: session.closedAt, kind: 'closed', session, number } as const]),
    ])
    .sort((a, b) => a.at - b.at || Number(a.kind === 'connected') - Number(b.kind === 'connected'));
}

function lines(
  sessions: readonly SampleSession[],
  line: (moment: Moment) => string | readonly string[],
  head: readonly string[] = [],
): string {
  return `${[...head, ...moments(sessions).flatMap(line)].join('\n')}\n`;
}

const iso = (at: number) => new Date(at).toISOString();
const AWS_REASONS: Partial<Record<CloseReason, string>> = {
  'client-initiated': 'CLIENT_INITIATED_DISCONNECT',
  'session-taken-over': 'DUPLICATE_CLIENTID',
  'keep-alive-timeout': 'MQTT_KEEP_ALIVE_TIMEOUT',
  'connection-lost': 'CONNECTION_LOST',
};

function lifecycle({ at, kind, session, number }: Moment): object {
  const event = {
    clientId: session.clientId,
    timestamp: at,
    eventType: kind === 'connected' ? 'connected' : 'disconnected',
    sessionIdentifier: `00000000-0000-0000-0000-${String(number).padStart(12, '0')}`,
    principalIdentifier: CERTIFICATE,
    versionNumber: number,
  };
  return kind === 'connected'
    ? { ...event, ipAddress: session.ip }
    : {
        ...event,
        clientInitiatedDisconnect: session.reason === 'client-initiated',
        disconnectReason: AWS_REASONS[session.reason ?? 'unknown'] ?? 'UNKNOWN',
      };
}

function cloudwatch({ at, kind, session }: Moment): object {
  const evicted = kind === 'closed' && session.reason === 'session-taken-over';
  return {
    timestamp: iso(at).replace('T', ' ').replace('Z', ''),
    logLevel: evicted ? 'ERROR' : 'INFO',
    traceId: '20b23f3f-d7f1-feae-169f-82263394fbdb',
    accountId: '123456789012',
    status: evicted ? 'Failure' : 'Success',
    eventType: kind === 'connected' ? 'Connect' : 'Disconnect',
    protocol: 'MQTT',
    clientId: session.clientId,
    principalId: CERTIFICATE,
    sourceIp: session.ip,
    sourcePort: session.port,
    ...(evicted
      ? {
          reason: 'DUPLICATE_CLIENT_ID',
          details: 'A new connection was established with the same client ID',
        }
      : kind === 'closed'
        ? { disconnectReason: AWS_REASONS[session.reason ?? 'unknown'] }
        : {}),
  };
}

const EMQX_REASONS: Partial<Record<CloseReason, string>> = {
  'client-initiated': 'normal',
  'session-taken-over': 'takenover',
  'keep-alive-timeout': 'keepalive_timeout',
  'connection-lost': 'tcp_closed',
};

function emqx({ at, kind, session }: Moment): object {
  const event = {
    event: kind === 'connected' ? 'client.connected' : 'client.disconnected',
    clientid: session.clientId,
    username: session.user,
    peername: `${session.ip}:${session.port}`,
    sockname: '10.0.0.1:8883',
    proto_name: 'MQTT',
    proto_ver: 5,
    node: 'emqx@10.0.0.1',
    timestamp: at,
  };
  return kind === 'connected'
    ? { ...event, connected_at: at, keepalive: 60, clean_start: true }
    : { ...event, disconnected_at: at, reason: EMQX_REASONS[session.reason ?? 'unknown'] };
}

const MOSQUITTO_ENDS: Partial<Record<CloseReason, string>> = {
  'client-initiated': 'disconnected.',
  'session-taken-over': 'already connected, closing old connection.',
  'keep-alive-timeout': 'has exceeded timeout, disconnecting.',
  'connection-lost': 'closed its connection.',
};

function mosquitto(stamp: (at: number) => string) {
  return ({ at, kind, session }: Moment): string[] => {
    const { clientId, ip, port, user, reason } = session;
    if (kind === 'closed') {
      return [`${stamp(at)}: Client ${clientId} ${MOSQUITTO_ENDS[reason ?? 'unknown'] ?? ''}`];
    }
    return [
      `${stamp(at)}: New connection from ${ip}:${port} on port 8883.`,
      `${stamp(at)}: New client connected from ${ip}:${port} as ${clientId} (p2, c1, k60, u'${user}').`,
      `${stamp(at)}: Received PUBLISH from ${clientId} (d0, q0, r0, m0, 'up', ... (1 bytes))`,
    ];
  };
}

const MOSQUITTO_21_ENDS: Partial<Record<CloseReason, string>> = {
  'client-initiated': '.',
  'session-taken-over': ': session taken over.',
  'keep-alive-timeout': ': exceeded timeout.',
  'connection-lost': ': connection closed by client.',
};

function mosquitto21({ at, kind, session }: Moment): string[] {
  const { clientId, ip, port, user, reason } = session;
  const stamp = `${iso(at).slice(0, 19)}+0000`;
  return kind === 'closed'
    ? [
        `${stamp}: Client ${clientId} [${ip}:${port}] disconnected${MOSQUITTO_21_ENDS[reason ?? 'unknown'] ?? '.'}`,
      ]
    : [
        `${stamp}: New connection from ${ip}:${port} on port 8883.`,
        `${stamp}: New client connected from ${ip}:${port} as ${clientId} (p4, c1, k60, u'${user}').`,
      ];
}

function hivemq({ at, kind, session }: Moment): string[] {
  const { clientId, ip, reason } = session;
  const head = `${iso(at).replace('T', ' ').replace('.', ',').slice(0, 23)} - Client ID: ${clientId}, IP: ${ip}`;
  if (kind === 'connected') return [`${head}, Clean Start: true, Session Expiry: 0 connected.`];
  if (reason === 'client-initiated') return [`${head} disconnected gracefully.`];
  if (reason === 'connection-lost') return [`${head} disconnected ungracefully.`];
  const words =
    reason === 'session-taken-over'
      ? 'Another client connected with the same clientId.'
      : 'Client was idle for too long.';
  return [`${head} was disconnected. reason: ${words}.`, `${head} disconnected ungracefully.`];
}

const AZURE_REASONS: Partial<Record<CloseReason, string>> = {
  'client-initiated': 'ClientInitiatedDisconnect',
  'session-taken-over': 'SessionTakenOver',
  'keep-alive-timeout': 'ConnectionLost',
  'connection-lost': 'ConnectionLost',
};

function azure({ at, kind, session, number }: Moment): object {
  const connected = kind === 'connected';
  return {
    specversion: '1.0',
    id: `5249c38a-a048-46dd-8f60-${String(number).padStart(12, '0')}`,
    time: iso(at).replace('Z', '4046Z'),
    type: `Microsoft.EventGrid.MQTTClientSession${connected ? 'Connected' : 'Disconnected'}`,
    source: '/subscriptions/0000/resourceGroups/rg/providers/Microsoft.EventGrid/namespaces/ns',
    subject: `clients/${session.user}/sessions/${session.clientId}`,
    data: {
      namespaceName: 'ns',
      clientAuthenticationName: session.user,
      clientSessionName: session.clientId,
      sequenceNumber: number,
      ...(connected
        ? {}
        : { disconnectionReason: AZURE_REASONS[session.reason ?? 'unknown'] ?? 'ServerError' }),
    },
  };
}

const latin1 = (text: string) => Buffer.from(text, 'utf8').toString('latin1');

function rabbitLog({ at, kind, session, number }: Moment): string[] {
  const { clientId, ip, port, reason } = session;
  const process = `<0.${820 + number}.0>`;
  const peer = `${ip}:${port} -> 10.0.0.1:8883`;
  const message = (level: string, text: string) =>
    text.split('\n').map(
      (part) =>
        `${iso(at)
          .replace('T', ' ')
          .replace(
            'Z',
            `${String(number % 1000).padStart(3, '0')}+00:00`,
          )} [${level}] ${process} ${part}`,
    );
  if (kind === 'connected') {
    return [
      ...message('debug', `MQTT accepting TCP connection ${process} (${peer})`),
      ...message(
        'info',
        `accepting MQTT connection ${process} (${peer}, client id: ${latin1(clientId)})`,
      ),
    ];
  }
  switch (reason) {
    case 'client-initiated':
      return message('info', `closing MQTT connection ${process} (${peer})`);
    case 'session-taken-over':
      return message(
        'warning',
        `MQTT disconnecting client "${peer}" with duplicate id '${latin1(clientId)}'`,
      );
    case 'keep-alive-timeout':
      return message('error', `closing MQTT connection "${peer}" (keepalive timeout)`);
    default:
      return message(
        'info',
        `MQTT connection "${peer}" will terminate because peer closed TCP connection`,
      );
  }
}

/** As `~p` prints a binary: numbers, as it does for all that is not plain text. */
const erlangBinary = (text: string) => `<<${[...Buffer.from(text, 'utf8')].join(',')}>>`;

function rabbitEvent({ at, kind, session, number }: Moment): object {
  const { clientId, ip, port, user } = session;
  const name = `${ip}:${port} -> 10.0.0.1:8883`;
  const pid = `<rabbit@a.1795216996.${820 + number}.0>`;
  return {
    exchange: 'amq.rabbitmq.event',
    routing_key: kind === 'connected' ? 'connection.created' : 'connection.closed',
    payload: '',
    properties: {
      headers:
        kind === 'connected'
          ? {
              connected_at: at,
              name,
              pid,
              peer_host: `{${ip.replaceAll('.', ',')}}`,
              peer_port: port,
              protocol: '{\'MQTT\',"3.1.1"}',
              timestamp_in_ms: at,
              user,
              variable_map: `#{<<"client_id">> => ${erlangBinary(clientId)}}`,
            }
          : { name, node: 'rabbit@a', pid, timestamp_in_ms: at },
    },
  };
}

const goQuoted = (text: string) =>
  `"${text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll(/\p{Cc}/gu, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`)}"`;

const NATS_ENDS: Partial<Record<CloseReason, string>> = {
  'client-initiated': 'Client Closed',
  'session-taken-over': 'Duplicate Client ID',
  'keep-alive-timeout': 'Read Error',
  'connection-lost': 'Read Error',
};

function natsLog({ at, kind, session, number }: Moment): string[] {
  const { clientId, ip, port, reason } = session;
  const stamp = `[16549] ${iso(at).slice(0, 23).replaceAll('-', '/').replace('T', ' ')}000`;
  const client = `${ip}:${port} - mid:${number + 4}`;
  return kind === 'connected'
    ? [
        `${stamp} [DBG] ${client} - Client connection created`,
        `${stamp} [DBG] ${client} - ${goQuoted(clientId)} - Client connected`,
      ]
    : [
        `${stamp} [DBG] ${client} - ${goQuoted(clientId)} - Client connection closed: ${NATS_ENDS[reason ?? 'unknown'] ?? ''}`,
      ];
}

function natsConnz(sessions: readonly SampleSession[]): string {
  const connections = sessions.map((session, number) => ({
    cid: number + 4,
    kind: 'Client',
    type: 'mqtt',
    ip: session.ip,
    port: session.port,
    start: iso(session.connectedAt).replace('Z', '000000Z'),
    ...(session.closedAt === undefined
      ? {}
      : {
          stop: iso(session.closedAt).replace('Z', '000000Z'),
          reason: NATS_ENDS[session.reason ?? 'unknown'],
        }),
    mqtt_client: session.clientId,
  }));
  const head = { server_id: 'NCZB', now: iso(0), num_connections: connections.length };
  return JSON.stringify({ ...head, connections }, null, 2);
}

const cell = (value: string | number) => `"${String(value).replaceAll('"', '""')}"`;

function csv(sessions: readonly SampleSession[]): string {
  const rows = moments(sessions).map(({ at, kind, session }) =>
    [
      iso(at),
      kind === 'connected' ? 'login' : 'logout',
      session.clientId,
      session.user,
      session.ip,
      session.port,
      kind === 'closed' ? (session.reason ?? '') : '',
    ].map(cell),
  );
  return `${['ts,event,client_id,user,ip,port,reason', ...rows.map((row) => row.join(','))].join('\n')}\n`;
}

function ownHistory(sessions: readonly SampleSession[]): string {
  const header = {
    doppelfleet: 'history',
    schemaVersion: 1,
    toolVersion: '0.1.0',
    runId: 'sample',
    scenario: 'sample',
    scenarioDigest: '',
    seed: 1,
    startedAt: 0,
    source: { broker: 'external', vantages: ['broker'] },
  };
  const events = moments(sessions).map(({ at, kind, session, number }, event) => ({
    event,
    kind,
    vantage: 'broker',
    at,
    sessionId: String(number),
    clientId: session.clientId,
    ip: session.ip,
    port: session.port,
    ...(kind === 'closed' ? { reason: session.reason } : {}),
  }));
  return `${[header, ...events].map((line) => JSON.stringify(line)).join('\n')}\n`;
}

export const ownSample = { id: 'doppelfleet', name: 'doppelfleet', write: ownHistory } as const;

const hasControl = (text: string) => /\p{Cc}/u.test(text);
const json = (line: (moment: Moment) => object) => (moment: Moment) => JSON.stringify(line(moment));
const DOCUMENTED = 'documented, not run';
const LOST = { 'keep-alive-timeout': 'connection-lost' } as const;

export const FORMAT_SAMPLES: readonly FormatSample[] = [
  {
    id: 'aws-lifecycle',
    name: 'aws-lifecycle, bare',
    origin: `${DOCUMENTED}: AWS IoT developer guide, lifecycle events`,
    write: (sessions) => lines(sessions, json(lifecycle)),
    precisionMs: 1,
    hasPort: false,
    lines: true,
    unordered: true,
  },
  {
    id: 'aws-lifecycle',
    name: 'aws-lifecycle, in an envelope',
    origin: `${DOCUMENTED}: AWS IoT developer guide, lifecycle events`,
    write: (sessions) =>
      lines(
        sessions,
        json((moment) => ({
          topic: `$aws/events/presence/connected/${moment.session.clientId}`,
          payload: JSON.stringify(lifecycle(moment)),
        })),
      ),
    precisionMs: 1,
    hasPort: false,
    lines: true,
    unordered: true,
  },
  {
    id: 'aws-cloudwatch',
    name: 'aws-cloudwatch, JSON lines',
    origin: `${DOCUMENTED}: AWS IoT developer guide, CloudWatch log entries`,
    write: (sessions) => lines(sessions, json(cloudwatch)),
    precisionMs: 1,
    hasPort: true,
    lines: true,
    unordered: true,
  },
  {
    id: 'aws-cloudwatch',
    name: 'aws-cloudwatch, export to S3',
    origin: `${DOCUMENTED}: CloudWatch export, a time and the entry`,
    write: (sessions) =>
      lines(sessions, (moment) => `${iso(moment.at)} ${JSON.stringify(cloudwatch(moment))}`),
    precisionMs: 1,
    hasPort: true,
    lines: true,
    unordered: true,
  },
  {
    id: 'aws-cloudwatch',
    name: 'aws-cloudwatch, document of the CLI',
    origin: `${DOCUMENTED}: aws logs filter-log-events`,
    write: (sessions) =>
      JSON.stringify(
        {
          events: moments(sessions).map((moment) => ({
            logStreamName: 'a',
            timestamp: moment.at,
            message: JSON.stringify(cloudwatch(moment)),
            ingestionTime: moment.at,
            eventId: '1',
          })),
          searchedLogStreams: [],
        },
        null,
        4,
      ),
    precisionMs: 1,
    hasPort: true,
    lines: false,
  },
  {
    id: 'mosquitto',
    name: 'mosquitto, default stamps',
    origin: 'recorded with Mosquitto 2.0.11',
    write: (sessions) =>
      lines(
        sessions,
        mosquitto((at) => String(Math.floor(at / 1000))),
      ),
    precisionMs: 1000,
    hasPort: true,
    lines: true,
    refuses: hasControl,
  },
  {
    id: 'mosquitto',
    name: 'mosquitto, ISO stamps',
    origin: 'recorded with Mosquitto 2.0.11',
    write: (sessions) =>
      lines(
        sessions,
        mosquitto((at) => `${iso(at).slice(0, 19)}+0000`),
      ),
    precisionMs: 1000,
    hasPort: true,
    lines: true,
    refuses: hasControl,
  },
  {
    id: 'mosquitto',
    name: 'mosquitto, ISO stamps without a zone',
    origin: 'recorded with Mosquitto 2.0.11',
    write: (sessions) =>
      lines(
        sessions,
        mosquitto((at) => iso(at).slice(0, 19)),
      ),
    precisionMs: 1000,
    hasPort: true,
    lines: true,
    refuses: hasControl,
  },
  {
    id: 'mosquitto',
    name: 'mosquitto 2.1',
    origin: 'source of Mosquitto 2.1.2, not run',
    write: (sessions) =>
      lines(sessions, mosquitto21, ['1700000000: mosquitto version 2.1.2 starting']),
    precisionMs: 1000,
    hasPort: true,
    lines: true,
    refuses: hasControl,
  },
  {
    id: 'emqx',
    name: 'emqx, rule engine',
    origin: `${DOCUMENTED}: EMQX 5 rule-engine events`,
    write: (sessions) => lines(sessions, json(emqx)),
    precisionMs: 1,
    hasPort: true,
    lines: true,
    unordered: true,
  },
  {
    id: 'hivemq',
    name: 'hivemq',
    origin: 'source of HiveMQ CE, EventLog.java, not run',
    write: (sessions) => lines(sessions, hivemq),
    precisionMs: 1,
    hasPort: false,
    lines: true,
    refuses: hasControl,
  },
  {
    id: 'azure-event-grid',
    name: 'azure-event-grid',
    origin: 'Azure Event Grid documentation, not run',
    write: (sessions) => lines(sessions, (moment) => JSON.stringify(azure(moment))),
    reads: { 'keep-alive-timeout': 'connection-lost' },
    precisionMs: 1,
    hasPort: false,
    hasIp: false,
    lines: true,
  },
  {
    id: 'rabbitmq',
    name: 'rabbitmq, log',
    origin: 'recorded with RabbitMQ 3.10.8',
    write: (sessions) => lines(sessions, rabbitLog),
    precisionMs: 1,
    hasPort: true,
    lines: true,
  },
  {
    id: 'rabbitmq',
    name: 'rabbitmq, events',
    origin: 'recorded with RabbitMQ 3.10.8',
    write: (sessions) => lines(sessions, json(rabbitEvent)),
    reads: {
      'client-initiated': 'unknown',
      'session-taken-over': 'unknown',
      'keep-alive-timeout': 'unknown',
      'connection-lost': 'unknown',
    },
    precisionMs: 1,
    hasPort: true,
    lines: true,
  },
  {
    id: 'nats',
    name: 'nats, log',
    origin: 'recorded with nats-server 2.9.10',
    write: (sessions) => lines(sessions, natsLog),
    reads: LOST,
    precisionMs: 1,
    hasPort: true,
    lines: true,
  },
  {
    id: 'nats',
    name: 'nats, connz',
    origin: 'recorded with nats-server 2.9.10',
    write: natsConnz,
    reads: LOST,
    precisionMs: 1,
    hasPort: true,
    lines: false,
  },
  {
    id: 'csv',
    name: 'csv',
    origin: 'made up',
    write: csv,
    precisionMs: 1,
    hasPort: true,
    lines: true,
    unordered: true,
  },
  {
    id: 'ndjson',
    name: 'ndjson',
    origin: 'made up',
    write: (sessions) =>
      lines(
        sessions,
        json(({ at, kind, session }) => ({
          time: at,
          action: kind === 'connected' ? 'online' : 'offline',
          client: session.clientId,
          sourceIp: session.ip,
          sourcePort: session.port,
          ...(kind === 'closed' ? { reason: session.reason } : {}),
        })),
      ),
    precisionMs: 1,
    hasPort: true,
    lines: true,
    unordered: true,
  },
];
