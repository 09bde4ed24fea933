/**
 * Publishing to an MQTT topic over mutual TLS: MQTT 5 with the signature as user properties, where
 * the broker speaks it, so that the payload is exactly what was signed.
 */
import type { BrokerEndpoint } from '../../broker/adapter.ts';
import { printable } from '../../core/text.ts';
import type { Credential } from '../../identity/types.ts';
import { describeObserved, hex, isAccepted } from '../../script/observe.ts';
import { WireClient } from '../../script/wire-client.ts';
import {
  type Channel,
  type Delivery,
  type OutgoingMessage,
  SEND_TIMEOUT_MS,
  wrapped,
} from './channel.ts';

export interface MqttChannelOptions {
  readonly endpoint: BrokerEndpoint;
  readonly credential: Pick<Credential, 'certificatePem' | 'privateKeyPem'>;
  readonly clientId: string;
  readonly topic: string;
  readonly qos: 0 | 1;
}

export function mqttChannel(options: MqttChannelOptions): Channel {
  const { host, port } = options.endpoint;
  return {
    title: `the topic ${printable(options.topic, 80)} at ${printable(host)}:${port}`,
    send: (message, signal) => publish(options, message, signal),
  };
}

/** A broker that has no MQTT 5 says so in its CONNACK, or closes. */
async function publish(
  options: MqttChannelOptions,
  message: OutgoingMessage,
  signal: AbortSignal,
): Promise<Delivery> {
  const delivery = await publishIn(5, options, message, signal);
  if (delivery.outcome === 'delivered' || signal.aborted) return delivery;
  const older = await publishIn(4, options, message, signal);
  return older.outcome === 'delivered' ? older : delivery;
}

async function publishIn(
  protocolVersion: 4 | 5,
  { endpoint, credential, clientId, topic, qos }: MqttChannelOptions,
  message: OutgoingMessage,
  signal: AbortSignal,
): Promise<Delivery> {
  const timeoutMs = SEND_TIMEOUT_MS;
  const who = { endpoint, credential, clientId, signal, timeoutMs };
  const client = await WireClient.connect({ ...who, protocolVersion });
  try {
    if (!isAccepted(client.observed)) {
      const { kind } = client.observed;
      const detail = `it was ${describeObserved(client.observed)}`;
      return { outcome: kind === 'connack' || kind === 'tls-alert' ? 'refused' : 'failed', detail };
    }
    const code = await client.publish({ topic, qos, ...contentIn(protocolVersion, message) });
    if (qos === 0) {
      // PINGRESP comes after the broker has read what was sent before.
      return (await client.ping())
        ? { outcome: 'delivered', detail: 'sent with QoS 0' }
        : { outcome: 'failed', detail: 'the connection ended' };
    }
    if (code === undefined) return { outcome: 'failed', detail: 'there was no PUBACK' };
    return { outcome: code < 0x80 ? 'delivered' : 'refused', detail: `PUBACK ${hex(code)}` };
  } finally {
    await client.disconnect();
  }
}

/** MQTT 3.1.1 has no properties, so that the signature wraps the payload. */
function contentIn(protocolVersion: 4 | 5, message: OutgoingMessage) {
  if (protocolVersion === 4) return { payload: wrapped(message) };
  const { id, attempt, body, signature } = message;
  const userProperties = {
    'x-doppelfleet-id': id,
    'x-doppelfleet-attempt': String(attempt),
    ...(signature === undefined ? {} : { 'x-doppelfleet-signature': signature }),
  };
  return { payload: body, properties: { userProperties } };
}
