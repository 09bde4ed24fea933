/** Lines of a history as text, each with its line end; keys always in the same order. Pure. */
import { assert } from '../core/assert.ts';
import { RAW_LENGTH_MAX } from '../core/limits.ts';
import type { ConnectionEvent, HistoryHeader, HistoryTrailer, ObservedEvent } from './event.ts';
import { HISTORY_SCHEMA_VERSION } from './event.ts';
import { eventProblem } from './validate-event.ts';
import { headerProblems } from './validate-frame.ts';

type Line<T> = { readonly [Key in keyof T]-?: T[Key] | undefined };

export function encodeHeader(header: HistoryHeader): string {
  const problems = headerProblems(header);
  assert(problems.length === 0, `the header of a history is not valid: ${problems.join(', ')}`);
  const { broker, brokerVersion, vantages, lacks } = header.source;
  const line: Line<HistoryHeader> = {
    doppelfleet: 'history',
    schemaVersion: HISTORY_SCHEMA_VERSION,
    toolVersion: header.toolVersion,
    runId: header.runId,
    scenario: header.scenario,
    scenarioDigest: header.scenarioDigest,
    seed: header.seed,
    startedAt: header.startedAt,
    source: {
      broker,
      ...(brokerVersion === undefined ? {} : { brokerVersion }),
      vantages,
      ...(lacks === undefined ? {} : { lacks }),
    },
  };
  return `${JSON.stringify(line)}\n`;
}

export function encodeEvent(event: ObservedEvent, number: number): string {
  const problem = eventProblem(event);
  assert(problem === undefined, `an event is not valid: ${problem}`);
  const { principal, raw } = event;
  const line: Line<ConnectionEvent> = {
    event: number,
    kind: event.kind,
    vantage: event.vantage,
    at: event.at,
    sourceAt: event.sourceAt,
    sessionId: event.sessionId,
    clientId: event.clientId,
    principal: principal && { kind: principal.kind, value: principal.value },
    certificateId: event.certificateId,
    ip: event.ip,
    port: event.port,
    protocolVersion: event.protocolVersion,
    keepAliveSeconds: event.keepAliveSeconds,
    cleanStart: event.cleanStart,
    reason: event.reason,
    abandonedAt: event.abandonedAt,
    inferred: event.inferred,
    raw: raw === undefined || raw.length <= RAW_LENGTH_MAX ? raw : raw.slice(0, RAW_LENGTH_MAX),
  };
  return `${JSON.stringify(line)}\n`;
}

export function encodeTrailer(trailer: Omit<HistoryTrailer, 'doppelfleet'>): string {
  const { events, endedAt, outcome } = trailer;
  return `${JSON.stringify({ doppelfleet: 'end', events, endedAt, outcome })}\n`;
}
