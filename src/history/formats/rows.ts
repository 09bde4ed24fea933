/** Rows of a table, by field, as events. Pure but for the pairing of rows that are events. */
import type { ObservedEvent } from '../event.ts';
import type { ColumnField, ColumnMapping } from './columns.ts';
import { certificateIdOf, given, portOf, protocolOf, userPrincipal, wholeOf } from './fields.ts';
import type { EvidenceSink, FormatOptions } from './format.ts';
import { SessionPairing, type UnpairedEvent } from './pairing.ts';
import { reasonOf } from './reason-words.ts';
import { parseTime } from './stamps.ts';

/** The value of a field in one row: text of a cell, or a JSON value. */
export type CellOf = (field: ColumnField) => unknown;

export class RowReader {
  readonly #sink: EvidenceSink;
  readonly #zoneMinutes: number;
  readonly #pairing: SessionPairing;

  constructor({ zoneMinutes = 0 }: FormatOptions, prefix: string, sink: EvidenceSink) {
    this.#sink = sink;
    this.#zoneMinutes = zoneMinutes;
    this.#pairing = new SessionPairing({ prefix }, (event) => sink.event(event));
  }

  row({ columns, kinds }: ColumnMapping, cell: CellOf): void {
    const clientId = cell('clientId');
    if (typeof clientId !== 'string' && typeof clientId !== 'number') {
      this.#sink.unread('the client ID is missing');
      return;
    }
    const facts = this.#facts(String(clientId), cell);
    if (columns.connectedAt !== undefined) {
      this.#session(facts, cell);
      return;
    }
    const at = parseTime(cell('at'), this.#zoneMinutes);
    if (at === undefined) {
      this.#sink.unread('the time is none that is known');
      return;
    }
    const kind = kinds.get(String(cell('kind')).trim().toLowerCase());
    const reason = reasonFrom(cell);
    switch (kind) {
      case 'connected': {
        this.#pairing.connected({ ...facts, at, kind });
        return;
      }
      case 'closed': {
        this.#pairing.closed({ ...facts, at, kind, reason: reason ?? 'unknown' });
        return;
      }
      case 'connect-failed': {
        this.#pairing.failed({ ...facts, at, kind, reason: reason ?? 'unknown' });
        return;
      }
      default: {
        this.#sink.unread('what happened (kind) is none of the words that are known');
        return;
      }
    }
  }

  end(): void {
    this.#pairing.end();
  }

  #session(facts: Facts, cell: CellOf): void {
    const connectedAt = parseTime(cell('connectedAt'), this.#zoneMinutes);
    const written = cell('closedAt');
    const open = written === undefined || written === null || written === '';
    const closedAt = open ? undefined : parseTime(written, this.#zoneMinutes);
    if (connectedAt === undefined || (!open && closedAt === undefined)) {
      this.#sink.unread('a time is none that is known');
      return;
    }
    if (closedAt !== undefined && closedAt < connectedAt) {
      this.#sink.unread('the session ends before it begins');
      return;
    }
    this.#pairing.connected({ ...facts, at: connectedAt, kind: 'connected' });
    if (closedAt === undefined) return;
    const reason = reasonFrom(cell) ?? 'unknown';
    this.#pairing.closed({ ...facts, at: closedAt, connectedAt, kind: 'closed', reason });
  }

  #facts(clientId: string, cell: CellOf): Facts {
    const sessionId = cell('sessionId');
    const ip = cell('ip');
    const principal = cell('principal');
    const certificateId = certificateIdOf(cell('certificateId')) ?? certificateIdOf(principal);
    return {
      vantage: 'broker',
      clientId,
      ...given(
        'sessionId',
        sessionId === undefined || sessionId === '' ? undefined : String(sessionId),
      ),
      ...(certificateIdOf(principal) === undefined
        ? userPrincipal(principal)
        : { principal: { kind: 'certificate-id', value: certificateId ?? '' } }),
      ...given('certificateId', certificateId),
      ...given('ip', typeof ip === 'string' && ip !== '' ? ip : undefined),
      ...given('port', portOf(cell('port'))),
      ...given('keepAliveSeconds', wholeOf(cell('keepAliveSeconds'), 65_535)),
      ...given('protocolVersion', protocolOf(cell('protocolVersion'))),
    };
  }
}

type Facts = Omit<UnpairedEvent, 'kind' | 'at'>;

function reasonFrom(cell: CellOf): ObservedEvent['reason'] {
  const word = cell('reason');
  if (typeof word !== 'string' || word === '') return undefined;
  return reasonOf(word);
}
