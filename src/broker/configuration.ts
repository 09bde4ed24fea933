/**
 * A broker's configuration under test: the files as their author wrote them, with placeholders for
 * what only a run knows. Loading finds every file that belongs to it; rendering fills them in.
 */

/** `{{…}}` in a configuration, each replaced by what stands here when the broker starts. */
export const PLACEHOLDERS = {
  port: 'the port of the MQTT listener, on 127.0.0.1',
  deviceCa: 'path of the authorities whose device certificates are accepted (PEM)',
  deviceAndOtherCa: "path of those authorities and one that is not the fleet's, in one file (PEM)",
  serverCertificate: "path of the broker's certificate (PEM)",
  serverKey: "path of the broker's private key (PEM)",
  crl: 'path of the revocation list (PEM); for RabbitMQ, of the folder that it is in',
  folder: 'path of the folder that the broker may write into',
  users:
    "the devices' common names, as the broker lists its users (Mosquitto: in a file of rights)",
  harness:
    'lines that make the broker a subject of tests: its log as evidence, other listeners on free ports',
} as const;

export type Placeholder = keyof typeof PLACEHOLDERS;

/** A configuration as read from its files, before any placeholder is filled in. */
export interface BrokerConfiguration {
  /** As tables and files name it. */
  readonly name: string;
  /** Which broker it is for: an ID of the registry. */
  readonly broker: string;
  /** Path of the main file, for messages. */
  readonly path: string;
  /** Name of the main file in `files`. */
  readonly main: string;
  /** Text by name: the main file and every file that it, or one of these, names by `{{file:…}}`. */
  readonly files: ReadonlyMap<string, string>;
}
