/**
 * The part of the AWS Security Finding Format that audits fill, with the limits of
 * BatchImportFindings: a call takes 100 findings, a finding 240 KB. Types only, and severities.
 */
import type { Severity } from '../../audit/finding.ts';

export interface AsffFinding {
  readonly SchemaVersion: '2018-10-08';
  /** Equal for equal (resource, check, reason): an import updates what has the same ID. */
  readonly Id: string;
  readonly ProductArn: string;
  readonly ProductName: string;
  readonly CompanyName: string;
  readonly Region: string;
  readonly GeneratorId: string;
  readonly AwsAccountId: string;
  readonly Types: readonly string[];
  readonly FirstObservedAt?: string;
  readonly LastObservedAt?: string;
  readonly CreatedAt: string;
  readonly UpdatedAt: string;
  readonly Severity: { readonly Label: Severity; readonly Normalized: number };
  readonly Title: string;
  readonly Description: string;
  readonly Remediation?: {
    readonly Recommendation: { readonly Text: string; readonly Url?: string };
  };
  /** Up to 50; keys of 128 and values of 2,048 characters. */
  readonly ProductFields: Readonly<Record<string, string>>;
  readonly Resources: readonly AsffResource[];
  readonly Workflow: { readonly Status: 'NEW' | 'SUPPRESSED' };
  readonly RecordState: 'ACTIVE' | 'ARCHIVED';
  readonly FindingProviderFields: {
    readonly Severity: { readonly Label: Severity };
    readonly Types: readonly string[];
  };
}

export interface AsffResource {
  readonly Type: string;
  readonly Id: string;
  readonly Partition: string;
  readonly Region: string;
  readonly Details?: { readonly Other: Readonly<Record<string, string>> };
}

/** Characters that Security Hub takes (API reference, AwsSecurityFinding). */
export const ASFF_LENGTHS = { title: 256, description: 1024, recommendation: 512, other: 1023 };

/** The numbers that Security Hub itself gives to a label. */
export const ASFF_NORMALIZED: Readonly<Record<Severity, number>> = {
  CRITICAL: 90,
  HIGH: 70,
  MEDIUM: 40,
  LOW: 1,
};
