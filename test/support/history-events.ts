/** Tiny literal histories for tests: short calls that make whole events, files that come and go. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type {
  CloseReason,
  ConnectionEvent,
  HistoryHeader,
  HistoryTrailer,
  ObservedEvent,
  Vantage,
} from '../../src/history/event.ts';

/** 2026-01-01T00:00:00Z: tests count their milliseconds from here. */
export const EPOCH = Date.UTC(2026, 0, 1);

export const certificate = (digit: string): string => digit.repeat(64);

type Extra = Partial<Omit<ObservedEvent, 'kind' | 'at' | 'sessionId' | 'clientId'>>;

export function connected(
  sessionId: string,
  clientId: string,
  at: number,
  extra: Extra = {},
): ObservedEvent {
  return { kind: 'connected', vantage: 'broker', at: EPOCH + at, sessionId, clientId, ...extra };
}

export function closed(
  sessionId: string,
  clientId: string,
  at: number,
  reason: CloseReason | undefined,
  extra: Extra = {},
): ObservedEvent {
  const event: ObservedEvent = {
    kind: 'closed',
    vantage: 'broker',
    at: EPOCH + at,
    sessionId,
    clientId,
    ...extra,
  };
  return reason === undefined ? event : { ...event, reason };
}

/** A session on certificate `digit` × 64 from connect to close. */
export function session(
  sessionId: string,
  clientId: string,
  digit: string,
  [from, to]: readonly [number, number],
  reason: CloseReason = 'client-initiated',
  extra: Extra = {},
): ObservedEvent[] {
  const all = { certificateId: certificate(digit), ...extra };
  return [connected(sessionId, clientId, from, all), closed(sessionId, clientId, to, reason, all)];
}

export const numbered = (events: readonly ObservedEvent[]): ConnectionEvent[] =>
  events.map((event, number) => ({ event: number, ...event }));

export function header(
  vantages: readonly Vantage[] = ['broker', 'device'],
  extra: Partial<HistoryHeader> = {},
): HistoryHeader {
  return {
    doppelfleet: 'history',
    schemaVersion: 1,
    toolVersion: '0.0.0-test',
    runId: 'run-1',
    scenario: 'test',
    scenarioDigest: 'd'.repeat(64),
    seed: 1,
    startedAt: EPOCH,
    source: { broker: 'embedded', vantages },
    ...extra,
  };
}

export function trailer(events: number, endedAt = EPOCH + 60_000): HistoryTrailer {
  return { doppelfleet: 'end', events, endedAt, outcome: 'completed' };
}

/** A history as text, whole or without its trailer. */
export function historyText(
  events: readonly ObservedEvent[],
  head: HistoryHeader = header(),
  end: HistoryTrailer | 'truncated' = trailer(events.length),
): string {
  const lines: object[] = [head, ...numbered(events), ...(end === 'truncated' ? [] : [end])];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** A folder that is removed when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'doppelfleet-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A file with `content` that is removed when the test ends. */
export async function temporaryFile(
  content: string | Uint8Array,
  name = 'history.ndjson',
): Promise<string> {
  const file = path.join(await temporaryFolder(), name);
  await writeFile(file, content);
  return file;
}
