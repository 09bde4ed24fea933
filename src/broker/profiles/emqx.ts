/** EMQX 5 and 6, from its documentation and its source; not run here. */
import type { BrokerProfile } from './profile.ts';

const EVENTS = 'EMQX documentation, «Data sources and fields: client events»';
const SOURCE = 'EMQX source, emqx_channel and emqx_cm, 6.1';
const SETTINGS = 'EMQX configuration manual';

export const emqx: BrokerProfile = {
  id: 'emqx',
  title: 'EMQX (open source and enterprise)',
  versions: '5.0 to 6.1',
  claims: {
    protocolVersions: { value: [3, 4, 5], source: `${SETTINGS}, MQTT versions` },
    brokerEvidence: { value: true, source: EVENTS },
    takeoverVisible: { value: true, source: `${EVENTS}: reasons takenover and discarded` },
    certificateVisible: {
      value: false,
      source: `${EVENTS}: no field of the certificate, unless mqtt.client_attrs_init adds one`,
    },
    closeReasonVisible: { value: true, source: `${EVENTS}: reasons normal and tcp_closed` },
    refusalReasonVisible: { unknown: 'what is logged of a refused certificate was not looked up' },
    sendsSessionTakenOver: { value: true, source: `${SOURCE}: for takenover and discarded` },
    takeoverWinner: { value: 'newcomer', source: SOURCE },
    takeoverOrder: {
      unknown: 'the end of the old session comes first until 5.8, and second from 5.9 on',
    },
    bindsSessionToCertificate: {
      value: false,
      source: `${SOURCE}: a session is found by its client ID alone`,
    },
    bindsClientId: {
      value: false,
      source: `${SETTINGS}: mqtt.peer_cert_as_clientid is disabled by default`,
    },
    revocationEffect: {
      unknown:
        'enable_crl_check is off by default; with it, lists are fetched from the distribution ' +
        'point that the client certificate names, and kept for a while',
    },
    reloadCutsRevoked: { unknown: 'not looked up' },
    expiryCutsLive: { unknown: 'not looked up' },
    flappingGuard: { value: false, source: `${SETTINGS}: flapping_detect is off by default` },
    resumesWithoutCertificate: { unknown: 'never measured' },
  },
  ports: [],
  evidence: {
    how: [
      'A rule republishes the events to a topic of its own (below), and --evidence-topic names it.',
      'Or a webhook (HTTP sink) posts them: store a body a line and audit the file afterwards.',
      'A client may not subscribe to the $events topics themselves.',
    ],
    format: 'emqx',
    topics: ['doppelfleet/evidence'],
  },
  configuration: {
    language: 'hocon',
    text: `listeners.ssl.default {
  bind = "0.0.0.0:8883"
  ssl_options {
    cacertfile = "/etc/emqx/certs/device-ca.pem"
    certfile = "/etc/emqx/certs/server.pem"
    keyfile = "/etc/emqx/certs/server.key"
    verify = verify_peer
    fail_if_no_peer_cert = true
    session_tickets = disabled
  }
}
# The client ID is the common name, whatever CONNECT says.
mqtt.peer_cert_as_clientid = cn
mqtt.peer_cert_as_username = cn
flapping_detect { enable = true, max_count = 15, window_time = 1m, ban_time = 5m }
rule_engine.rules.doppelfleet_evidence {
  sql = """SELECT * FROM "$events/client_connected", "$events/client_disconnected" """
  actions = [{
    function = republish
    args { topic = "doppelfleet/evidence", qos = 1, payload = "\${.}" }
  }]
}`,
    notes: [
      'Only the evidence certificate may read doppelfleet/evidence, and nobody may write to it.',
      'A certificate is bound to its client ID by replacement: the device is not told.',
      'For revocation, set enable_crl_check and put a distribution point into the certificates.',
    ],
  },
};
