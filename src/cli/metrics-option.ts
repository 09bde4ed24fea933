/** The options that make metrics of runs: served to Prometheus, sent to an OTLP receiver. */
import type { Argv } from 'yargs';
import {
  EXIT,
  METRICS_PORT,
  type MetricsOptions,
  OTLP_URL,
  otlpEndpoint,
  type Problem,
  parseMetricsAddress,
  parseOtlpEndpoint,
  UserError,
} from '../index.ts';
import type { CliEnvironment } from './environment.ts';

export function metricsOptions<T>(parser: Argv<T>) {
  return parser
    .option('metrics', {
      type: 'string',
      describe:
        `Serve metrics to Prometheus on [host]:port, :${METRICS_PORT} by default; only this ` +
        'machine reaches them unless a host is named',
    })
    .option('otlp', {
      type: 'string',
      describe:
        'Send metrics to this OpenTelemetry receiver, by OTLP over HTTP; by default to that of ' +
        `OTEL_EXPORTER_OTLP_ENDPOINT or ${OTLP_URL}`,
    });
}

export interface MetricsArguments {
  readonly metrics?: string | undefined;
  readonly otlp?: string | undefined;
}

/** Undefined without both options. Throws a `UserError` (64) with everything that is wrong. */
export function metricsFrom(
  args: MetricsArguments,
  env: CliEnvironment['env'],
): Pick<MetricsOptions, 'prometheus' | 'otlp' | 'env'> | undefined {
  const { metrics, otlp } = args;
  if (metrics === undefined && otlp === undefined) return undefined;
  const problems: Problem[] = [];
  const prometheus = collected(problems, metrics, parseMetricsAddress);
  const url = collected(problems, otlp, (text) => parseOtlpEndpoint(otlpEndpoint(text, env)));
  if (problems.length > 0) throw new UserError(EXIT.usage, problems);
  return {
    env,
    ...(prometheus === undefined ? {} : { prometheus }),
    ...(url === undefined ? {} : { otlp: url }),
  };
}

/** What the text means, if there is one; its problems join the others. */
function collected<Value>(
  problems: Problem[],
  text: string | undefined,
  parse: (text: string) => Value,
): Value | undefined {
  try {
    return text === undefined ? undefined : parse(text);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}
