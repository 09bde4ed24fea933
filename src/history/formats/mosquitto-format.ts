/**
 * Mosquitto's log as a source: with its default stamps (seconds since 1970) or ISO 8601, of 2.0 and
 * 2.1. The log names no certificate; what it calls the user is the common name (or the subject) of
 * the certificate only where the broker is configured so, which the log doesn't say.
 */
import type { EvidenceSink, FormatOptions, FormatReader, TextFormat } from './format.ts';
import { MosquittoLog } from './mosquitto.ts';
import { hasZonelessStamp, readMosquittoLine, readStamp } from './mosquitto-lines.ts';
import { PlausibleTimes, type TimedLine } from './mosquitto-times.ts';

/** Lines that every Mosquitto log has, after the stamp. */
const USUAL =
  /^(?:mosquitto version \S+ |New (?:connection|client|bridge) |Client \S|Config loaded from |Opening ip|No will message |Sending (?:CONNACK|PINGRESP|PUBLISH|SUBACK) |Received (?:PINGREQ|DISCONNECT|PUBLISH|SUBSCRIBE) |Socket error |OpenSSL Error)/;
const LINES_LOOKED_AT = 200;

export const mosquitto: TextFormat = {
  id: 'mosquitto',
  title: 'Mosquitto log, default or ISO stamps',
  broker: 'mosquitto',
  unzoned: hasZonelessStamp,
  lacks: { certificateId: 'Mosquitto logs no certificate, at most its common name' },
  recognises: (beginning) => {
    const lines = beginning.split('\n', LINES_LOOKED_AT).filter((line) => line.trim() !== '');
    const usual = lines.filter((line) => USUAL.test(readStamp(line)?.body ?? ''));
    return usual.length === 0 ? 0 : 0.6 + (0.4 * usual.length) / lines.length;
  },
  open: (options, sink) => new MosquittoReader(options, sink),
};

class MosquittoReader implements FormatReader {
  readonly #sink: EvidenceSink;
  readonly #zoneMinutes: number;
  readonly #times: PlausibleTimes;
  #log: MosquittoLog | undefined;
  #unread = 0;

  constructor({ zoneMinutes = 0 }: FormatOptions, sink: EvidenceSink) {
    this.#sink = sink;
    this.#zoneMinutes = zoneMinutes;
    this.#times = new PlausibleTimes({
      believed: ({ text }) => this.#believed(text),
      absurd: (line, message) => this.#absurd(line, message),
    });
  }

  read(text: string): void {
    const stamp = readStamp(text, this.#zoneMinutes);
    if (stamp !== undefined) this.#times.line({ text, at: stamp.sourceAt });
    else if (this.#log !== undefined) this.#believed(text);
    // Before the configuration is read, Mosquitto writes without the stamp that it will use.
    else if (text !== '') this.#sink.unread('no time before the line');
  }

  end(): void {
    this.#times.end();
  }

  #believed(text: string): void {
    this.#log ??= this.#openLog(text);
    const log = this.#log;
    for (const event of log.line(text)) this.#sink.event(event);
    if (log.unreadLines === this.#unread) return;
    this.#unread = log.unreadLines;
    this.#sink.unread('not understood without doubt');
  }

  /**
   * A broker whose clock is not set yet has started all the same: what was open has ended, and to
   * go on as if it had not would make takeovers of the connects that follow.
   */
  #absurd({ text }: TimedLine, message: string): void {
    this.#sink.unread(message);
    const stamp = readStamp(text, this.#zoneMinutes);
    const at = this.#times.lastAt;
    if (stamp === undefined || at === undefined || this.#log === undefined) return;
    if (readMosquittoLine(stamp.body)?.kind !== 'started') return;
    const tag = stamp.tag === undefined ? '' : ` ${stamp.tag}`;
    this.#believed(`${new Date(at).toISOString()}${tag}: ${stamp.body}`);
  }

  /** Once a line carries the tag that doppelfleet gives its own brokers, the others must, too. */
  #openLog(text: string): MosquittoLog {
    const tag = readStamp(text)?.tag;
    const zoneMinutes = this.#zoneMinutes;
    return new MosquittoLog(
      tag === undefined ? { username: 'username', zoneMinutes } : { tag, zoneMinutes },
    );
  }
}
