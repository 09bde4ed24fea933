/** Every export of any audit is well-formed, whatever its client IDs, reasons and files are called. */
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AuditResult } from '../../src/audit/finding.ts';
import type { ExportId, ExportOptions } from '../../src/report/exports/export.ts';
import { EXPORTS, renderExport } from '../../src/report/exports/registry.ts';
import { resourceId, resourceKey } from '../../src/report/exports/resources.ts';
import { anyAudit } from '../support/audit-results.ts';
import {
  auditNotification,
  batchImportFindings,
  describeAuditFinding,
  listAuditFindings,
  listRelatedResources,
  mustFit,
  sarifLog,
} from '../support/json-schemas.ts';
import { parseXml } from '../support/xml-well-formed.ts';

const holds = (rule: (audit: AuditResult) => void) =>
  fc.assert(fc.property(anyAudit, rule), { numRuns: 150 });

/** What a file keeps of a text: a lone surrogate has no UTF-8 form. */
const asUtf8 = (text: string): string => Buffer.from(text).toString();

const variant = (name: string): ExportOptions => ({ variant: name });
const json = (id: ExportId, audit: AuditResult, options: ExportOptions = {}): unknown =>
  JSON.parse(renderExport(id, audit, options));

describe('any audit', () => {
  test('exports the same text twice, ended by a line break, in every variant', () => {
    holds((audit) => {
      for (const { id, variants } of Object.values(EXPORTS)) {
        for (const one of [undefined, ...Object.keys(variants)]) {
          const options = one === undefined ? {} : variant(one);
          const text = renderExport(id, audit, options);
          expect(text.endsWith('\n')).toBe(true);
          expect(renderExport(id, audit, options)).toBe(text);
        }
      }
    });
  });

  test('fits AWS’s findings in the three views', () => {
    holds((audit) => {
      mustFit(listAuditFindings, json('aws-findings', audit));
      mustFit(describeAuditFinding, json('aws-findings', audit, variant('describe')));
      mustFit(listRelatedResources, json('aws-findings', audit, variant('related')));
    });
  });

  test('fits the Security Hub finding format and its limits', () => {
    holds((audit) => mustFit(batchImportFindings, json('asff', audit)));
  });

  test('fits SARIF 2.1.0', () => {
    holds((audit) => mustFit(sarifLog, json('sarif', audit)));
  });

  test('fits the notification of an audit’s end', () => {
    holds((audit) => mustFit(auditNotification, json('sns', audit)));
  });

  test('is well-formed JUnit whose counts are those of its cases', () => {
    holds((audit) => {
      const suites = parseXml(renderExport('junit', audit));
      for (const suite of suites.children) {
        const cases = suite.children.filter(({ name }) => name === 'testcase');
        const of = (tag: string) =>
          String(cases.filter((one) => one.children.some(({ name }) => name === tag)).length);
        expect(suite.attributes).toMatchObject({
          tests: String(cases.length),
          failures: of('failure'),
          errors: of('error'),
          skipped: of('skipped'),
        });
      }
    });
  });

  test('comes back from its CSV cell by cell, and no cell begins like a formula', () => {
    holds((audit) => {
      const text = renderExport('csv', audit, variant('related'));
      const [head = [], ...rows] = parse(text) as string[][];
      const flat = audit.findings.flatMap((finding) => [
        [finding.findingId, resourceId(finding.nonCompliantResource), finding.doppelfleet.because],
        ...(finding.relatedResources ?? []).map((related) => [
          finding.findingId,
          resourceId(finding.nonCompliantResource),
          finding.doppelfleet.because,
          resourceId(related),
        ]),
      ]);
      const read = (row: readonly string[], name: string) =>
        asUtf8(row[head.indexOf(name)] ?? '').replace(/^'/, '');
      const columns = ['findingId', 'resourceId', 'because', 'relatedResourceId'];
      expect(rows.map((row) => columns.map((name) => read(row, name)))).toEqual(
        flat.map((cells) => columns.map((_, i) => asUtf8(cells[i] ?? ''))),
      );
      for (const row of rows) {
        expect(row).toHaveLength(head.length);
        for (const cell of row) expect(cell).not.toMatch(/^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/);
      }
    });
  });

  test('keeps the columns of its Markdown tables and nothing in it is live', () => {
    holds((audit) => {
      const text = renderExport('markdown', audit, { previous: audit });
      let columns = 0;
      for (const line of text.split('\n')) {
        const table = line.startsWith('|');
        if (!table) columns = 0;
        else columns ||= line.split('|').length;
        if (table) expect(line.split('|')).toHaveLength(columns);
        else expect(line).not.toContain('|');
        const prose = line.replace(/`[^`]*`/g, '');
        expect(prose).not.toMatch(/[<>`[\]*_~\\$]|@(?!&#8203;)|https?:\/\/|www\.|GH-\d/);
        expect(prose.replace(/^#+ /, '')).not.toMatch(/(?<!&)#/);
      }
    });
  });

  test('gives different resources different keys, printable and short', () => {
    holds((audit) => {
      const all = audit.findings.flatMap((finding) => [
        finding.nonCompliantResource,
        ...(finding.relatedResources ?? []),
      ]);
      const keys = new Map(all.map((one) => [resourceKey(one), resourceId(one)]));
      for (const one of all) {
        const key = resourceKey(one);
        expect(keys.get(key)).toBe(resourceId(one));
        expect(key).toMatch(/^[^\p{Cc}\p{Cf}\p{Cs}]{1,256}$/u);
      }
    });
  });
});
