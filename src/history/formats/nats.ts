/** nats-server: its log, or the documents of its monitoring endpoint `/connz`. */
import type { TextFormat } from './format.ts';
import { NatsConnzReader } from './nats-connz.ts';
import { NATS_STAMP, NatsLogReader } from './nats-log.ts';

const CONNZ = /"(?:server_id|num_connections)"\s*:|"mqtt_client"\s*:|^\s*\{\s*"cid"\s*:/m;

export const nats: TextFormat = {
  id: 'nats',
  title: 'NATS server log (with debug) or /connz JSON',
  broker: 'nats',
  unzoned: (beginning) => !isConnz(beginning),
  lacks: {
    certificateId: 'NATS names certificates only in /connz?auth=1, and there of open connections',
    keepAliveSeconds: 'NATS logs no keep-alive',
  },
  container: 'connections',
  recognises: (beginning) => {
    if (isConnz(beginning)) return CONNZ.test(beginning) ? 1 : 0;
    const lines = beginning.split('\n', 50).filter((line) => line !== '');
    const stamped = lines.filter((line) => NATS_STAMP.test(line)).length;
    return stamped === 0 ? 0 : 0.5 + (0.5 * stamped) / lines.length;
  },
  joins: isConnz,
  open: (options, sink) => {
    let reader: NatsConnzReader | NatsLogReader | undefined;
    return {
      read(text) {
        reader ??= isConnz(text) ? new NatsConnzReader(sink) : new NatsLogReader(options, sink);
        reader.read(text);
      },
      end: () => reader?.end(),
    };
  },
};

function isConnz(beginning: string): boolean {
  return /^\s*[[{]\s*[{"]/.test(beginning);
}
