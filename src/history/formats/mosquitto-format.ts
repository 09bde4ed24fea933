/**
 * Mosquitto's log as a source: with its default stamps (seconds since 1970) or ISO 8601, of 2.0 and
 * 2.1. The log names no certificate; what it calls the user is the common name (or the subject) of
 * the certificate only where the broker is configured so, which the log doesn't say.
 */
import type { EvidenceSink, FormatReader, TextFormat } from './format.ts';
import { MosquittoLog } from './mosquitto.ts';
import { readStamp } from './mosquitto-lines.ts';

/** Lines that every Mosquitto log has, after the stamp. */
const USUAL =
  /^(?:mosquitto version \S+ |New (?:connection|client|bridge) |Client \S|Config loaded from |Opening ip|No will message |Sending (?:CONNACK|PINGRESP|PUBLISH|SUBACK) |Received (?:PINGREQ|DISCONNECT|PUBLISH|SUBSCRIBE) |Socket error |OpenSSL Error)/;
const LINES_LOOKED_AT = 200;

export const mosquitto: TextFormat = {
  id: 'mosquitto',
  title: 'Mosquitto log, default or ISO stamps',
  broker: 'mosquitto',
  lacks: { certificateId: 'Mosquitto logs no certificate, at most its common name' },
  recognises: (beginning) => {
    const lines = beginning.split('\n', LINES_LOOKED_AT).filter((line) => line.trim() !== '');
    const usual = lines.filter((line) => USUAL.test(readStamp(line)?.body ?? ''));
    return usual.length === 0 ? 0 : 0.6 + (0.4 * usual.length) / lines.length;
  },
  open: (_options, sink) => new MosquittoReader(sink),
};

class MosquittoReader implements FormatReader {
  readonly #sink: EvidenceSink;
  #log: MosquittoLog | undefined;
  #unread = 0;

  constructor(sink: EvidenceSink) {
    this.#sink = sink;
  }

  read(text: string): void {
    this.#log ??= openLog(text);
    const log = this.#log;
    if (log === undefined) {
      // Before the configuration is read, Mosquitto writes without the stamp that it will use.
      if (text !== '') this.#sink.unread('no time before the line');
      return;
    }
    for (const event of log.line(text)) this.#sink.event(event);
    if (log.unreadLines === this.#unread) return;
    this.#unread = log.unreadLines;
    this.#sink.unread('not understood without doubt');
  }

  end(): void {}
}

/** Once a line carries the tag that doppelfleet gives its own brokers, the others must, too. */
function openLog(text: string): MosquittoLog | undefined {
  const stamp = readStamp(text);
  if (stamp === undefined) return undefined;
  const { tag } = stamp;
  return new MosquittoLog(tag === undefined ? { username: 'username' } : { tag });
}
