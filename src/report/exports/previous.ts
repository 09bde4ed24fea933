/**
 * Reads the audit before this one: an audit as `--json` prints it, an ASFF export, or the input of
 * `aws securityhub batch-import-findings`. Everything that is used later is checked here.
 */
import type { AuditFinding } from '../../audit/finding.ts';
import { isAuditResult } from '../../audit/task-record.ts';
import { EXIT, UserError } from '../../core/errors.ts';
import type { AsffFinding } from './asff-format.ts';
import type { PreviousAudit } from './export.ts';

/** Throws a {@link UserError} (65) that names `file` when the text is none of these. */
export function parsePrevious(text: string, file: string): PreviousAudit {
  const value = parsed(text);
  if (isAuditResult(value) && value.findings.every(isExportable)) return value;
  const list: unknown = isObject(value) ? value.Findings : value;
  if (Array.isArray(list) && list.every(isAsff)) return list;
  throw new UserError(EXIT.invalidInput, {
    file,
    message: 'neither an audit nor findings of AWS Security Hub',
    hint: 'name a file made by `doppelfleet audit --json` or `--export asff=<file>`',
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

type Members = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const texts = (value: Members, names: readonly string[]): boolean =>
  names.every((name) => typeof value[name] === 'string');

const instants = (value: Members, names: readonly string[]): boolean =>
  names.every((name) => typeof value[name] === 'string' && !Number.isNaN(Date.parse(value[name])));

const numbers = (value: Members, names: readonly string[]): boolean =>
  names.every((name) => typeof value[name] === 'number');

function isAsff(value: unknown): value is AsffFinding {
  return (
    isObject(value) &&
    texts(value, ['Id', 'ProductArn', 'GeneratorId', 'AwsAccountId', 'Title', 'Description']) &&
    instants(value, ['CreatedAt', 'UpdatedAt']) &&
    (value.FirstObservedAt === undefined || instants(value, ['FirstObservedAt'])) &&
    (value.RecordState === 'ACTIVE' || value.RecordState === 'ARCHIVED') &&
    isObject(value.ProductFields) &&
    texts(value.ProductFields, ['CheckName', 'ReportType'])
  );
}

/** What exports use of a finding, beyond what every reader of audits does. */
function isExportable(finding: AuditFinding): boolean {
  const { nonCompliantResource, doppelfleet } = finding;
  return (
    ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW'].some((severity) => severity === finding.severity) &&
    texts({ ...finding }, ['reasonForNonCompliance']) &&
    numbers({ ...finding }, ['taskStartTime', 'findingTime']) &&
    texts({ ...nonCompliantResource }, ['resourceType']) &&
    texts({ ...doppelfleet }, ['diagnosis', 'confidence']) &&
    numbers({ ...doppelfleet }, ['occurrences', 'relatedTotal']) &&
    Array.isArray(doppelfleet.fixes)
  );
}
