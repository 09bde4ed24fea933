/** RabbitMQ with the MQTT plugin: its log, or what its event exchange reports. */
import type { TextFormat } from './format.ts';
import { RabbitEventReader } from './rabbitmq-events.ts';
import { RABBITMQ_STAMP } from './rabbitmq-lines.ts';
import { RabbitLogReader } from './rabbitmq-log.ts';

const EVENTS = /"(?:routing_key|event|type)"\s*:\s*"(?:connection|channel|queue|user|binding)\./;

export const rabbitmq: TextFormat = {
  id: 'rabbitmq',
  title: 'RabbitMQ log or event-exchange JSON (MQTT plugin)',
  broker: 'rabbitmq',
  lacks: {
    certificateId: 'RabbitMQ names of a certificate at most its subject',
    principal: 'the log of RabbitMQ names no user of an MQTT connection',
  },
  container: 'messages',
  recognises: (beginning) => {
    if (isJson(beginning)) return EVENTS.test(beginning) ? 1 : 0;
    const lines = beginning.split('\n', 50).filter((line) => line !== '');
    const stamped = lines.filter((line) => RABBITMQ_STAMP.test(line)).length;
    return stamped === 0 ? 0 : 0.5 + (0.5 * stamped) / lines.length;
  },
  open: (options, sink) => {
    let reader: RabbitEventReader | RabbitLogReader | undefined;
    return {
      read(text) {
        reader ??= isJson(text) ? new RabbitEventReader(sink) : new RabbitLogReader(options, sink);
        reader.read(text);
      },
      end: () => reader?.end(),
    };
  },
};

function isJson(beginning: string): boolean {
  return /^\s*[[{]\s*[{"]/.test(beginning);
}
