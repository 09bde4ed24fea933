/** The MQTT broker of Azure Event Grid namespaces, from its documentation; not run here. */
import type { BrokerProfile } from './profile.ts';

const EVENTS = 'Azure Event Grid documentation, «Namespace as an event source»';
const SESSIONS = 'Azure Event Grid documentation, «Multiple sessions per client»';

export const azureEventGrid: BrokerProfile = {
  id: 'azure-event-grid',
  title: 'Azure Event Grid (MQTT broker of a namespace)',
  versions: 'as documented in 2026',
  claims: {
    protocolVersions: { value: [4, 5], source: 'Azure Event Grid documentation, «MQTT support»' },
    brokerEvidence: { value: true, source: EVENTS },
    takeoverVisible: { value: true, source: `${EVENTS}: SessionTakenOver` },
    certificateVisible: { value: false, source: `${EVENTS}: the authentication name only` },
    closeReasonVisible: {
      value: true,
      source: `${EVENTS}: ClientInitiatedDisconnect and ConnectionLost`,
    },
    refusalReasonVisible: { unknown: 'events are of sessions; logs were not looked up' },
    sendsSessionTakenOver: { unknown: 'not looked up' },
    takeoverWinner: {
      value: 'newcomer',
      source: `${SESSIONS}: between connections of one authentication name`,
    },
    takeoverOrder: { unknown: 'events carry the time of detection; their order was not looked up' },
    bindsSessionToCertificate: {
      value: true,
      source: `${SESSIONS}: another client's session name is refused, even while it is offline`,
    },
    bindsClientId: {
      value: false,
      source: `${SESSIONS}: a session name that is free may be anything`,
    },
    revocationEffect: { unknown: 'not looked up' },
    reloadCutsRevoked: { unknown: 'not looked up' },
    expiryCutsLive: { unknown: 'not looked up' },
    flappingGuard: { unknown: 'not looked up' },
    resumesWithoutCertificate: { unknown: 'never measured' },
  },
  ports: [{ port: 8883 }],
  evidence: {
    how: [
      'An event subscription of the namespace sends MQTTClientSessionConnected and ' +
        'MQTTClientSessionDisconnected to an endpoint of yours.',
      'Store an event a line (both schemas are read) and audit the file.',
    ],
    format: 'azure-event-grid',
  },
  configuration: {
    language: 'json',
    text: `{
  "properties": {
    "topicSpacesConfiguration": {
      "state": "Enabled",
      "maximumClientSessionsPerAuthenticationName": 1
    }
  },
  "client": {
    "authenticationName": "pump-1",
    "clientCertificateAuthentication": { "validationScheme": "SubjectMatchesAuthenticationName" }
  },
  "topicSpace": { "topicTemplates": ["fleet/\${client.authenticationName}/#"] }
}`,
    notes: [
      'The parts are those of three resources: the namespace, a client, a topic space.',
      'A client is known by its authentication name, which comes from its certificate; with ' +
        'ThumbprintMatch it is one certificate and no other.',
    ],
  },
};
