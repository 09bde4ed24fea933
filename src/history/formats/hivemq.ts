/**
 * HiveMQ's event log. It names no user, no certificate and no port. A client that the broker
 * disconnects has one line or, in older versions, two.
 *
 * A line break in a client ID would let a client write whole lines, which nothing could tell from
 * others. HiveMQ refuses such client IDs unless it is told not to (`validate-utf8`). When a line is
 * cut off all the same, what follows it within the length of a client ID could be its rest, and is
 * counted as unread instead of believed.
 */
import { MQTT_STRING_LENGTH_MAX } from '../../core/limits.ts';
import { given } from './fields.ts';
import type { EvidenceSink, FormatOptions, FormatReader, TextFormat } from './format.ts';
import { type HivemqReading, isAboutClient, readHivemqLine } from './hivemq-lines.ts';
import { SessionPairing, type UnpairedEvent } from './pairing.ts';
import { parseStamp } from './stamps.ts';

/** Logback's `%-24(%d)- `; its zone is that of the machine. */
const STAMP = /^(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[.,]\d{3}(?:Z|[+-]\d\d:?\d\d)?) *- /;
/** The second line of one disconnect follows at once. */
const SECOND_LINE_MS = 1_000;
const LINES_LOOKED_AT = 100;

export const hivemq: TextFormat = {
  id: 'hivemq',
  title: 'HiveMQ event log',
  broker: 'hivemq',
  unzoned: () => true,
  lacks: {
    certificateId: 'the event log of HiveMQ names no certificate',
    principal: 'the event log of HiveMQ names no user',
    port: 'the event log of HiveMQ names no port',
    keepAliveSeconds: 'the event log of HiveMQ names no keep-alive',
  },
  recognises: (beginning) => {
    const lines = beginning.split('\n', LINES_LOOKED_AT).filter((line) => line !== '');
    const usual = lines.filter((line) => {
      const stamp = STAMP.exec(line);
      return stamp !== null && isAboutClient(line.slice(stamp[0].length));
    });
    return usual.length === 0 ? 0 : 0.6 + (0.4 * usual.length) / lines.length;
  },
  open: (options, sink) => new HivemqReader(options, sink),
};

class HivemqReader implements FormatReader {
  readonly #sink: EvidenceSink;
  readonly #zoneMinutes: number;
  readonly #pairing: SessionPairing;
  /** Of clients that the broker has just disconnected: when, and from where. */
  readonly #disconnected = new Map<string, { readonly at: number; readonly ip: string }>();
  /** Whether this version writes a second line for them; undefined until it is seen. */
  #twoLines = false;
  /** Characters that may still belong to a client ID with a line break in it. */
  #doubtful = 0;

  constructor({ zoneMinutes = 0 }: FormatOptions, sink: EvidenceSink) {
    this.#sink = sink;
    this.#zoneMinutes = zoneMinutes;
    this.#pairing = new SessionPairing({ prefix: 'hivemq' }, (event) => sink.event(event));
  }

  read(text: string): void {
    if (this.#doubtful > 0) {
      this.#doubtful -= text.length + 1;
      this.#sink.unread('could be the rest of a client ID with a line break');
      return;
    }
    const stamp = STAMP.exec(text);
    const at = stamp === null ? undefined : parseStamp(stamp[1] ?? '', this.#zoneMinutes);
    if (stamp === null || at === undefined) {
      if (text !== '') this.#sink.unread('no time before it');
      return;
    }
    const body = text.slice(stamp[0].length);
    // Dropped messages, expired sessions, AUTH packets.
    if (!isAboutClient(body) || / session has expired at [\d: -]+\. All persistent /.test(body)) {
      return;
    }
    const readings = readHivemqLine(body);
    if (readings.length === 0) {
      this.#doubtful = MQTT_STRING_LENGTH_MAX;
      this.#sink.unread('cut off, or a client ID with a line break');
      return;
    }
    const reading = this.#choose(readings);
    if (reading === undefined) {
      this.#sink.unread('a client ID or reason makes it readable in several ways');
      return;
    }
    this.#take(reading, at);
  }

  end(): void {
    this.#pairing.end();
  }

  #choose(readings: readonly HivemqReading[]): HivemqReading | undefined {
    if (readings.length === 1) return readings[0];
    const open = readings.filter(({ clientId, ip }) =>
      this.#pairing.hasOpen(clientId, (connect) => connect.ip === ip),
    );
    return open.length === 1 ? open[0] : undefined;
  }

  #take({ kind, clientId, ip, cleanStart, reason }: HivemqReading, at: number): void {
    const event: Omit<UnpairedEvent, 'kind'> = {
      vantage: 'broker',
      at,
      clientId,
      ...given('ip', ip),
    };
    switch (kind) {
      case 'connected': {
        this.#pairing.connected({
          ...event,
          kind: 'connected',
          ...given('cleanStart', cleanStart),
        });
        return;
      }
      case 'graceful': {
        this.#pairing.closed({ ...event, kind: 'closed', reason: 'client-initiated' });
        return;
      }
      case 'lost':
        if (this.#isSecondLine(clientId, ip, at)) return;
        {
          this.#ended({ ...event, kind: 'closed', reason: 'connection-lost' });
          return;
        }
      case 'refused-by-broker':
        this.#disconnected.set(clientId, { at, ip: ip ?? '' });
        {
          this.#ended({ ...event, kind: 'closed', reason: reason ?? 'server-initiated' });
          return;
        }
    }
  }

  /** UNKNOWN: the connection ended before its CONNECT came; unless a client calls itself so. */
  #ended(event: UnpairedEvent): void {
    const open = this.#pairing.hasOpen(event.clientId, ({ ip }) => ip === event.ip);
    const nameless = event.clientId === 'UNKNOWN';
    const refused = event.reason === 'auth-error' || event.reason === 'protocol-error';
    if (open || !(nameless || refused)) {
      this.#pairing.closed(event);
      return;
    }
    const clientId = nameless ? '' : event.clientId;
    this.#pairing.failed({ ...event, kind: 'connect-failed', clientId });
  }

  #isSecondLine(clientId: string, ip: string | undefined, at: number): boolean {
    const first = this.#disconnected.get(clientId);
    if (first === undefined) return false;
    this.#disconnected.delete(clientId);
    if (first.ip !== (ip ?? '') || at - first.at > SECOND_LINE_MS) return false;
    const again = this.#pairing.hasOpen(clientId, (connect) => connect.ip === ip);
    if (!again) this.#twoLines = true;
    return this.#twoLines;
  }
}
