/** Identifiers that several parts share: checks as AWS names them, and our diagnoses and fixes. */

/** AWS's checks that connection histories alone can answer: those that scenarios plant. */
export const CONNECTION_CHECK_IDS = [
  'CONFLICTING_CLIENT_IDS_CHECK',
  'DEVICE_CERTIFICATE_SHARED_CHECK',
] as const;
export type ConnectionCheckId = (typeof CONNECTION_CHECK_IDS)[number];

/** AWS's checks of certificates and revocation lists. */
const CERTIFICATE_CHECK_IDS = [
  'DEVICE_CERTIFICATE_EXPIRING_CHECK',
  'CA_CERTIFICATE_EXPIRING_CHECK',
  'DEVICE_CERTIFICATE_AGE_CHECK',
  'DEVICE_CERTIFICATE_KEY_QUALITY_CHECK',
  'CA_CERTIFICATE_KEY_QUALITY_CHECK',
  'REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK',
  'REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK',
  'INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK',
] as const;

/** Checks of ours, for what AWS never meets; not AWS's findings. */
export const OWN_CHECK_IDS = ['SHARED_PRINCIPAL_CHECK'] as const;

export const CHECK_IDS = [
  ...CONNECTION_CHECK_IDS,
  ...OWN_CHECK_IDS,
  ...CERTIFICATE_CHECK_IDS,
] as const;
export type CheckId = (typeof CHECK_IDS)[number];

/** How a conflict or a sharing came about, as far as the evidence tells. */
export const DIAGNOSES = [
  'rival-devices',
  'duplicate-client',
  'foreign-principal',
  'half-open-reconnect',
  'certificate-rotation',
  'shared-certificate',
  'shared-principal',
  'claim-certificate',
  'gateway',
  'half-open-ghost',
  'ambiguous',
] as const;

/** What is the matter with a certificate. */
export const CERTIFICATE_DIAGNOSES = [
  'certificate-expired',
  'certificate-expiring',
  'certificate-old',
  'vulnerable-key',
  'weak-key',
  'revoked-certificate',
] as const;
export type Diagnosis = (typeof DIAGNOSES)[number] | (typeof CERTIFICATE_DIAGNOSES)[number];

export const FIX_IDS = [
  'client-id-uuid',
  'client-id-from-thing-name',
  'unique-certificates',
  'certificate-rotation',
  'close-before-reconnect',
  'backoff',
  'honour-session-taken-over',
  'one-client-per-process',
  'bind-client-id',
  'require-certificate',
  'revoke-certificates',
  'limit-connections',
  'ban-flapping',
] as const;
export type FixId = (typeof FIX_IDS)[number];

/** MQTT protocol versions as people write them, and the protocol level byte of CONNECT. */
export const MQTT_LEVELS = { '3.1.1': 4, '5': 5 } as const;
export type MqttVersion = keyof typeof MQTT_LEVELS;
