/** Why sessions ended, in the words of brokers and services, as one vocabulary. Pure. */
import { CLOSE_REASONS, type CloseReason } from '../event.ts';

/**
 * Sources: AWS IoT lifecycle events `disconnectReason` and AWSIotLogsV2 `reason` (AWS IoT developer
 * guide); EMQX `$events/client_disconnected` (EMQX 4.x and 5.x documentation); Azure Event Grid
 * `MQTTClientSessionDisconnected`; connz of NATS.
 */
const WORDS: Readonly<Record<string, CloseReason>> = {
  // AWS
  AUTH_ERROR: 'auth-error',
  AUTHORIZATION_FAILED: 'auth-error',
  CLIENT_INITIATED_DISCONNECT: 'client-initiated',
  CLIENT_ERROR: 'protocol-error',
  CONNECTION_LOST: 'connection-lost',
  DUPLICATE_CLIENTID: 'session-taken-over',
  DUPLICATE_CLIENT_ID: 'session-taken-over',
  FORBIDDEN_ACCESS: 'auth-error',
  MQTT_KEEP_ALIVE_TIMEOUT: 'keep-alive-timeout',
  SERVER_ERROR: 'server-initiated',
  SERVER_INITIATED_DISCONNECT: 'server-initiated',
  API_INITIATED_DISCONNECT: 'server-initiated',
  THROTTLED: 'throttled',
  WEBSOCKET_TTL_EXPIRATION: 'server-initiated',
  CUSTOMAUTH_TTL_EXPIRATION: 'server-initiated',
  // EMQX
  NORMAL: 'client-initiated',
  KICKED: 'server-initiated',
  KEEPALIVE_TIMEOUT: 'keep-alive-timeout',
  NOT_AUTHORIZED: 'auth-error',
  TCP_CLOSED: 'connection-lost',
  SSL_CLOSED: 'connection-lost',
  SOCK_CLOSED: 'connection-lost',
  SOCK_ERROR: 'connection-lost',
  CLOSED: 'connection-lost',
  EINVAL: 'connection-lost',
  EPIPE: 'connection-lost',
  ECONNRESET: 'connection-lost',
  ETIMEDOUT: 'connection-lost',
  DISCARDED: 'session-taken-over',
  TAKENOVER: 'session-taken-over',
  TAKEOVERED: 'session-taken-over',
  INTERNAL_ERROR: 'server-initiated',
  SERVER_SHUTTING_DOWN: 'server-initiated',
  // Azure Event Grid
  CLIENTINITIATEDDISCONNECT: 'client-initiated',
  SESSIONTAKENOVER: 'session-taken-over',
  CONNECTIONLOST: 'connection-lost',
  CLIENTAUTHENTICATIONERROR: 'auth-error',
  CLIENTAUTHORIZATIONERROR: 'auth-error',
  CLIENTERROR: 'protocol-error',
  QUOTAEXCEEDED: 'throttled',
  IPFORBIDDEN: 'auth-error',
  SESSIONOVERFLOW: 'throttled',
  SERVERERROR: 'server-initiated',
  SERVERINITIATEDDISCONNECT: 'server-initiated',
  // NATS
  CLIENT_CLOSED: 'client-initiated',
  READ_ERROR: 'connection-lost',
  WRITE_ERROR: 'connection-lost',
  STALE_CONNECTION: 'keep-alive-timeout',
  AUTHENTICATION_FAILURE: 'auth-error',
  AUTHENTICATION_TIMEOUT: 'auth-error',
  AUTHENTICATION_EXPIRED: 'auth-error',
  AUTHORIZATION_VIOLATION: 'auth-error',
  PROTOCOL_VIOLATION: 'protocol-error',
  PARSE_ERROR: 'protocol-error',
  TLS_HANDSHAKE_ERROR: 'auth-error',
  TLS_HANDSHAKE_FAILURE: 'auth-error',
  SERVER_SHUTDOWN: 'server-initiated',
  SLOW_CONSUMER: 'server-initiated',
  MAXIMUM_CONNECTIONS_EXCEEDED: 'throttled',
};

const OWN: ReadonlyMap<string, CloseReason> = new Map(CLOSE_REASONS.map((word) => [word, word]));

/** The reason that a word stands for; `unknown` for a word that is not known here. */
export function reasonOf(word: string): CloseReason {
  const own = OWN.get(word);
  if (own !== undefined) return own;
  const key = word.trim().toUpperCase().replaceAll(/[ -]/g, '_');
  return Object.hasOwn(WORDS, key) ? (WORDS[key] ?? 'unknown') : 'unknown';
}
