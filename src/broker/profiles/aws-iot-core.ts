/** AWS IoT Core, from its developer guide; not run here. */
import type { BrokerProfile } from './profile.ts';

const GUIDE = 'AWS IoT Core developer guide';
const LIFECYCLE = `${GUIDE}, «Lifecycle events»`;

export const awsIotCore: BrokerProfile = {
  id: 'aws-iot-core',
  title: 'AWS IoT Core',
  versions: 'as documented in 2026',
  claims: {
    protocolVersions: { value: [4, 5], source: `${GUIDE}, «MQTT»` },
    brokerEvidence: { value: true, source: LIFECYCLE },
    takeoverVisible: { value: true, source: `${LIFECYCLE}: DUPLICATE_CLIENTID` },
    certificateVisible: {
      value: true,
      source: `${LIFECYCLE}: principalIdentifier is the certificate ID`,
    },
    closeReasonVisible: {
      value: true,
      source: `${LIFECYCLE}: CLIENT_INITIATED_DISCONNECT and CONNECTION_LOST`,
    },
    refusalReasonVisible: {
      value: false,
      source: `${LIFECYCLE}: connect_failed says AUTHORIZATION_FAILED only`,
    },
    sendsSessionTakenOver: { unknown: 'not looked up' },
    takeoverWinner: { value: 'newcomer', source: `${LIFECYCLE}: DUPLICATE_CLIENTID` },
    takeoverOrder: {
      value: 'not-shown',
      source: `${LIFECYCLE}: events may come in any order and more than once`,
    },
    bindsSessionToCertificate: {
      unknown: 'the policy of the certificate decides which client IDs it may use',
    },
    bindsClientId: { unknown: 'the policy of the certificate decides which client IDs it may use' },
    revocationEffect: { unknown: 'there are no lists: certificates are deactivated one by one' },
    reloadCutsRevoked: { unknown: 'there are no lists: certificates are deactivated one by one' },
    expiryCutsLive: { unknown: 'not looked up' },
    flappingGuard: { unknown: 'connects of one client ID are throttled by a quota; not looked up' },
    resumesWithoutCertificate: { unknown: 'never measured' },
  },
  ports: [{ port: 8883 }, { port: 443, alpnProtocols: ['x-amzn-mqtt-ca'] }],
  evidence: {
    how: [
      'The service publishes every connect and disconnect; a certificate of its own subscribes.',
      'Its policy needs iot:Subscribe and iot:Receive on the three topics; no device may have them.',
      'Stamps are approximate and events unordered: the version number of each orders them.',
      'Client IDs with # or + in them have no events.',
    ],
    format: 'aws-lifecycle',
    topics: [
      '$aws/events/presence/connected/#',
      '$aws/events/presence/disconnected/#',
      '$aws/events/presence/connect_failed/#',
    ],
  },
  configuration: {
    language: 'json',
    text: `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "iot:Connect",
      "Resource": "arn:aws:iot:REGION:ACCOUNT:client/\${iot:Connection.Thing.ThingName}"
    },
    {
      "Effect": "Allow",
      "Action": ["iot:Publish", "iot:Receive"],
      "Resource": "arn:aws:iot:REGION:ACCOUNT:topic/fleet/\${iot:Connection.Thing.ThingName}/*"
    },
    {
      "Effect": "Allow",
      "Action": "iot:Subscribe",
      "Resource": "arn:aws:iot:REGION:ACCOUNT:topicfilter/fleet/\${iot:Connection.Thing.ThingName}/*"
    }
  ]
}`,
    notes: [
      'The thing name stands for the client ID only if the certificate is attached to the thing: ' +
        'attach each certificate to one thing, exclusively.',
      'On port 443 TLS must offer the ALPN protocol x-amzn-mqtt-ca; the profile does so.',
      'TLS must name the host (SNI): use the name of the endpoint, no address.',
    ],
  },
};
