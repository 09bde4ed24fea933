/**
 * Controls of a running broker: a configuration under which certificates can be revoked and devices
 * put into quarantine while it runs, by `change` and `reload`. Pure; every broker has its own.
 */
import type { BrokerConfiguration } from './configuration.ts';

/** Where the names of those in quarantine go. */
export interface Quarantine {
  /** Name of a file of the configuration, for `change({ files: { [file]: render(names) } })`. */
  readonly file: string;
  /**
   * Text of that file in which these common names may use topics below `quarantine/<common name>/`
   * only (a name that can't be one level of a topic: none at all), and all others what they had.
   * Throws a `UserError` (65) for a name that can't be written into it.
   */
  render(commonNames: readonly string[]): string;
}

/** A configuration with controls, with a sentence for each that there is not. */
export type Controlled =
  | {
      readonly configuration: BrokerConfiguration;
      /** Undefined where `cannot.quarantine` says why. */
      readonly quarantine?: Quarantine;
      /** What this configuration can't do while it runs; without `revoke`, `change({crlPem})` does. */
      readonly cannot: { readonly revoke?: string; readonly quarantine?: string };
    }
  | { readonly lacks: string };

/** Without a configuration under test, the broker's own is given controls. */
export type WithControls = (configuration?: BrokerConfiguration) => Controlled;

/** Whether a common name can be one level of a topic, so that it can have topics of its own. */
export function isTopicLevel(commonName: string): boolean {
  return commonName !== '' && !/[+#/\p{Cc}]/u.test(commonName);
}
