/** Identifiers that several parts share: checks as AWS names them, and our diagnoses and fixes. */

export const CHECK_IDS = [
  'CONFLICTING_CLIENT_IDS_CHECK',
  'DEVICE_CERTIFICATE_SHARED_CHECK',
] as const;
export type CheckId = (typeof CHECK_IDS)[number];

/** How a conflict or a sharing came about, as far as the evidence tells. */
export const DIAGNOSES = [
  'rival-devices',
  'half-open-reconnect',
  'certificate-rotation',
  'shared-certificate',
  'half-open-ghost',
  'ambiguous',
] as const;
export type Diagnosis = (typeof DIAGNOSES)[number];

export const FIX_IDS = [
  'client-id-uuid',
  'client-id-from-thing-name',
  'unique-certificates',
  'close-before-reconnect',
  'backoff',
] as const;
export type FixId = (typeof FIX_IDS)[number];

/** MQTT protocol versions as people write them, and the protocol level byte of CONNECT. */
export const MQTT_LEVELS = { '3.1.1': 4, '5': 5 } as const;
export type MqttVersion = keyof typeof MQTT_LEVELS;
