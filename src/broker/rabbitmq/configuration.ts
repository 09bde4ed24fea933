/**
 * What stands for the placeholders of a RabbitMQ configuration, and the configuration that is used
 * when none is under test: mutual TLS with everything allowed to every certificate that has a user.
 */
import type { BrokerStartOptions } from '../adapter.ts';
import type { BrokerConfiguration } from '../configuration.ts';
import type { PlaceholderValues } from '../render-configuration.ts';
import { fileValues } from '../subject-files.ts';

export const NODE_FILES = {
  home: 'data/home',
  plugins: 'data/enabled_plugins',
  definitions: 'data/definitions.json',
} as const;

const OWN = `{{harness}}
mqtt.listeners.ssl.default = 127.0.0.1:{{port}}
ssl_options.cacertfile = {{deviceCa}}
ssl_options.certfile = {{serverCertificate}}
ssl_options.keyfile = {{serverKey}}
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = true
ssl_cert_login_from = common_name
mqtt.ssl_cert_login = true
mqtt.allow_anonymous = false
load_definitions = {{users}}
`;

/** With a revocation list, as its other syntax can't say it. */
const OWN_CRL = `[{rabbit, [{ssl_options, [
  {cacertfile, "{{deviceCa}}"},
  {certfile, "{{serverCertificate}}"},
  {keyfile, "{{serverKey}}"},
  {verify, verify_peer},
  {fail_if_no_peer_cert, true},
  {crl_check, peer},
  {crl_cache, {ssl_crl_hash_dir, {internal, [{dir, "{{crl}}"}]}}}
]}]}].
`;

/** The configuration of a run that brings none; it checks a revocation list if there is one. */
export function ownConfiguration(hasCrl: boolean): BrokerConfiguration {
  const main = 'rabbitmq.conf';
  const files = new Map([[main, OWN]]);
  if (hasCrl) files.set('rabbitmq.advanced.config', OWN_CRL);
  return { name: 'rabbitmq/own', broker: 'rabbitmq', path: main, main, files };
}

export interface NodePorts {
  readonly mqtt: number;
  /** Where other nodes and tools would reach the node. */
  readonly distribution: number;
  /** Of epmd, which knows the other port. */
  readonly names: number;
}

export function placeholderValues(start: BrokerStartOptions, ports: NodePorts): PlaceholderValues {
  return {
    ...fileValues(start),
    port: String(ports.mqtt),
    users: NODE_FILES.definitions,
    harness: harness(ports).join('\n'),
  };
}

/** Its log as evidence on stdout, and no listener but the one of MQTT and the node's own. */
function harness({ distribution }: NodePorts): readonly string[] {
  return [
    'listeners.tcp = none',
    'mqtt.listeners.tcp = none',
    `distribution.listener.port_range.min = ${distribution}`,
    `distribution.listener.port_range.max = ${distribution}`,
    'log.file = false',
    'log.console = true',
    'log.console.level = debug',
    'log.console.use_colors = off',
  ];
}
