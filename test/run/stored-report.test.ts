/** Stored reports: read wherever they lie now, refused with one clear sentence when they are none. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { parseReport } from '../../src/report/read-report.ts';
import { REPORT_VERSION } from '../../src/report/report.ts';
import { readStoredReport } from '../../src/run/stored-report.ts';
import { audit, CONFLICT, finding } from '../support/judged.ts';
import {
  EFFECTS,
  expectation,
  mitigation,
  ROTATION,
  report,
  run,
  scriptReport,
  step,
} from '../support/run-reports.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const fix = { name: 'a', title: 'A', costs: ['c'], parts: [] };
const whole = report([
  run([expectation('unmet')], { folder: 'runs', history: 'runs/history.ndjson' }),
  run([expectation('met')], {
    folder: 'runs/fix-a',
    history: 'runs/fix-a/history.ndjson',
    fix,
    audit: audit([finding(CONFLICT, 'pump')]),
    effects: EFFECTS,
    mitigation: mitigation(['FAILED']),
    rotation: ROTATION,
  }),
]);
const script = scriptReport([step('unmet'), step('met')]);

function sentences(text: string): readonly string[] {
  try {
    parseReport(text, 'report.json');
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    expect(error.exitCode).toBe(65);
    return error.message.split('\n');
  }
  return [];
}

describe('a stored report', () => {
  it.each([whole, script])('of either kind is what was written', (one) => {
    expect(parseReport(JSON.stringify(one), 'report.json')).toEqual(one);
  });

  it('of the first days has fixes without parts', () => {
    const { parts: _, ...old } = fix;
    const text = JSON.stringify({ ...whole, runs: [{ ...whole.runs[1], fix: old }] });
    const read = parseReport(text, 'report.json');
    expect('runs' in read ? read.runs[0]?.fix : undefined).toEqual(fix);
  });

  it.each([
    { text: '', says: 'the file is empty' },
    { text: JSON.stringify(whole).slice(0, 500), says: 'damaged: it is no whole JSON' },
    { text: '[]', says: 'this is not the report of a run' },
    { text: 'null', says: 'this is not the report of a run' },
    { text: '{"matrixVersion":1}', says: 'the result of a matrix' },
    { text: JSON.stringify(audit()), says: 'this is an audit' },
    { text: JSON.stringify([whole, whole]), says: 'several reports in one file' },
    { text: '{"reportVersion":"1"}', says: 'its version is "1"' },
    {
      text: '{"reportVersion":0}',
      says: `version 0, which is older than version ${REPORT_VERSION}`,
    },
    {
      text: JSON.stringify({ ...whole, reportVersion: 99, toolVersion: '9.1\u001b[31m' }),
      says: 'by doppelfleet 9.1\\x1b[31m in version 99, which is newer',
    },
  ])('that begins $text is refused: $says', ({ text, says }) => {
    const all = sentences(text);
    expect(all).toHaveLength(1);
    expect(all[0]).toContain(says);
    expect(all[0]).toContain('report.json');
    expect(all[0]).toContain(' — ');
  });

  it('that is damaged is refused with every place, and never read in part', () => {
    const broken = {
      ...whole,
      outcome: 'fine',
      runs: [{ ...whole.runs[0], verdict: {}, notes: [1], startedAt: null }],
    };
    const all = sentences(JSON.stringify(broken)).join('\n');
    for (const path of ['outcome', 'runs.0.verdict.outcome', 'runs.0.notes.0', 'runs.0.startedAt'])
      expect(all).toContain(`report.json ${path}: `);
  });

  it.each([
    ['runs.0.audit.findings.0.severity', { severity: '<img src=x>' }],
    ['runs.0.audit.findings.0.doppelfleet.diagnosis', { doppelfleet: { diagnosis: 'toString' } }],
    [
      'runs.0.audit.findings.0.doppelfleet.lastOccurrence',
      { doppelfleet: { lastOccurrence: 9e15 } },
    ],
    ['runs.0.audit.findings.0.relatedResources', { relatedResources: 'many' }],
  ])('with a finding that no audit writes is refused at %s', (path, finding) => {
    // Only so many problems of one file are shown.
    const rest = {
      findingId: 'f',
      checkName: 'CONFLICTING_CLIENT_IDS_CHECK',
      severity: 'HIGH',
      reasonForNonCompliance: '',
      reasonForNonComplianceCode: '',
      isSuppressed: false,
    };
    const findings = [{ ...rest, ...finding }];
    const runs = [{ ...whole.runs[0], audit: { ...whole.runs[0]?.audit, findings } }];
    const all = sentences(JSON.stringify({ ...whole, runs })).join('\n');
    expect(all).toContain(`report.json ${path}: `);
  });

  it('with a time that no clock shows, or a failure without its count, is refused', () => {
    const [first] = whole.runs;
    const statistics = { ...first?.statistics, failures: [{ raw: 'x' }] };
    const runs = [{ ...first, startedAt: 1e300, statistics }];
    const all = sentences(JSON.stringify({ ...whole, runs })).join('\n');
    expect(all).toContain(
      'report.json runs.0.startedAt: the report is damaged: this is not a time',
    );
    expect(all).toContain('report.json runs.0.statistics.failures.0.count: ');
  });

  it('that lacks any one member a renderer uses is refused', () => {
    for (const key of Object.keys(whole).filter((one) => !['nodeVersion'].includes(one))) {
      const { [key as keyof typeof whole]: _, ...rest } = whole;
      expect(sentences(JSON.stringify(rest)), key).not.toEqual([]);
    }
  });
});

describe('the folder of a stored report', () => {
  async function stored(content: object): Promise<string> {
    const folder = join(await temporaryFolder(), 'moved');
    await mkdir(join(folder, 'fix-a'), { recursive: true });
    await writeFile(join(folder, 'report.json'), JSON.stringify(content));
    for (const inside of ['', 'fix-a']) {
      for (const name of ['history.ndjson', 'truth.ndjson', 'plan.json']) {
        await writeFile(join(folder, inside, name), '');
      }
    }
    return folder;
  }

  it('may have moved: its paths follow', async () => {
    const folder = await stored(whole);
    const { report: read, missing } = await readStoredReport(folder);
    expect(missing).toEqual([]);
    expect(read.folder).toBe(folder);
    expect('runs' in read ? read.runs.map((one) => [one.folder, one.history]) : []).toEqual([
      [folder, join(folder, 'history.ndjson')],
      [join(folder, 'fix-a'), join(folder, 'fix-a', 'history.ndjson')],
    ]);
    expect(await readStoredReport(join(folder, 'report.json'))).toEqual({ report: read, missing });
  });

  it('may lack files: it is said what can not be shown without them', async () => {
    const folder = await stored(whole);
    await rm(join(folder, 'fix-a', 'truth.ndjson'));
    await rm(join(folder, 'history.ndjson'));
    const { missing } = await readStoredReport(folder);
    expect(missing).toHaveLength(2);
    expect(missing[0]).toContain('sessions and rates over time');
    expect(missing[1]).toContain('fix-a/truth.ndjson is missing');
  });

  it('is never left, whatever paths a report names', async () => {
    const [first] = whole.runs;
    for (const evil of ['../etc', 'runs/../../etc', '/etc/passwd']) {
      const folder = await stored({ ...whole, runs: [{ ...first, folder: evil }] });
      await expect(readStoredReport(folder)).rejects.toThrow(/is not in the run's folder/);
    }
    const folder = await stored({ ...script, history: '/etc/passwd' });
    await expect(readStoredReport(folder)).rejects.toThrow(/is not in the run's folder/);
  });

  it('that is not there, or has no report, is named', async () => {
    const folder = await temporaryFolder();
    await expect(readStoredReport(join(folder, 'none'))).rejects.toThrow(/no such file or folder/);
    await expect(readStoredReport(folder)).rejects.toThrow(/report\.json/);
  });
});
