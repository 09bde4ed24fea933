/** Every export of an audit. A new one is a file, its ID in `export.ts` and a line here. */
import type { AuditResult } from '../../audit/finding.ts';
import { EXIT, UserError } from '../../core/errors.ts';
import { printable } from '../../core/text.ts';
import { asff } from './asff.ts';
import { auditJunit } from './audit-junit.ts';
import { awsFindings } from './aws-findings.ts';
import { csv } from './csv.ts';
import type { AuditExport, ExportId, ExportOptions } from './export.ts';
import { markdown } from './markdown.ts';
import { sarif } from './sarif.ts';
import { sns } from './sns.ts';

export const EXPORTS = {
  'aws-findings': awsFindings,
  asff,
  sarif,
  junit: auditJunit,
  csv,
  markdown,
  sns,
} satisfies Record<ExportId, AuditExport>;

/** The text of an export. Throws a {@link UserError} (64) for a wrong account, region or variant. */
export function renderExport(
  id: ExportId,
  audit: AuditResult,
  options: ExportOptions = {},
): string {
  checkExportOptions(options);
  const { variant } = options;
  const made: AuditExport = EXPORTS[id];
  if (variant === undefined || Object.hasOwn(made.variants, variant)) {
    return made.render(audit, options);
  }
  throw new UserError(EXIT.usage, {
    message: `${id} has no variant "${printable(variant, 40)}"`,
  });
}

/** Throws a {@link UserError} (64) for what no export could do with; to be asked before an audit. */
export function checkExportOptions(options: ExportOptions): void {
  const { account, region } = options;
  const wrong = [
    ...check(account, /^\d{12}$/, 'the account', 'give the 12 digits of an AWS account'),
    ...check(region, /^[a-z]{2,}(-[a-z]+)+-\d+$/, 'the region', 'write it like eu-west-1'),
  ];
  if (wrong.length > 0) throw new UserError(EXIT.usage, wrong);
}

function check(value: string | undefined, pattern: RegExp, what: string, hint: string) {
  if (value === undefined || pattern.test(value)) return [];
  return [{ message: `${what} is not "${printable(value, 40)}"`, hint }];
}
