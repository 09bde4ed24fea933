/** The configuration that Mosquitto runs with: mutual TLS only, and a log that can be evidence. */

/** Names of the broker's files; relative, as Mosquitto is started in their folder. */
export const FILES = {
  configuration: 'mosquitto.conf',
  log: 'broker.log',
  deviceCa: 'device-ca.pem',
  certificate: 'broker.pem',
  privateKey: 'broker-key.pem',
} as const;

/**
 * The text of `mosquitto.conf`. `tag` (hex) stands in the stamp of every line of the log: only the
 * broker knows it, so text that a device gets into the log can't pass for a line.
 */
export function mosquittoConfiguration(options: {
  readonly port: number;
  readonly tag: string;
  readonly asRoot: boolean;
}): string {
  return [
    '# Written by doppelfleet for one run.',
    'log_dest stderr',
    ...['error', 'warning', 'notice', 'information'].map((type) => `log_type ${type}`),
    'connection_messages true',
    'log_timestamp true',
    `log_timestamp_format %Y-%m-%dT%H:%M:%S%z ${options.tag}`,
    // Started as root it would drop to a user that can't read this folder.
    ...(options.asRoot ? ['user root'] : []),
    'persistence false',
    'sys_interval 0',
    // 40 ms a connect are lost without it, to Nagle's algorithm and the delayed ACK.
    'set_tcp_nodelay true',
    'max_queued_messages 1000',
    'max_inflight_messages 20',
    '',
    `listener ${options.port} 127.0.0.1`,
    'max_connections -1',
    `cafile ${FILES.deviceCa}`,
    `certfile ${FILES.certificate}`,
    `keyfile ${FILES.privateKey}`,
    'require_certificate true',
    'use_identity_as_username true',
    'allow_anonymous false',
    '',
  ].join('\n');
}
