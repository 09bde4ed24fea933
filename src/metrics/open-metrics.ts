/** The metrics of the runs of one command: what watches the runs, and where their figures go. */

import type { MetricsAddress } from './metrics-address.ts';
import { type OtlpExport, openOtlpExport } from './otlp-export.ts';
import { openPrometheusEndpoint, type PrometheusEndpoint } from './prometheus-endpoint.ts';
import { type MetricsObserver, RunBoard } from './run-board.ts';
import { loadSdk } from './sdk.ts';

export interface MetricsOptions {
  /** Of this program. */
  readonly version: string;
  /** Where Prometheus finds them; absent for nowhere. */
  readonly prometheus?: MetricsAddress;
  /** Where they are sent over OTLP, with the path; absent for nowhere. */
  readonly otlp?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What the user should know and what does not stop a run. */
  readonly warn: (message: string) => void;
}

export interface OpenMetrics {
  /** To be told of one run after another. */
  readonly observer: MetricsObserver;
  /** Of the endpoint for Prometheus. */
  readonly url?: string;
  /** Sends the last, in bounded time, and closes everything. */
  end(): Promise<void>;
}

/** Throws a `UserError` when the endpoint can't be served (69) or sent to (64). */
export async function openMetrics(options: MetricsOptions): Promise<OpenMetrics> {
  const { version, env, warn } = options;
  const now = Date.now;
  const board = new RunBoard({ version, now });
  const common = { sdk: await loadSdk(version), board, version, now };
  const otlp: OtlpExport | undefined =
    options.otlp === undefined
      ? undefined
      : await openOtlpExport({ ...common, url: options.otlp, env, warn });
  let endpoint: PrometheusEndpoint | undefined;
  try {
    if (options.prometheus !== undefined) {
      endpoint = await openPrometheusEndpoint(options.prometheus, common);
    }
  } catch (error) {
    await otlp?.end();
    throw error;
  }
  return {
    observer: {
      planned: () => board.planned(),
      figures: (figures) => board.figures(figures),
      async audited() {
        board.audited();
        await otlp?.flush();
      },
    },
    ...(endpoint === undefined ? {} : { url: endpoint.url }),
    async end() {
      await Promise.all([otlp?.end(), endpoint?.close()]);
    },
  };
}
