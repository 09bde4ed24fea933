/** The brokers of a drive: one Mosquitto as a run starts it, or without TLS, and more beside it. */
import type { BrokerAdapter, BrokerStartOptions } from '../src/broker/adapter.ts';
import type { BrokerConfiguration } from '../src/broker/configuration.ts';
import { mosquittoBroker, startMosquitto } from '../src/broker/mosquitto/adapter.ts';

/** Whoever comes is let in, by TCP alone. It counts messages itself, and tells once a second. */
export function plainConfiguration(): BrokerConfiguration {
  const main = 'mosquitto.conf';
  const text = `listener {{port}} 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
sys_interval 1
log_dest stderr
log_timestamp true
`;
  return { name: 'plain', broker: 'mosquitto', path: main, main, files: new Map([[main, text]]) };
}

/** Mosquitto without TLS, with MQTT as the devices speak it otherwise. */
export const plainMosquitto: BrokerAdapter = {
  ...mosquittoBroker,
  id: 'mosquitto-plain',
  title: 'Eclipse Mosquitto without TLS',
  capabilities: { ...mosquittoBroker.capabilities, brokerEvidence: false },
  start: async (options) => {
    const broker = await startMosquitto({ ...options, configuration: plainConfiguration() });
    return { ...broker, endpoint: { ...broker.endpoint, transport: 'tcp' } };
  },
};

/** A broker's options, but for the folder, where nobody reads what it saw. */
export function unread(options: Omit<BrokerStartOptions, 'onEvent' | 'onFailure'>) {
  return {
    ...options,
    onEvent: () => {},
    onFailure: (message: string) => void process.stderr.write(`${message}\n`),
  } satisfies BrokerStartOptions;
}
