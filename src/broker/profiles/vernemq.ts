/** VerneMQ, from its documentation and its source; not run here. */
import type { BrokerProfile } from './profile.ts';

const HOOKS = 'VerneMQ documentation, «Webhooks» and «Session lifecycle»';
const SOURCE = 'VerneMQ source, vmq_mqtt5_fsm, August 2026';
const SETTINGS = 'VerneMQ documentation, «MQTT listeners» and «MQTT options»';

export const vernemq: BrokerProfile = {
  id: 'vernemq',
  title: 'VerneMQ',
  versions: 'as of August 2026',
  claims: {
    protocolVersions: { value: [3, 4, 5], source: `${SETTINGS}: allowed_protocol_versions` },
    brokerEvidence: { value: true, source: HOOKS },
    takeoverVisible: { value: false, source: `${HOOKS}: offline and gone carry no reason` },
    certificateVisible: { value: false, source: `${HOOKS}: no field of the certificate` },
    closeReasonVisible: { value: false, source: `${HOOKS}: offline and gone carry no reason` },
    refusalReasonVisible: { value: false, source: `${HOOKS}: none is called before TLS is up` },
    sendsSessionTakenOver: { value: true, source: `${SOURCE}: SESSION_TAKEN_OVER` },
    takeoverWinner: {
      value: 'newcomer',
      source: `${SOURCE}; both stay with allow_multiple_sessions, which is deprecated`,
    },
    takeoverOrder: { unknown: 'the order in which the hooks are called was not looked up' },
    bindsSessionToCertificate: {
      value: false,
      source: `${HOOKS}: only an auth_on_register hook of your own can`,
    },
    bindsClientId: {
      value: false,
      source: `${HOOKS}: only an auth_on_register hook of your own can`,
    },
    revocationEffect: { unknown: 'a listener takes a crlfile; when it is read was not looked up' },
    reloadCutsRevoked: { unknown: 'not looked up' },
    expiryCutsLive: { unknown: 'not looked up' },
    flappingGuard: { unknown: 'not looked up' },
    resumesWithoutCertificate: { unknown: 'never measured' },
  },
  ports: [],
  evidence: {
    how: [
      'Webhooks on_register(_m5), on_client_offline and on_client_gone post to a receiver of yours.',
      'The name of the hook stands in the header vernemq-hook, and no body has a time: let the ' +
        'receiver add both, as "hook" and "at", and write a body a line.',
      'Audit the file with --format ndjson and the mapping below.',
    ],
    format: 'ndjson',
    columns: {
      clientId: 'client_id',
      at: 'at',
      kind: 'hook',
      connected: 'on_register|on_register_m5',
      closed: 'on_client_offline|on_client_gone',
      ip: 'peer_addr',
      port: 'peer_port',
      principal: 'username',
    },
  },
  configuration: {
    language: 'ini',
    text: `allow_anonymous = off
listener.ssl.default = 0.0.0.0:8883
listener.ssl.default.cafile = /etc/vernemq/device-ca.pem
listener.ssl.default.certfile = /etc/vernemq/server.pem
listener.ssl.default.keyfile = /etc/vernemq/server.key
listener.ssl.default.require_certificate = on
listener.ssl.default.use_identity_as_username = on
listener.ssl.default.crlfile = /etc/vernemq/revoked.pem
allow_multiple_sessions = off
plugins.vmq_webhooks = on
vmq_webhooks.bind.hook = auth_on_register
vmq_webhooks.bind.endpoint = http://127.0.0.1:8080/bind
vmq_webhooks.up.hook = on_register
vmq_webhooks.up.endpoint = http://127.0.0.1:8080/evidence
vmq_webhooks.offline.hook = on_client_offline
vmq_webhooks.offline.endpoint = http://127.0.0.1:8080/evidence
vmq_webhooks.gone.hook = on_client_gone
vmq_webhooks.gone.endpoint = http://127.0.0.1:8080/evidence`,
    notes: [
      'require_certificate and use_identity_as_username are off by default.',
      'The endpoint /bind is yours: refuse a client_id that is not the username (the common name).',
      'The same hooks with _m5 are needed for MQTT 5.',
    ],
  },
};
