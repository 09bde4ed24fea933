/** Where metrics are served and sent to, as people write it. Pure: nothing is looked up here. */
import { isIPv4, isIPv6 } from 'node:net';
import { EXIT, UserError } from '../core/errors.ts';

/** The port that OpenTelemetry's exporters for Prometheus take by convention. */
export const METRICS_PORT = 9464;
/** Where a collector of OpenTelemetry listens by convention. */
export const OTLP_URL = 'http://127.0.0.1:4318';

const LOOPBACK = '127.0.0.1';
const OTLP_PATH = '/v1/metrics';
const HOST_NAME =
  /^(?=.{1,253}$)[a-z\d]([a-z\d-]{0,62}[a-z\d])?(\.[a-z\d]([a-z\d-]{0,62}[a-z\d])?)*$/i;

export interface MetricsAddress {
  /** IPv6 without brackets. */
  readonly host: string;
  /** 0 means a free one. */
  readonly port: number;
}

/**
 * Reads `:9464`, `9464`, `0.0.0.0:9464`, `[::1]:9464`, a host alone, or nothing; loopback and
 * {@link METRICS_PORT} stand for what is left out. Throws a `UserError` (64).
 */
export function parseMetricsAddress(text: string): MetricsAddress {
  const [, bracketed, plain, digits] =
    /^(?:\[([^\]]*)\]|([^:[\]]*?))(?::?(?<=^|:)(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? (plain === '' ? LOOPBACK : plain);
  const port = digits === undefined ? METRICS_PORT : Number(digits);
  const isHost =
    bracketed === undefined
      ? host !== undefined && (isIPv4(host) || isName(host))
      : isIPv6(bracketed);
  if (host !== undefined && isHost && port <= 65_535) return { host, port };
  throw new UserError(EXIT.usage, {
    message: '--metrics is not an address to serve on',
    hint: `write it as :${METRICS_PORT}, 0.0.0.0:${METRICS_PORT} or [::1]:${METRICS_PORT}`,
  });
}

/** Digits and dots alone are a mistyped address. */
function isName(host: string): boolean {
  return HOST_NAME.test(host) && !/^[\d.]+$/.test(host);
}

/** `127.0.0.1:9464`, `[::1]:9464`. */
export function shownAddress({ host, port }: MetricsAddress): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** What `--otlp` and the environment say; `from` is what a message calls it. */
export interface OtlpEndpoint {
  readonly text: string;
  readonly from: string;
  /** The whole path is given: nothing is added to it. */
  readonly isWhole?: boolean;
}

/**
 * What is given on the command line, else `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT`, else
 * `OTEL_EXPORTER_OTLP_ENDPOINT`, else {@link OTLP_URL}, as OpenTelemetry's specification of
 * exporters ranks them.
 */
export function otlpEndpoint(
  given: string,
  env: Readonly<Record<string, string | undefined>>,
): OtlpEndpoint {
  if (given !== '') return { text: given, from: '--otlp' };
  const whole = 'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT';
  const base = 'OTEL_EXPORTER_OTLP_ENDPOINT';
  const [wholeText = '', baseText = ''] = [env[whole]?.trim(), env[base]?.trim()];
  if (wholeText !== '') return { text: wholeText, from: whole, isWhole: true };
  return baseText === '' ? { text: OTLP_URL, from: '--otlp' } : { text: baseText, from: base };
}

/** The URL that is posted to: a base gets `/v1/metrics`. Throws a `UserError` (64). */
export function parseOtlpEndpoint({ text, from, isWhole = false }: OtlpEndpoint): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.hash !== '') {
    throw new UserError(EXIT.usage, {
      message: `${from} is not the address of an OTLP receiver`,
      hint: `write it as ${OTLP_URL}; it is spoken to over HTTP, not gRPC`,
    });
  }
  if (url.username !== '' || url.password !== '') {
    throw new UserError(EXIT.usage, {
      message: `${from} must not hold a user name or password`,
      hint: 'give them in OTEL_EXPORTER_OTLP_HEADERS',
    });
  }
  const isReady = isWhole || url.pathname.endsWith(OTLP_PATH);
  if (!isReady) url.pathname = `${url.pathname.replace(/\/+$/, '')}${OTLP_PATH}`;
  return url.href;
}
