/**
 * Sends the metrics to an OTLP receiver over HTTP: every few seconds, at the end of each run, and at
 * the end. A receiver that is missing, refuses or hangs costs a warning and a bounded wait, never a
 * run.
 */
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import { metricProducer, type ProducerOptions } from './metric-producer.ts';
import { otlpAgents } from './otlp-agents.ts';

/** Between two exports. */
const EVERY_MS = 5000;
/** One export, with what is tried again of it. A flush waits for two: one under way, and its own. */
const EXPORT_MS_MAX = 2000;

/** `ExportResultCode.SUCCESS` of OpenTelemetry's core. */
const SUCCESS = 0;

export interface OtlpExportOptions extends Omit<ProducerOptions, 'names'> {
  /** With its path; see `parseOtlpEndpoint`. */
  readonly url: string;
  /** Where certificates for TLS may be named, as OpenTelemetry's specification has it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Called once at most. */
  readonly warn: (message: string) => void;
}

export interface OtlpExport {
  /** Sends what is known now; does not wait for it as long as nothing arrives. */
  flush(): Promise<void>;
  /** Sends the last and closes every socket. */
  end(): Promise<void>;
}

/** Throws a `UserError` (64) for certificates that can't be read. */
export async function openOtlpExport(options: OtlpExportOptions): Promise<OtlpExport> {
  const { url, env, warn, sdk } = options;
  const agents = await otlpAgents({ env, idleMsMax: EXPORT_MS_MAX });
  const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-http');
  const { AggregationTemporality, MeterProvider, PeriodicExportingMetricReader } = sdk.metrics;
  let isReached = true;
  let hasWarned = false;
  const onResult = (failure: string | undefined): void => {
    isReached = failure === undefined;
    if (failure === undefined || hasWarned) return;
    hasWarned = true;
    warn(`metrics do not reach ${new URL(url).origin}: ${failure}; no run is affected`);
  };
  const exporter = new OTLPMetricExporter({
    url,
    timeoutMillis: EXPORT_MS_MAX,
    temporalityPreference: AggregationTemporality.CUMULATIVE,
    httpAgentOptions: agents.agentFor,
  });
  const reader = new PeriodicExportingMetricReader({
    exporter: patient(exporter, onResult),
    exportIntervalMillis: EVERY_MS,
    exportTimeoutMillis: EVERY_MS,
    metricProducers: [metricProducer({ ...options, names: 'opentelemetry' })],
  });
  const provider = new MeterProvider({ resource: sdk.resource, readers: [reader] });
  const told = (error: unknown): void => onResult(sentence(error));
  return {
    async flush() {
      const sent = provider.forceFlush().catch(told);
      if (isReached) await sent;
    },
    async end() {
      await provider.shutdown().catch(told);
      agents.destroy();
    },
  };
}

/**
 * The exporter with an end to every export, whatever the peer does, and with failures as results
 * that are told here: the SDK would only log them.
 */
function patient(
  exporter: PushMetricExporter,
  onResult: (failure: string | undefined) => void,
): PushMetricExporter {
  return {
    export(metrics, done) {
      let isOver = false;
      const finish = (failure: string | undefined): void => {
        if (isOver) return;
        isOver = true;
        clearTimeout(giveUp);
        onResult(failure);
        done({ code: SUCCESS });
      };
      const giveUp = setTimeout(
        () => finish(`no answer within ${EXPORT_MS_MAX / 1000} s`),
        EXPORT_MS_MAX,
      );
      exporter.export(metrics, ({ code, error }) =>
        finish(code === SUCCESS ? undefined : sentence(error)),
      );
    },
    // The reader has waited for its exports; what hangs beyond them ends with its socket.
    forceFlush: async () => {},
    shutdown: async () => {},
  };
}

function sentence(error: unknown): string {
  if (!(error instanceof Error)) return 'no reason given';
  const { message, code }: NodeJS.ErrnoException & { readonly code?: unknown } = error;
  if (typeof code === 'number') return `status ${code} ${message}`.trim();
  return message === '' ? String(code ?? 'no reason given') : message;
}
