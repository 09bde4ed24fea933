/** HiveMQ Community Edition, from its source; not run here. */
import type { BrokerProfile } from './profile.ts';

const LOG = 'HiveMQ CE source, logging/EventLog';
const SOURCE = 'HiveMQ CE source, August 2026';

export const hivemqCe: BrokerProfile = {
  id: 'hivemq-ce',
  title: 'HiveMQ Community Edition',
  versions: 'as of August 2026',
  claims: {
    protocolVersions: { value: [3, 4, 5], source: 'HiveMQ CE README' },
    brokerEvidence: { value: true, source: LOG },
    takeoverVisible: {
      value: true,
      source: `${LOG}: «Another client connected with the same clientId.»`,
    },
    certificateVisible: { value: false, source: `${LOG}: client ID and address only` },
    closeReasonVisible: { value: true, source: `${LOG}: gracefully and ungracefully` },
    refusalReasonVisible: { unknown: 'what is logged of a refused certificate was not looked up' },
    sendsSessionTakenOver: {
      value: true,
      source: `${SOURCE}: «Another client connected with the same client id.»`,
    },
    takeoverWinner: { value: 'newcomer', source: SOURCE },
    takeoverOrder: { unknown: 'the order of the two lines was not looked up' },
    bindsSessionToCertificate: {
      value: false,
      source: `${SOURCE}: nothing of the kind is built in`,
    },
    bindsClientId: { value: false, source: `${SOURCE}: nothing of the kind is built in` },
    revocationEffect: { unknown: 'not looked up' },
    reloadCutsRevoked: { unknown: 'not looked up' },
    expiryCutsLive: { unknown: 'not looked up' },
    flappingGuard: { unknown: 'not looked up' },
    resumesWithoutCertificate: { unknown: 'never measured' },
  },
  ports: [],
  evidence: {
    how: [
      'The broker writes log/event.log beside itself: copy it after the run and audit it.',
      'Its times name no zone: give that of its machine with --zone.',
      'An extension with a ClientLifecycleEventListener can send the same live.',
    ],
    format: 'hivemq',
  },
  configuration: {
    language: 'xml',
    text: `<hivemq>
  <listeners>
    <tls-tcp-listener>
      <port>8883</port>
      <bind-address>0.0.0.0</bind-address>
      <tls>
        <keystore>
          <path>/opt/hivemq/conf/server.jks</path>
          <password>\${SERVER_PASSWORD}</password>
          <private-key-password>\${SERVER_PASSWORD}</private-key-password>
        </keystore>
        <truststore>
          <path>/opt/hivemq/conf/device-ca.jks</path>
          <password>\${TRUST_PASSWORD}</password>
        </truststore>
        <client-authentication-mode>REQUIRED</client-authentication-mode>
      </tls>
    </tls-tcp-listener>
  </listeners>
</hivemq>`,
    notes: [
      'client-authentication-mode is NONE by default.',
      'The Community Edition does not bind a client ID to a certificate: an extension has to.',
    ],
  },
};
