/**
 * What a metric is, and its two names. OpenTelemetry's is the one that is written down; that of
 * Prometheus follows from it by the rules with which Prometheus itself translates what it is sent
 * over OTLP, so that one dashboard serves both ways.
 */
import type { RunFigures } from './run-figures.ts';

/** A run as it stands, with what only those who watch know. */
export interface RunLook {
  readonly figures: RunFigures;
  /** Of this program. */
  readonly version: string;
  /** Counts the runs of this process from 1. */
  readonly run: number;
  /** When it began, in ms since 1970. */
  readonly startedAtMs: number;
  /** Its audit is done. */
  readonly ended: boolean;
}

/** Labels of a metric; none of them ever holds a client ID or the name of a device. */
export type LabelName =
  | 'group'
  | 'result'
  | 'phase'
  | 'worker'
  | 'host.name'
  | 'broker'
  | 'version';

export interface Point<Value> {
  readonly labels: Readonly<Partial<Record<LabelName, string>>>;
  readonly value: Value;
}

/** Times in seconds by buckets that include their upper bounds; one count more than bounds. */
export interface HistogramValue {
  readonly boundsSeconds: readonly number[];
  readonly counts: readonly number[];
  readonly count: number;
  readonly sumSeconds: number;
}

/** In UCUM, as OpenTelemetry wants it: seconds, bytes, things, or nothing. */
export type Unit = 's' | 'By' | '' | `{${string}}`;

interface MetricText {
  readonly name: `doppelfleet.${string}`;
  readonly unit: Unit;
  readonly help: string;
  readonly labels: readonly LabelName[];
}

/** A number of a run; an up-down counter can be added up over its labels, a gauge can't. */
export interface NumberMetric extends MetricText {
  readonly kind: 'counter' | 'upDownCounter' | 'gauge';
  read(look: RunLook): readonly Point<number>[];
}

export interface HistogramMetric extends MetricText {
  readonly kind: 'histogram';
  read(look: RunLook): readonly Point<HistogramValue>[];
}

export type Metric = NumberMetric | HistogramMetric;

const UNIT_WORDS: Readonly<Partial<Record<Unit, string>>> = { s: 'seconds', By: 'bytes' };

/** `doppelfleet_connect_duration_seconds`: base unit last, and `_total` for what only counts up. */
export function prometheusName({ name, kind, unit }: Metric): string {
  const words = [name.replaceAll('.', '_'), UNIT_WORDS[unit], kind === 'counter' ? 'total' : ''];
  return words.filter((word) => word !== undefined && word !== '').join('_');
}

/** The label as Prometheus knows it: `host_name`. */
export function prometheusLabel(label: string): string {
  return label.replaceAll('.', '_');
}

/** The only point of a metric without labels. */
export function single(value: number): readonly Point<number>[] {
  return [{ labels: {}, value }];
}

/** In seconds, without the noise that a division leaves in the last digits. */
export function seconds(ms: number): number {
  return Number((ms / 1000).toPrecision(15));
}
