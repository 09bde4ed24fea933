/** What probing came to: plain JSON, rendered elsewhere. Pure. */
import type { CapabilityId, CapabilityValue } from '../broker/capabilities.ts';
import type { ProtocolVersion } from '../history/event.ts';

export type Agreement = 'agrees' | 'differs' | 'not-measured' | 'not-claimed' | 'unknown';

export interface ProbedCapability {
  readonly id: CapabilityId;
  readonly title: string;
  /** What the profile says; absent where it claims nothing. */
  readonly claimed?: CapabilityValue;
  /** What was measured; absent where that was not possible. */
  readonly measured?: CapabilityValue;
  /** `unknown`: neither claimed nor measured. */
  readonly agreement: Agreement;
  /** What was seen, or why it could not be measured. */
  readonly because: string;
}

export interface ProbeResult {
  /** Of this shape. */
  readonly probeVersion: 1;
  readonly broker: {
    readonly id: string;
    readonly version: string;
    readonly endpoint: string;
    readonly configuration?: string;
    readonly profile?: string;
  };
  /** Of the connections that are not about another version. */
  readonly mqttVersion: ProtocolVersion;
  readonly capabilities: readonly ProbedCapability[];
  /**
   * `differs` if any measurement contradicts the profile, else `not-measured` if any claim could
   * not be measured, else `agrees`.
   */
  readonly outcome: 'agrees' | 'differs' | 'not-measured';
}

export function agreementOf(
  claimed: CapabilityValue | undefined,
  measured: CapabilityValue | undefined,
): Agreement {
  if (measured === undefined) return claimed === undefined ? 'unknown' : 'not-measured';
  if (claimed === undefined) return 'not-claimed';
  return JSON.stringify(claimed) === JSON.stringify(measured) ? 'agrees' : 'differs';
}

export function outcomeOf(capabilities: readonly ProbedCapability[]): ProbeResult['outcome'] {
  const any = (agreement: Agreement): boolean =>
    capabilities.some((one) => one.agreement === agreement);
  if (any('differs')) return 'differs';
  return any('not-measured') ? 'not-measured' : 'agrees';
}
