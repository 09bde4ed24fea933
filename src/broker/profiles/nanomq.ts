/** NanoMQ, from its documentation and its source; not run here. */
import type { BrokerProfile } from './profile.ts';

const HOOKS = 'NanoMQ documentation, «WebHook»';
const SETTINGS = 'NanoMQ documentation, «Configuration»';

export const nanomq: BrokerProfile = {
  id: 'nanomq',
  title: 'NanoMQ',
  versions: 'as of August 2026',
  claims: {
    protocolVersions: { value: [3, 4, 5], source: `${HOOKS}: values of proto_ver` },
    brokerEvidence: { value: true, source: HOOKS },
    takeoverVisible: { value: false, source: `${HOOKS}: reason is normal or abnormal` },
    certificateVisible: { value: false, source: `${HOOKS}: no field of the certificate` },
    closeReasonVisible: { value: true, source: `${HOOKS}: reason is normal or abnormal` },
    refusalReasonVisible: { value: false, source: `${HOOKS}: none is called before TLS is up` },
    sendsSessionTakenOver: { unknown: 'not established' },
    takeoverWinner: { unknown: 'not established' },
    takeoverOrder: { unknown: 'not established' },
    bindsSessionToCertificate: { unknown: 'not established' },
    bindsClientId: { value: false, source: `${SETTINGS}: there is no such setting` },
    revocationEffect: { unknown: 'not looked up' },
    reloadCutsRevoked: { unknown: 'not looked up' },
    expiryCutsLive: { unknown: 'not looked up' },
    flappingGuard: { unknown: 'not looked up' },
    resumesWithoutCertificate: { unknown: 'never measured' },
  },
  ports: [],
  evidence: {
    how: [
      'A webhook posts on_client_connack and on_client_disconnected to a receiver of yours.',
      'No body has a time or an address: let the receiver add the time, as "at", leave out what ' +
        'has a conn_ack other than success, and write a body a line.',
      'Audit the file with --format ndjson and the mapping below.',
    ],
    format: 'ndjson',
    columns: {
      clientId: 'clientid',
      at: 'at',
      kind: 'action',
      connected: 'client_connack',
      closed: 'client_disconnected',
      principal: 'username',
      keepAliveSeconds: 'keepalive',
      protocolVersion: 'proto_ver',
      reason: 'reason',
    },
  },
  configuration: {
    language: 'hocon',
    text: `listeners.ssl {
  bind = "0.0.0.0:8883"
  cacertfile = "/etc/nanomq/device-ca.pem"
  certfile = "/etc/nanomq/server.pem"
  keyfile = "/etc/nanomq/server.key"
  verify_peer = true
  fail_if_no_peer_cert = true
}
auth {
  allow_anonymous = false
  no_match = deny
}
webhook {
  url = "http://127.0.0.1:8080/evidence"
  headers.content-type = "application/json"
  body.encoding = plain
  events = [
    { event = "on_client_connack" }
    { event = "on_client_disconnected" }
  ]
}`,
    notes: [
      'By default verify_peer is false, anonymous clients are let in and no_match is allow.',
      'NanoMQ does not bind a client ID to a certificate.',
    ],
  },
};
