/**
 * The sockets of the OTLP export, in our hands so that none outlives the run: the exporter's own
 * agent bounds no connection that is never answered and can't be closed. TLS is set up by the same
 * variables that the exporter reads.
 */
import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { EXIT, type Problem, systemCode, UserError } from '../core/errors.ts';

/** The specification's names after `OTEL_EXPORTER_OTLP_` or `OTEL_EXPORTER_OTLP_METRICS_`. */
const FILES = { ca: 'CERTIFICATE', cert: 'CLIENT_CERTIFICATE', key: 'CLIENT_KEY' } as const;

export interface OtlpAgents {
  readonly agentFor: (protocol: string) => HttpAgent;
  /** Closes every socket, whatever it is used for. */
  destroy(): void;
}

interface OtlpAgentsOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A socket that is silent for so long is closed, also while it connects. */
  readonly idleMsMax: number;
}

/** Throws a `UserError` (64) with every file that can't be read. */
export async function otlpAgents({ env, idleMsMax }: OtlpAgentsOptions): Promise<OtlpAgents> {
  const options = { keepAlive: true, timeout: idleMsMax };
  const problems: Problem[] = [];
  const tls: Partial<Record<keyof typeof FILES, Buffer>> = {};
  for (const [key, word] of Object.entries(FILES) as [keyof typeof FILES, string][]) {
    const variable = [`OTEL_EXPORTER_OTLP_METRICS_${word}`, `OTEL_EXPORTER_OTLP_${word}`].find(
      (name) => (env[name] ?? '') !== '',
    );
    if (variable === undefined) continue;
    const file = env[variable] ?? '';
    try {
      tls[key] = await readFile(file);
    } catch (error) {
      const message = `the file of ${variable} can't be read (${systemCode(error) ?? 'no reason'})`;
      problems.push({ message, file });
    }
  }
  if (problems.length > 0) throw new UserError(EXIT.usage, problems);
  const http = new HttpAgent(options);
  const https = new HttpsAgent({ ...options, ...tls });
  return {
    agentFor: (protocol) => (protocol === 'https:' ? https : http),
    destroy() {
      http.destroy();
      https.destroy();
    },
  };
}
