/** The first and last line of a history: what a header and a trailer must hold. Pure. */

import { MQTT_STRING_LENGTH_MAX } from '../core/limits.ts';
import type { HistoryHeader, HistoryTrailer } from './event.ts';
import { isTimestamp } from './validate-event.ts';

type Fields = Readonly<Record<string, unknown>>;

const OUTCOMES: ReadonlySet<unknown> = new Set(['completed', 'interrupted', 'failed']);

/** Names of a header's fields that are missing or of the wrong type; none if it can be used. */
export function headerProblems(value: object): readonly string[] {
  const fields = value as Fields;
  const problems: string[] = [];
  for (const name of ['toolVersion', 'runId', 'scenario', 'scenarioDigest']) {
    if (!isText(fields[name])) problems.push(`${name} must be text`);
  }
  if (typeof fields.seed !== 'number') problems.push('seed must be a number');
  if (!isTimestamp(fields.startedAt)) problems.push('startedAt must be whole epoch milliseconds');
  const source = fields.source;
  if (typeof source !== 'object' || source === null) return [...problems, 'source is missing'];
  const { broker, brokerVersion, vantages, lacks } = source as Fields;
  if (!isText(broker)) problems.push('source.broker must be text');
  if (brokerVersion !== undefined && !isText(brokerVersion)) {
    problems.push('source.brokerVersion must be text');
  }
  if (!Array.isArray(vantages) || vantages.some((one) => one !== 'broker' && one !== 'device')) {
    problems.push('source.vantages must be a list of broker and device');
  }
  if (lacks !== undefined && (!Array.isArray(lacks) || !lacks.every(isText))) {
    problems.push('source.lacks must be a list of field names');
  }
  return problems;
}

/** Narrow a checked header: only after {@link headerProblems} found none. */
export function isHeader(value: object): value is HistoryHeader {
  return headerProblems(value).length === 0;
}

export function isTrailer(value: object): value is HistoryTrailer {
  const { events, endedAt, outcome } = value as Fields;
  return Number.isSafeInteger(events) && isTimestamp(endedAt) && OUTCOMES.has(outcome);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MQTT_STRING_LENGTH_MAX;
}
