/** The report of a script that was played: plain data, which renderers turn into text or JUnit. */
import type { MqttVersion } from '../core/ids.ts';
import type { EpochMs } from '../core/time.ts';
import type { Observability } from '../history/join/observability.ts';
import type { ScriptResult } from '../script/result.ts';
import type { Outcome } from '../verdict/outcome.ts';
import type { REPORT_VERSION } from './report.ts';

export interface ScriptReport {
  readonly kind: 'script';
  readonly reportVersion: typeof REPORT_VERSION;
  readonly toolVersion: string;
  readonly nodeVersion: string;
  readonly scenario: {
    /** With the variant, if it has one: `session-theft:shared-certificate`. */
    readonly name: string;
    readonly purpose: string;
    readonly file: string;
    readonly digest: string;
    readonly requirement?: string;
  };
  readonly mqttVersion: MqttVersion;
  readonly broker: {
    readonly id: string;
    readonly version: string;
    readonly endpoint: string;
    /** Name of the configuration, where it is not the adapter's own. */
    readonly configuration?: string;
  };
  readonly folder: string;
  readonly history: string;
  readonly startedAt: EpochMs;
  readonly endedAt: EpochMs;
  /** Interrupted, or cut short by the broker's failure. */
  readonly ended: 'completed' | 'interrupted' | 'failed';
  /** What cut it short. */
  readonly failure?: string;
  readonly result: ScriptResult;
  /** Both sides of every connection compared; absent when only one side was recorded. */
  readonly observability?: Observability;
  readonly outcome: Outcome;
  readonly reproduce: string;
}
