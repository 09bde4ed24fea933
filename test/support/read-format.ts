/** Reads text in a format as importing does, and says what it came to in short. */
import type { ObservedEvent } from '../../src/history/event.ts';
import type { FormatId, FormatOptions } from '../../src/history/formats/format.ts';
import { type EvidenceFormat, isTextFormat } from '../../src/history/formats/format.ts';
import { FORMATS } from '../../src/history/formats/registry.ts';
import { isJsonDocument, JsonRecords } from '../../src/history/inputs/json-records.ts';
import { eventProblem } from '../../src/history/validate-event.ts';

export interface FormatReading {
  readonly events: readonly ObservedEvent[];
  readonly unread: readonly string[];
}

export function readFormat(id: FormatId, text: string, options: FormatOptions = {}): FormatReading {
  const format: EvidenceFormat = FORMATS[id];
  if (!isTextFormat(format)) throw new Error(`${id} has a reader of its own`);
  const events: ObservedEvent[] = [];
  const unread: string[] = [];
  const reader = format.open(options, {
    event: (event) => {
      const problem = eventProblem(event);
      if (problem === undefined) events.push(event);
      else unread.push(problem);
    },
    unread: (message) => unread.push(message),
  });
  if (format.container !== undefined && isJsonDocument(text, format.container)) {
    const records = new JsonRecords(format.container, {
      record: (record) => reader.read(record),
      unread: (message) => unread.push(message),
    });
    records.push(text);
    records.end();
  } else for (const line of text.split('\n')) if (line !== '') reader.read(line);
  reader.end();
  return { events, unread };
}

export interface ReadSession {
  readonly clientId: string;
  readonly ip: string | undefined;
  readonly port: number | undefined;
  readonly connectedAt: number | undefined;
  readonly closedAt: number | undefined;
  readonly reason: string | undefined;
}

/** Events by session, in the order of their connects; refused connects are none. */
export function sessionsOf(events: readonly ObservedEvent[]): readonly ReadSession[] {
  const sessions = new Map<string, ReadSession>();
  for (const { kind, sessionId, clientId, ip, port, at, reason } of events) {
    if (kind === 'connect-failed') continue;
    const known = sessions.get(sessionId);
    sessions.set(sessionId, {
      clientId: known?.clientId ?? clientId,
      ip: known?.ip ?? ip,
      port: known?.port ?? port,
      connectedAt: kind === 'connected' ? at : known?.connectedAt,
      closedAt: kind === 'closed' ? at : known?.closedAt,
      reason: kind === 'closed' ? (reason ?? 'unknown') : known?.reason,
    });
  }
  return [...sessions.values()].sort(
    (a, b) =>
      (a.connectedAt ?? 0) - (b.connectedAt ?? 0) ||
      (a.clientId < b.clientId ? -1 : 1) ||
      (a.closedAt ?? 0) - (b.closedAt ?? 0),
  );
}
