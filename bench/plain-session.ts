/** How benches speak MQTT on the fleet's connector alone: nothing is kept, and no ping is due. */
export const MQTT = {
  protocolVersion: 5,
  keepAliveSeconds: 600,
  cleanStart: true,
  sessionExpirySeconds: 0,
  tls: '1.3',
} as const;
