/**
 * What a run did besides its findings: sessions and messages lost, counters blinded, load, time to
 * recover. Measured of every run, also as the scenario says, so that a comparison can subtract.
 */

/** The counter that a flapping ban keeps for each client ID. */
export interface BanCounterParameters {
  readonly connectsMax: number;
  readonly windowMs: number;
}

/** One script of the session-ownership family, tried on the broker and configuration of the run. */
export interface TheftTrial {
  /** With its variant, such as `session-theft:shared-certificate`. */
  readonly script: string;
  /** Undefined when the script could not tell. */
  readonly possible: boolean | undefined;
  readonly because: string;
}

/** Plain data; a value that was not or could not be measured is absent. */
export interface FixEffects {
  readonly sessions: {
    /** Client IDs under which devices had a session kept by the broker (MQTT 5.0 §3.1.2.11.2). */
    readonly kept: number;
    /** Those of them that their devices left for another client ID; the broker holds them still. */
    readonly leftBehind: number;
    /** Kept under client IDs of the run without the fix that the fixed fleet no longer uses. */
    readonly leftByChange?: number;
    /** Connects that were given their kept session back. */
    readonly resumed: number;
    /** Connects that asked for a kept session and were given a new one. */
    readonly lost: number;
  };
  readonly messages: {
    /** Deliveries to subscribed devices; absent when no group subscribes. */
    readonly deliveries?: {
      readonly due: number;
      readonly lost: number;
      readonly duplicated: number;
      /** Due to devices that were away at the end, or still under way. */
      readonly waiting: number;
      /** Beyond what the ledger holds; nothing is known of them. */
      readonly notCounted: number;
    };
    /** QoS 1 publishes without PUBACK. */
    readonly unacknowledged: number;
  };
  readonly banCounter: BanCounterParameters & {
    /** Client IDs that connected more often than the counter allows. */
    readonly clientIds: number;
    /** Devices that did, whatever client IDs they used: truth. */
    readonly devices: number;
    /** Those of the devices that no counter by client ID sees. */
    readonly hidden: number;
  };
  readonly certificatesShared: {
    /** Certificates that more than one device connected with: truth. */
    readonly real: number;
    /** Findings of the shared-certificate check; absent when it was not made. */
    readonly found?: number;
  };
  readonly clientIds: {
    readonly used: number;
    /** Those that an outsider can compute or guess: all but version 4 UUIDs of one device. */
    readonly predictable: number;
  };
  readonly takeovers: {
    readonly count: number;
    readonly perMinute: number;
    /** From the start of the run to the last one; absent when there was none. */
    readonly lastAfterMs?: number;
  };
  readonly connects: {
    /** CONNECTs that were sent, per second until the faults ended. */
    readonly perSecond: number;
    /** In the busiest second. */
    readonly perSecondMax: number;
  };
  /** From the end of the faults to the last change; absent when the fleet did not become quiet. */
  readonly quietAfterMs?: number;
  /** Connections that devices lost against their will, until the faults ended. */
  readonly recovery: {
    readonly lost: number;
    /** From the loss to the next CONNACK; absent when no device came back. */
    readonly p50Ms?: number;
    readonly maxMs?: number;
    /** Lost connections whose devices had not come back when the faults ended. */
    readonly notBack: number;
  };
  /** Share of the time in which devices wanted to be connected; absent when none did. */
  readonly availability?: {
    readonly mean: number;
    readonly worst: { readonly device: string; readonly share: number };
    readonly groups: readonly {
      readonly group: string;
      readonly mean: number;
      readonly worst: number;
    }[];
  };
  /** CPU time of the broker's process, from the first device to the end of the settle stage. */
  readonly brokerCpuMs?: number;
  /** Absent unless it was tried, which `compare` does. */
  readonly sessionTheft?: {
    readonly trials: readonly TheftTrial[];
    /** Why it was not tried. */
    readonly note?: string;
  };
  /** Sentences on what limits these numbers. */
  readonly notes: readonly string[];
}
