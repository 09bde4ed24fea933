/**
 * What stands for the placeholders of a Mosquitto configuration, and the configuration that is used
 * when none is under test: mutual TLS with everything allowed to whoever has a certificate.
 */
import type { BrokerConfiguration } from '../configuration.ts';
import type { PlaceholderValues } from '../render-configuration.ts';

/** Names of the broker's files; relative, as Mosquitto is started in their folder. */
export const FILES = {
  log: 'broker.log',
  /** The configuration's own files, so that their names can't be those of others. */
  folder: 'configuration',
  deviceCa: 'device-ca.pem',
  deviceAndOtherCa: 'device-and-other-ca.pem',
  certificate: 'broker.pem',
  privateKey: 'broker-key.pem',
  crl: 'revocation-list.pem',
} as const;

/** The configuration of a run that brings none; it checks a revocation list if there is one. */
export function ownConfiguration(hasCrl: boolean): BrokerConfiguration {
  const main = 'mosquitto.conf';
  const lines = [
    '{{harness}}',
    'listener {{port}} 127.0.0.1',
    'cafile {{deviceCa}}',
    'certfile {{serverCertificate}}',
    'keyfile {{serverKey}}',
    'require_certificate true',
    'use_identity_as_username true',
    'allow_anonymous false',
    ...(hasCrl ? ['crlfile {{crl}}'] : []),
    '',
  ];
  const files = new Map([[main, lines.join('\n')]]);
  return { name: 'mosquitto/own', broker: 'mosquitto', path: main, main, files };
}

/**
 * Paths are relative to the work folder, so that no path of ours has to be written safely. Users are
 * not here: they depend on the file that they stand in. `tag` (hex) stands in the stamp of every line of the log: only the broker knows it, so text that
 * a device gets into the log can't pass for a line.
 */
export function placeholderValues(options: {
  readonly port: number;
  readonly tag: string;
  readonly hasCrl: boolean;
  readonly hasOtherCa: boolean;
}): PlaceholderValues {
  const { port, tag, hasCrl, hasOtherCa } = options;
  return {
    port: String(port),
    deviceCa: FILES.deviceCa,
    ...(hasOtherCa ? { deviceAndOtherCa: FILES.deviceAndOtherCa } : {}),
    serverCertificate: FILES.certificate,
    serverKey: FILES.privateKey,
    ...(hasCrl ? { crl: FILES.crl } : {}),
    folder: '.',
    harness: harness(tag).join('\n'),
  };
}

/** The log as evidence, without what is no evidence; and no 40 ms a connect. */
function harness(tag: string): readonly string[] {
  return [
    'log_dest stderr',
    ...['error', 'warning', 'notice', 'information'].map((type) => `log_type ${type}`),
    'connection_messages true',
    'log_timestamp true',
    `log_timestamp_format %Y-%m-%dT%H:%M:%S%z ${tag}`,
    'sys_interval 0',
    // Without it, Nagle's algorithm and the delayed ACK cost 40 ms a connect.
    'set_tcp_nodelay true',
  ];
}
