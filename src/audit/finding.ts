/**
 * Findings in the shape of AWS IoT's API model (`AuditFinding`, API version 2015-05-28), so that
 * tools written for AWS read them. Key names, units and string-typed times are AWS's: API times are
 * epoch seconds with a millisecond fraction, `additionalInfo` times are epoch-millisecond strings.
 * What AWS lacks sits under one key of our own, `doppelfleet`.
 */

import type { CheckId, Diagnosis } from '../core/ids.ts';
import type { AuditSemantics } from './semantics.ts';
import type { SuppressionUse } from './suppression.ts';
import type { AuditTaskFields } from './task.ts';

export type Severity = 'CRITICAL' | 'HIGH' | 'MEDIUM' | 'LOW';

export type ResourceType =
  | 'CLIENT_ID'
  | 'DEVICE_CERTIFICATE'
  | 'CA_CERTIFICATE'
  | 'ISSUER_CERTIFICATE'
  // Ours, in findings of the shared-principal check only.
  | 'PRINCIPAL';

export interface ResourceIdentifier {
  readonly clientId?: string;
  /** 64 lower-case hex digits. */
  readonly deviceCertificateId?: string;
  /** 64 lower-case hex digits. */
  readonly caCertificateId?: string;
  readonly issuerCertificateIdentifier?: IssuerCertificateIdentifier;
  /** Ours: kind and value of a principal that is no certificate, such as `username:ann`. */
  readonly doppelfleetPrincipal?: string;
}

/** AWS's name for a CA certificate that is not registered; each member at most as long as AWS's. */
export interface IssuerCertificateIdentifier {
  readonly issuerCertificateSubject?: string;
  readonly issuerId?: string;
  readonly issuerCertificateSerialNumber?: string;
}

export interface FindingResource {
  readonly resourceType: ResourceType;
  readonly resourceIdentifier: ResourceIdentifier;
  /** `CONNECTION_TIME`, `DISCONNECTION_TIME` as AWS prints them; others are ours and named so. */
  readonly additionalInfo?: Readonly<Record<string, string>>;
}

export interface FindingDetail {
  readonly diagnosis: Diagnosis;
  readonly confidence: 'certain' | 'likely' | 'ambiguous';
  /** One sentence for people: which discriminators decided. */
  readonly because: string;
  /**
   * Numbers of the history events that prove it, ascending; capped, see `evidenceTotal`. With
   * several histories they run on from one to the next, see `AuditSource.evidenceOffset`.
   */
  readonly evidence: readonly number[];
  readonly evidenceTotal: number;
  /** How many related resources there are; the finding lists the newest of them. */
  readonly relatedTotal: number;
  /** Takeovers (conflict) or overlapping pairs of sessions (shared certificate) in the window. */
  readonly occurrences: number;
  /** Epoch ms of the latest occurrence. */
  readonly lastOccurrence: number;
  /** Fields on which the finding rests that were filled by correlation, such as `certificateId`. */
  readonly inferred: readonly string[];
  /** Fix strategies that address it. */
  readonly fixes: readonly string[];
}

export interface AuditFinding {
  /** Stable for (check, resource, reason): 32 lower-case hex digits. */
  readonly findingId: string;
  readonly taskId: string;
  readonly checkName: CheckId;
  readonly taskStartTime: number;
  readonly findingTime: number;
  readonly severity: Severity;
  readonly nonCompliantResource: FindingResource;
  /** Newest first. */
  readonly relatedResources?: readonly FindingResource[];
  readonly reasonForNonCompliance: string;
  readonly reasonForNonComplianceCode: string;
  readonly isSuppressed: boolean;
  readonly doppelfleet: FindingDetail;
}

/** AWS's `AuditCheckDetails`; a check that lacks evidence is FAILED, with the reason as message. */
export interface AuditCheckDetails {
  readonly checkRunStatus: 'COMPLETED_COMPLIANT' | 'COMPLETED_NON_COMPLIANT' | 'FAILED';
  readonly checkCompliant: boolean;
  readonly totalResourcesCount: number;
  readonly nonCompliantResourcesCount: number;
  readonly suppressedNonCompliantResourcesCount: number;
  readonly message?: string;
  readonly doppelfleet: {
    readonly status: 'compliant' | 'non-compliant' | 'inconclusive';
    /** Fields or facts whose absence makes the check inconclusive. */
    readonly missing: readonly string[];
    readonly window: { readonly from: number; readonly to: number };
  };
}

/** What went into an audit, and what could not be read. */
export interface AuditSource {
  readonly file: string;
  /** Of a source of several files, all of them in the order in which they were read. */
  readonly files?: readonly string[];
  /** As `--format` names it. */
  readonly format?: string;
  readonly broker: string;
  readonly runId: string;
  readonly events: number;
  /** What was added to this file's event numbers to get those in `evidence`; 0 for the first. */
  readonly evidenceOffset: number;
  /** False when the trailer is missing or something was lost; what is there was used. */
  readonly complete: boolean;
  /** Sentences on what was lost: packed data that is cut off or damaged, a file that can't be read. */
  readonly damage?: readonly string[];
  /** With the first source: all files of folders and patterns that are of another kind. */
  readonly leftOut?: readonly string[];
  readonly unreadableLines: number;
  /** The first few unreadable lines: `line`, and what is wrong with it. */
  readonly examples: readonly {
    readonly line: number;
    readonly message: string;
    readonly file?: string;
  }[];
}

/** One audit task; the fields of its task are there in every audit made since they exist. */
export interface AuditResult extends Partial<AuditTaskFields> {
  readonly taskId: string;
  readonly taskStartTime: number;
  readonly findings: readonly AuditFinding[];
  readonly auditDetails: Readonly<Partial<Record<CheckId, AuditCheckDetails>>>;
  readonly sources: readonly AuditSource[];
  /** Facts of the sessions relation over the `run` window, for thresholds and reports. */
  readonly statistics: AuditStatistics;
  /** Sentences on what limits the answer: a truncated file, unreadable lines, inferred fields. */
  readonly notes: readonly string[];
  /** What became of the suppressions that were given. */
  readonly suppressions?: readonly SuppressionUse[];
  /** How AWS's open points were read. */
  readonly semantics?: AuditSemantics;
}

export interface AuditStatistics {
  readonly sessions: number;
  readonly clientIds: number;
  readonly certificates: number;
  readonly takeovers: number;
  /** Sessions with a certificate ID that came from the join of device and broker evidence. */
  readonly certificatesJoined: number;
}
