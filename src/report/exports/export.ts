/**
 * What an export of an audit is: a pure function from an audit and a few options to the text of a
 * file that other tools read. Account and region are not in a connection history: they come from the
 * options, else from a stated default.
 */
import type { AuditResult } from '../../audit/finding.ts';
import type { AsffFinding } from './asff-format.ts';

export type ExportId = 'aws-findings' | 'asff' | 'sarif' | 'junit' | 'csv' | 'markdown' | 'sns';

export interface ExportOptions {
  /** 12 digits; {@link DEFAULT_ACCOUNT} by default. */
  readonly account?: string;
  /** Such as `eu-west-1`; {@link DEFAULT_REGION} by default. */
  readonly region?: string;
  /** Product that ASFF findings belong to; the account's default product by default. */
  readonly productArn?: string;
  /** Folder from which SARIF's relative URIs start; without it, an absolute path keeps its name only. */
  readonly baseFolder?: string;
  readonly toolVersion?: string;
  /** The audit before this one: what is gone is archived (ASFF) and compared (Markdown). */
  readonly previous?: PreviousAudit;
  /** One of the export's variants; its plain form by default. */
  readonly variant?: string;
}

/** An earlier audit, or the ASFF export that was made of it. */
export type PreviousAudit = AuditResult | readonly AsffFinding[];

export interface AuditExport {
  readonly id: ExportId;
  readonly title: string;
  /** Of the files that such an export is usually kept in, without the dot. */
  readonly extension: string;
  /** Other forms of the same export, each with what it is. */
  readonly variants: Readonly<Record<string, string>>;
  render(audit: AuditResult, options: ExportOptions): string;
}

/** No account of AWS has this number. */
export const DEFAULT_ACCOUNT = '000000000000';
export const DEFAULT_REGION = 'us-east-1';

/** JSON as the exports print it: two spaces, a newline at the end. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
