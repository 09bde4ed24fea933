/**
 * One vantage's connections as columns: connect and close of one session ID paired as they come,
 * in any order. The earliest record counts.
 */
import type { ConnectionEvent } from '../history/event.ts';
import { REASONS } from './columns.ts';
import { GrowingColumn, type NameTable } from './growing-column.ts';

/** Names that both vantages share. */
export interface RunTables {
  readonly clients: NameTable;
  readonly certificates: NameTable;
  readonly devices: NameTable;
  readonly addresses: NameTable;
}

const REASON_PLACES = new Map<string, number>(REASONS.map((reason, place) => [reason, place]));
const NONE = -1;

export class SideRows {
  readonly #tables: RunTables;
  /** Rows that still lack their connect or their close. */
  readonly #half = new Map<string, number>();
  readonly connectedAt = new GrowingColumn();
  readonly closedAt = new GrowingColumn();
  readonly abandonedAt = new GrowingColumn();
  readonly client = new GrowingColumn();
  readonly certificate = new GrowingColumn();
  readonly address = new GrowingColumn();
  readonly port = new GrowingColumn();
  readonly reason = new GrowingColumn();
  readonly opened = new GrowingColumn();
  readonly closed = new GrowingColumn();
  /** 1 for a connect that failed. */
  readonly failed = new GrowingColumn();
  /** Of device rows, by the truth. */
  readonly device = new GrowingColumn();
  readonly latency = new GrowingColumn();

  constructor(tables: RunTables) {
    this.#tables = tables;
  }

  get length(): number {
    return this.client.length;
  }

  /** Takes an event in; gives its row when the row is new. */
  take(event: ConnectionEvent): number | undefined {
    if (event.kind === 'connect-failed') {
      const row = this.#add(event);
      this.failed.set(row, 1);
      this.connectedAt.set(row, event.at);
      this.closedAt.set(row, event.at);
      this.opened.set(row, event.event);
      this.reason.set(row, REASON_PLACES.get(event.reason ?? '') ?? NONE);
      return row;
    }
    const known = this.#half.get(event.sessionId);
    const row = known ?? this.#add(event);
    if (event.kind === 'connected') this.#connect(row, event);
    else this.#close(row, event);
    const isWhole = this.opened.at(row) >= 0 && this.closed.at(row) >= 0;
    if (isWhole) this.#half.delete(event.sessionId);
    else this.#half.set(event.sessionId, row);
    return known === undefined ? row : undefined;
  }

  #connect(row: number, event: ConnectionEvent): void {
    if (this.opened.at(row) >= 0) return;
    this.connectedAt.set(row, event.at);
    this.opened.set(row, event.event);
    // What the connect says is nearer to the truth than what the close repeats.
    this.client.set(row, this.#tables.clients.place(event.clientId));
    this.#fill(row, event);
  }

  #close(row: number, event: ConnectionEvent): void {
    if (this.closed.at(row) >= 0) return;
    this.closedAt.set(row, event.at);
    this.closed.set(row, event.event);
    this.reason.set(row, REASON_PLACES.get(event.reason ?? '') ?? NONE);
    if (event.abandonedAt !== undefined) this.abandonedAt.set(row, event.abandonedAt);
    this.#fill(row, event);
  }

  /** Fields that a later record has and the first one lacked. */
  #fill(row: number, { certificateId, ip, port }: ConnectionEvent): void {
    const { certificates, addresses } = this.#tables;
    if (this.certificate.at(row) === NONE)
      this.certificate.set(row, certificates.place(certificateId));
    if (this.address.at(row) === NONE) this.address.set(row, addresses.place(ip));
    if (this.port.at(row) === NONE && port !== undefined) this.port.set(row, port);
  }

  #add({ clientId, certificateId, ip, port }: ConnectionEvent): number {
    const { clients, certificates, addresses } = this.#tables;
    const row = this.client.length;
    this.client.push(clients.place(clientId));
    this.certificate.push(certificates.place(certificateId));
    this.address.push(addresses.place(ip));
    this.port.push(port ?? NONE);
    this.connectedAt.push(Number.NaN);
    this.closedAt.push(Number.NaN);
    this.abandonedAt.push(Number.NaN);
    for (const column of [this.reason, this.opened, this.closed, this.device, this.latency]) {
      column.push(NONE);
    }
    this.failed.push(0);
    return row;
  }
}
