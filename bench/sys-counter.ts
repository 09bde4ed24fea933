/** What Mosquitto itself has counted of messages that came to it, from its $SYS topics. */
import { setTimeout as wait } from 'node:timers/promises';
import type { BrokerEndpoint } from '../src/broker/adapter.ts';
import { mqttConnector } from '../src/fleet/mqtt-connector.ts';
import { realClock } from '../src/fleet/real-clock.ts';
import { MQTT } from './plain-session.ts';

const TOPIC = '$SYS/broker/publish/messages/received';
/** Nobody asks for it: there is no TLS. */
const NOBODY = {
  name: 'counter',
  thingName: 'counter',
  certificateId: '',
  serialNumber: '',
  certificatePem: '',
  privateKeyPem: '',
};

/** It is told once a second, if it has changed. */
const SILENCE_MS = 2_500;

export interface SysCounter {
  /** PUBLISH packets received since the broker began, and when (`performance.now()`) it was told. */
  readonly last: () => { readonly count: number; readonly at: number };
  /** The same once that number stays the same. */
  readonly settled: () => Promise<number>;
  readonly close: () => void;
}

/** Resolves when the first count has come. */
export async function countMessages(endpoint: BrokerEndpoint): Promise<SysCounter> {
  const connector = await mqttConnector(realClock);
  return new Promise((resolve, reject) => {
    let count = 0;
    let toldAt = 0;
    const settled = async (): Promise<number> => {
      const askedAt = performance.now();
      while (performance.now() - Math.max(askedAt, toldAt) < SILENCE_MS) await wait(100);
      return count;
    };
    const connection = connector.open(
      { endpoint, clientId: 'counter', credential: NOBODY, mqtt: MQTT, connectTimeoutMs: 5_000 },
      {
        connected: () => connection.subscribe([{ filter: TOPIC, qos: 0 }], () => {}),
        failed: ({ raw }) => reject(new Error(`no connection: ${raw}`)),
        closed: () => {},
        received: (_topic, payload) => {
          count = Number(payload.toString());
          toldAt = performance.now();
          resolve({
            last: () => ({ count, at: toldAt }),
            settled,
            close: () => connection.disconnect(),
          });
        },
      },
    );
  });
}
