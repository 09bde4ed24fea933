/** The packets of a device that are more than a few fields, as mqtt-packet writes them. Pure. */
import type { IConnectPacket } from 'mqtt-packet';
import type { ConnectRequest } from './connector.ts';

/** CONNECT (MQTT 3.1.1 §3.1, MQTT 5.0 §3.1). */
export function connectPacket({ clientId, mqtt, will }: ConnectRequest): IConnectPacket {
  return {
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: mqtt.protocolVersion,
    clientId,
    clean: mqtt.cleanStart,
    keepalive: mqtt.keepAliveSeconds,
    ...(mqtt.protocolVersion === 5
      ? { properties: { sessionExpiryInterval: mqtt.sessionExpirySeconds } }
      : {}),
    ...(will ? { will: { ...will, payload: Buffer.from(will.payload) } } : {}),
  };
}
