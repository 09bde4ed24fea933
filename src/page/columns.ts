/**
 * The columns in which a page holds its sessions, one row each, ordered by their start. No imports:
 * the browser reads what the page writer packs.
 */

/** How a column is stored: as it is, or as the difference from the row before. */
export const COLUMN_CODES = {
  /** Ticks from the start of the run. */
  start: 'delta',
  /** Ticks; -1 when no end was recorded. */
  length: 'plain',
  /** Places in the tables; -1 when unknown. */
  client: 'plain',
  device: 'plain',
  certificate: 'plain',
  address: 'plain',
  port: 'plain',
  /** Place in {@link REASONS}; -1 when none was recorded. */
  reason: 'plain',
  flags: 'plain',
  /** Milliseconds from the start of the connect to its CONNACK; -1 when unknown. */
  latency: 'plain',
  /** Ticks from the start at which the device gave the connection up silently; -1 when it did not. */
  abandoned: 'plain',
  /** Numbers of history events; -1 when there is none. */
  opened: 'delta',
  closed: 'delta',
} as const;

export type ColumnName = keyof typeof COLUMN_CODES;
export type Columns = Readonly<Record<ColumnName, Int32Array>>;

export const COLUMN_NAMES = Object.keys(COLUMN_CODES) as readonly ColumnName[];

/** Why a session ended, as the history says it. */
export const REASONS = [
  'client-initiated',
  'session-taken-over',
  'keep-alive-timeout',
  'connection-lost',
  'server-initiated',
  'auth-error',
  'protocol-error',
  'throttled',
  'unknown',
] as const;

/** Bits of the column `flags`. */
export const FLAG = {
  /** A connect that was refused or never answered. */
  failed: 1,
  takenOver: 2,
  /** No record says so: another connect with its client ID came at that moment. */
  takeoverInferred: 4,
  /** A finding is about its client ID or certificate. */
  inFinding: 8,
  /** One of its events is a finding's evidence. */
  evidence: 16,
  /** The broker's records lack it. */
  deviceOnly: 32,
  /** Its start is not in the records. */
  startUnknown: 64,
} as const;
