/**
 * Takes in a run's truth and its history, event by event, and keeps them as columns of both
 * vantages. Pure but for its own state.
 */
import type { ConnectionEvent } from '../history/event.ts';
import { NameTable } from './growing-column.ts';
import { type RunTables, SideRows } from './side-rows.ts';

/** A line of a run's truth: which device stood behind a session of the devices' vantage. */
export interface TruthLine {
  readonly at: number;
  readonly device: string;
  readonly kind: 'connecting' | 'abandoned';
  readonly sessionId: string;
}

interface Opening {
  readonly device: number;
  readonly at: number;
}

/** Numbers beyond this are a hostile file's; they are not looked for twice. */
const EVENT_NUMBER_MAX = 2 ** 28;

export class RunCollector {
  readonly tables: RunTables = {
    clients: new NameTable(),
    certificates: new NameTable(),
    devices: new NameTable(),
    addresses: new NameTable(),
  };
  readonly broker = new SideRows(this.tables);
  readonly device = new SideRows(this.tables);
  readonly #openings = new Map<string, Opening>();
  #seen = new Uint8Array(1 << 16);
  events = 0;

  /** All truth comes before the first event. */
  truth({ kind, device, sessionId, at }: TruthLine): void {
    if (kind !== 'connecting') return;
    this.#openings.set(sessionId, { device: this.tables.devices.place(device), at });
  }

  event(event: ConnectionEvent): void {
    if (this.#isRepeated(event.event)) return;
    this.events += 1;
    const side = event.vantage === 'broker' ? this.broker : this.device;
    const row = side.take(event);
    if (row === undefined || event.vantage === 'broker') return;
    const opening = this.#openings.get(event.sessionId);
    if (opening === undefined) return;
    this.#openings.delete(event.sessionId);
    side.device.set(row, opening.device);
    if (event.kind === 'connected') side.latency.set(row, Math.max(0, event.at - opening.at));
  }

  /** Pieces of a history that were put together may hold an event twice. */
  #isRepeated(number: number): boolean {
    if (number >= EVENT_NUMBER_MAX) return false;
    const place = number >> 3;
    if (place >= this.#seen.length) {
      const grown = new Uint8Array(Math.max(place + 1, this.#seen.length * 2));
      grown.set(this.#seen);
      this.#seen = grown;
    }
    const bit = 1 << (number & 7);
    const byte = this.#seen[place] ?? 0;
    this.#seen[place] = byte | bit;
    return (byte & bit) !== 0;
  }
}
