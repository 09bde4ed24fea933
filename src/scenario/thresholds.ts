/**
 * Thresholds over the statistics of a run: `takeovers.count >= 5`, `connects.latency.p99 < 50ms`.
 * The grammar and the catalogue of metrics; the verdict evaluates them.
 */
import { nearest, printable } from '../core/text.ts';
import { parseDurationMs } from '../core/time.ts';

type Unit = 'count' | 'ms' | 'per-second' | 'per-minute' | 'ratio';

const LATENCIES = ['min', 'mean', 'p50', 'p90', 'p99', 'max'] as const;

function distribution(name: string, what: string): Record<string, MetricInfo> {
  return Object.fromEntries(
    LATENCIES.map((part) => [`${name}.${part}`, { unit: 'ms' as const, what: `${what}, ${part}` }]),
  );
}

interface MetricInfo {
  readonly unit: Unit;
  readonly what: string;
}

/** Every metric a threshold may name. */
export const METRICS: Readonly<Record<string, MetricInfo>> = {
  'connects.attempted': { unit: 'count', what: 'CONNECTs that devices set out to make' },
  'connects.accepted': { unit: 'count', what: 'CONNECTs answered by CONNACK 0' },
  'connects.failed': { unit: 'count', what: 'CONNECTs refused or lost before CONNACK' },
  'connects.throttled': { unit: 'count', what: 'CONNECTs held back by limits.connectsPerClientId' },
  'connects.rate': { unit: 'per-second', what: 'accepted CONNECTs per second of the duration' },
  ...distribution('connects.latency', 'time from the start of a connect to CONNACK'),
  ...distribution('connects.lateness', 'delay of our own connects against the plan'),
  ...distribution('connects.response', 'time from the planned instant of a connect to CONNACK'),
  'takeovers.count': {
    unit: 'count',
    what: 'sessions ended by another CONNECT with their client ID',
  },
  'takeovers.rate': { unit: 'per-second', what: 'takeovers per second of the duration' },
  'takeovers.perMinute': { unit: 'per-minute', what: 'takeovers per minute of the duration' },
  'sessions.count': { unit: 'count', what: 'sessions in the history' },
  'sessions.concurrent': { unit: 'count', what: 'most devices connected at one time' },
  'sessions.resumed': { unit: 'count', what: 'connects that were given their kept session' },
  'sessions.lost': { unit: 'count', what: 'connects that asked for a kept session in vain' },
  'sessions.leftBehind': {
    unit: 'count',
    what: 'client IDs whose kept session their device has left for another client ID',
  },
  'devices.availability': {
    unit: 'ratio',
    what: 'time connected of the time devices wanted to be, 0 to 1',
  },
  'devices.availabilityMin': { unit: 'ratio', what: 'the same of the worst device' },
  'banCounter.clientIds': { unit: 'count', what: 'client IDs that a flapping ban would count out' },
  'banCounter.hidden': {
    unit: 'count',
    what: 'devices that connect as often, under so many client IDs that no ban sees it',
  },
  'devices.connected': { unit: 'count', what: 'devices that connected at least once' },
  'messages.published': { unit: 'count', what: 'PUBLISH packets sent by devices' },
  'messages.acknowledged': { unit: 'count', what: 'QoS 1 publishes answered by PUBACK' },
  'messages.received': { unit: 'count', what: 'PUBLISH packets received by subscribed devices' },
  ...distribution('messages.lateness', 'delay of our own publishes against the plan'),
  ...distribution(
    'messages.acknowledge',
    'time from the planned instant of a QoS 1 publish to PUBACK',
  ),
  ...distribution('messages.latency', 'time from the planned instant of a publish to its receipt'),
  'messages.notSent': { unit: 'count', what: 'publishes that their connection did not take' },
  'messages.unacknowledged': { unit: 'count', what: 'QoS 1 publishes without PUBACK' },
  'messages.lost': { unit: 'count', what: 'deliveries that subscribed devices were due in vain' },
  'messages.duplicated': { unit: 'count', what: 'deliveries that came more than once' },
  'settle.quietAfter': { unit: 'ms', what: 'time from the end of the faults to the last change' },
};

const OPERATORS = ['<=', '>=', '==', '!=', '<', '>'] as const;
export type Operator = (typeof OPERATORS)[number];

export interface Threshold {
  readonly text: string;
  readonly metric: string;
  readonly operator: Operator;
  /** In the metric's unit: a count, milliseconds, events per second. */
  readonly limit: number;
}

const PATTERN = /^\s*([A-Za-z][\w.]*)\s*(<=|>=|==|!=|<|>)\s*(\d+(?:\.\d+)?)\s*([A-Za-z/]*)\s*$/;

/** A threshold, or what is wrong with the text and what to write. */
export function parseThreshold(
  text: string,
): Threshold | { readonly problem: string; readonly hint: string } {
  const match = PATTERN.exec(text);
  if (!match) {
    return {
      problem: `"${printable(text, 80)}" is not a threshold`,
      hint: 'write <metric> <operator> <number>, such as "takeovers.count >= 5"',
    };
  }
  const [, metric = '', operator = '', digits = '', unit = ''] = match;
  const info = Object.hasOwn(METRICS, metric) ? METRICS[metric] : undefined;
  if (!info) {
    const near = nearest(metric, Object.keys(METRICS));
    return {
      problem: `unknown metric "${printable(metric, 60)}"`,
      hint: near ? `did you mean ${near}?` : `known are ${Object.keys(METRICS).join(', ')}`,
    };
  }
  const limit = inUnit(digits, unit, info.unit);
  if (limit === undefined) {
    return { problem: `${metric} is ${UNIT_NAME[info.unit]}`, hint: UNIT_HINT[info.unit] };
  }
  return { text, metric, operator: operator as Operator, limit };
}

const UNIT_NAME: Readonly<Record<Unit, string>> = {
  count: 'a count',
  ratio: 'a ratio',
  ms: 'a time',
  'per-second': 'a rate',
  'per-minute': 'a rate',
};

const UNIT_HINT: Readonly<Record<Unit, string>> = {
  count: 'write a plain number',
  ratio: 'write a plain number',
  ms: 'write it with its unit, such as 50ms or 2s',
  'per-second': 'write a number per second, such as 5/s',
  'per-minute': 'write a number per minute, such as 5/m',
};

function inUnit(digits: string, unit: string, expected: Unit): number | undefined {
  if (expected === 'ms') return parseDurationMs(digits + unit);
  if (expected === 'per-second') return unit === '' || unit === '/s' ? Number(digits) : undefined;
  if (expected === 'per-minute') return unit === '' || unit === '/m' ? Number(digits) : undefined;
  return unit === '' ? Number(digits) : undefined;
}
