/**
 * An evidence format: how one kind of broker or service reports connections. A format is pure: text
 * in, observed events out. What a source can't say is stated once, so that a check which needs it
 * answers inconclusive and names the field.
 */
import type { ObservedEvent } from '../event.ts';

export const FORMAT_IDS = [
  'doppelfleet',
  'aws-lifecycle',
  'aws-cloudwatch',
  'mosquitto',
  'emqx',
  'hivemq',
  'azure-event-grid',
  'rabbitmq',
  'nats',
  'csv',
  'ndjson',
] as const;
export type FormatId = (typeof FORMAT_IDS)[number];

/** What is known of a source beyond its text. */
export interface FormatOptions {
  /** Minutes east of UTC of stamps that name no zone; UTC by default. */
  readonly zoneMinutes?: number;
  /** Field of the event → column or key of the source, for formats without fixed names. */
  readonly columns?: Readonly<Record<string, string>>;
}

/** Takes what a reader makes of its text. */
export interface EvidenceSink {
  event(event: ObservedEvent): void;
  /** The text handed over last (or an earlier one, as the message says) could not be used. */
  unread(message: string): void;
}

/** Reads one source from its beginning; keeps what it must between lines. */
export interface FormatReader {
  /** A line without its end or, for JSON documents, one record of it. */
  read(text: string): void;
  /** Nothing follows: hands over what only the end of the source decides. */
  end(): void;
}

interface FormatDescription {
  readonly id: FormatId;
  readonly title: string;
  /** Which broker or service it comes from, as `HistorySource.broker` names it. */
  readonly broker: string;
  /** Fields of an event that this source can't give, and why: shown when a check needs one. */
  readonly lacks: Readonly<Partial<Record<keyof ObservedEvent, string>>>;
  /** What it never tells, whatever happens: said with every audit of it. */
  readonly unseen?: string;
  /** How sure the first lines (at most 64 KiB) make it, from 0 to 1. */
  recognises(beginning: string, options: FormatOptions): number;
}

/** Somebody else's evidence: text that a reader turns into events. */
export interface TextFormat extends FormatDescription {
  /**
   * What JSON documents hold their records in: `{"events": […]}` for `events`. A list at the top
   * needs no name. Undefined for formats that are never JSON.
   */
  readonly container?: string;
  /**
   * Session IDs are the same wherever they are read, so that many files are one recording, in
   * whatever order they come and even if they overlap.
   */
  joins?(beginning: string): boolean;
  /** Its times name no zone: the machine's is meant, which the text doesn't tell. */
  unzoned?(beginning: string): boolean;
  /** Why a beginning can't be read with these options, where more than single lines are wrong. */
  refuses?(beginning: string, options: FormatOptions): string | undefined;
  open(options: FormatOptions, sink: EvidenceSink): FormatReader;
}

/** Our own history: it has a header of its own and a reader of its own. */
export interface OwnFormat extends FormatDescription {
  readonly id: 'doppelfleet';
}

export type EvidenceFormat = OwnFormat | TextFormat;

export function isTextFormat(format: EvidenceFormat): format is TextFormat {
  return format.id !== 'doppelfleet';
}
