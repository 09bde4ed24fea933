/** Where metrics go, as people write it. */
import { describe, expect, it } from 'vitest';
import {
  otlpEndpoint,
  parseMetricsAddress,
  parseOtlpEndpoint,
  shownAddress,
} from '../../src/metrics/metrics-address.ts';

describe('an address to serve on', () => {
  it.each([
    ['', '127.0.0.1', 9464],
    [':9000', '127.0.0.1', 9000],
    ['9000', '127.0.0.1', 9000],
    [':0', '127.0.0.1', 0],
    ['0.0.0.0:9464', '0.0.0.0', 9464],
    ['10.0.0.7', '10.0.0.7', 9464],
    ['[::1]:9000', '::1', 9000],
    ['[::]', '::', 9464],
    ['localhost:65535', 'localhost', 65_535],
    ['build-7.example', 'build-7.example', 9464],
  ])('%j is %s, port %i', (text, host, port) => {
    expect(parseMetricsAddress(text)).toEqual({ host, port });
  });

  it.each([
    ':',
    ':65536',
    ':-1',
    '::1',
    '::1:9464',
    '[::1',
    '[build-7]:1',
    '1.2.3:80',
    '300.1.1.1',
    'http://127.0.0.1:9464',
    'two hosts',
    'host:port',
    '-x:1',
    '127.0.0.1:9464/metrics',
  ])('%j is none, and the message shows how to write one', (text) => {
    expect(() => parseMetricsAddress(text)).toThrow(
      '--metrics is not an address to serve on — write it as :9464, 0.0.0.0:9464 or [::1]:9464',
    );
  });

  it('is shown as it is written in a URL', () => {
    expect(shownAddress({ host: '::1', port: 9464 })).toBe('[::1]:9464');
    expect(shownAddress({ host: '127.0.0.1', port: 9464 })).toBe('127.0.0.1:9464');
  });
});

describe('an address to send to', () => {
  const both = {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example/base/',
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'https://metrics.example/push',
  };
  const { OTEL_EXPORTER_OTLP_ENDPOINT } = both;

  it.each([
    ['the command line', 'http://[::1]:4318', both, 'http://[::1]:4318/v1/metrics'],
    ['a whole path', 'http://a/api/v1/metrics', {}, 'http://a/api/v1/metrics'],
    ['the variable of metrics, as it is', '', both, 'https://metrics.example/push'],
    [
      'the variable of all signals',
      '',
      { OTEL_EXPORTER_OTLP_ENDPOINT },
      'https://collector.example/base/v1/metrics',
    ],
    [
      'an empty variable for an absent one',
      '',
      { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: ' ' },
      'http://127.0.0.1:4318/v1/metrics',
    ],
    ['this machine in the end', '', {}, 'http://127.0.0.1:4318/v1/metrics'],
  ])('is that of %s', (_, given, env, url) => {
    expect(parseOtlpEndpoint(otlpEndpoint(given, env))).toBe(url);
  });

  it.each(['collector:4318', '127.0.0.1', 'grpc://collector:4317', 'http://a/#part', 'x y'])(
    '%j is none, and the message says what said it',
    (text) => {
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: text };
      expect(() => parseOtlpEndpoint(otlpEndpoint('', env))).toThrow(
        'OTEL_EXPORTER_OTLP_ENDPOINT is not the address of an OTLP receiver',
      );
    },
  );

  it('holds no password, and the message does not repeat it', () => {
    const parse = () => parseOtlpEndpoint(otlpEndpoint('http://me:s3cret@collector', {}));
    expect(parse).toThrow('--otlp must not hold a user name or password');
    expect(parse).not.toThrow('s3cret');
  });
});
