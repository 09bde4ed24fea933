/** The demonstration, off a terminal: what it says is what the run found, and nothing waits. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { auditHistory, type Report, type RunReport, readStoredReport } from '../../src/index.ts';
import { runCli } from '../support/fake-environment.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function stage() {
  const folder = await temporaryFolder();
  const out = join(folder, 'runs');
  const where = ['--out', out, '--certs', join(folder, 'certs'), '--time-scale', '0.2'];
  return { where, out };
}

async function reportIn(out: string): Promise<Report> {
  const [run = ''] = await readdir(out);
  const { report } = await readStoredReport(join(out, run));
  if ('kind' in report) throw new Error('the report of a script');
  return report;
}

function runOf(report: Report, number: number): RunReport {
  const run = report.runs[number];
  if (run === undefined) throw new Error('no such run');
  return run;
}

/** Its text without line breaks and indents. */
const flat = (text: string) => text.replace(/\s+/g, ' ');

describe('the demonstration', () => {
  it('tells attack, evidence, finding, fix and quiet as the runs behind it were', async () => {
    const { where, out } = await stage();
    const { code, stdout, stderr } = await runCli(['demo', ...where], { COLUMNS: '60' });
    const report = await reportIn(out);
    const [before, after] = [runOf(report, 0), runOf(report, 1)];
    expect([code, stderr]).toEqual([{ met: 0, unmet: 1, inconclusive: 2 }[report.outcome], '']);
    const titles = ['The situation', 'The attack', 'The evidence', 'The finding', 'The fix'];
    const places = titles.map((title) => stdout.indexOf(title));
    expect(places).not.toContain(-1);
    expect([...places].sort((a, b) => a - b)).toEqual(places);

    const told = flat(stdout);
    const count = (run: RunReport) => (run.metrics['takeovers.count'] ?? 0).toLocaleString('en-US');
    expect(told).toContain(`${before.statistics.connects.accepted} connects accepted`);
    expect(told).toContain(`${count(before)} sessions taken over`);
    const [finding] = before.audit.findings;
    expect(told).toContain(
      `resource client ID ${finding?.nonCompliantResource.resourceIdentifier.clientId}`,
    );
    expect(told).toContain(finding?.reasonForNonCompliance);
    expect(told).toContain(finding?.doppelfleet.because);
    expect(told).toContain(
      `${before.audit.findings.length} finding before, ${after.audit.findings.length} after; ` +
        `${count(before)} takeovers before, ${count(after)} after.`,
    );
    expect(told).toContain(after.fix?.costs[0]);
    expect(stdout).toContain(`    ${report.folder}\n`);
    expect(stdout).toContain(`    ${report.reproduce}\n`);

    // Both sides are quoted with the times and words of the history.
    const quotes = [...stdout.matchAll(/(\d\d:\d\d:\d\d\.\d{3}) {2}(device saw|broker logged)/g)];
    expect(new Set(quotes.map((quote) => quote[2])).size).toBe(2);
    const history = await readFile(before.history, 'utf8');
    const stamps = history.split('\n').flatMap((line) => {
      const at = /"at":(\d+)/.exec(line)?.[1];
      return at === undefined ? [] : [new Date(Number(at)).toISOString().slice(11, 23)];
    });
    for (const [, time = ''] of quotes) expect(stamps).toContain(time);

    expect(stdout).not.toContain('\u001b');
    for (const line of stdout.split('\n').filter((one) => !one.includes('/'))) {
      expect(line.length, line).toBeLessThanOrEqual(88);
    }
    expect((await auditHistory([before.history])).findings).toHaveLength(
      before.audit.findings.length,
    );
  });

  it('does not call a fix a cure that is none', async () => {
    const { where, out } = await stage();
    const { stdout } = await runCli(['demo', 'cloned-client-ids', '--fix', 'backoff', ...where]);
    const after = runOf(await reportIn(out), 1);
    expect(after.audit.findings).toHaveLength(1);
    expect(stdout).not.toMatch(/^7 {2}Quiet$/m);
    expect(flat(stdout)).toContain('still found CONFLICTING_CLIENT_IDS_CHECK on client ID');
  });

  it('ends in good order when it is interrupted', async () => {
    const { where } = await stage();
    const handlers = new Set<() => void>();
    let stdout = '';
    const code = await main({
      argv: ['demo', ...where],
      env: { HOME: '/nonexistent' },
      stdout: {
        write: (text) => {
          stdout += text;
          if (text.includes('mqtts://')) for (const handler of handlers) handler();
        },
      },
      stderr: { write: () => {} },
      onInterrupt: (handler) => {
        handlers.add(handler);
        return () => handlers.delete(handler);
      },
    });
    expect(code).toBe(130);
    expect(stdout).toContain('The run was cut short: the run was interrupted.');
    expect(stdout).not.toContain('The fix');
    expect(handlers.size).toBe(0);
  });

  it('ends at once when it is interrupted before anything runs', async () => {
    const { where } = await stage();
    const handlers = new Set<() => void>();
    let [shown, errors] = ['', ''];
    const code = await main({
      argv: ['demo', '--pace', 'fast', ...where],
      env: { HOME: '/nonexistent', NO_COLOR: '1' },
      stdout: { write: (text) => (shown += text), isTTY: true, columns: 80 },
      stderr: { write: (text) => (errors += text) },
      awaitEnter: async (signal) => {
        for (const handler of handlers) handler();
        expect(signal.aborted).toBe(true);
      },
      onInterrupt: (handler) => {
        handlers.add(handler);
        return () => handlers.delete(handler);
      },
    });
    expect(code).toBe(130);
    expect(shown).not.toContain('The attack');
    expect(errors).not.toContain('internal error');
  });

  it('waits for Enter at a keyboard, and goes on with it', async () => {
    const { where } = await stage();
    let waits = 0;
    let shown = '';
    const code = await main({
      argv: ['demo', '--pace', 'fast', ...where],
      env: { HOME: '/nonexistent', NO_COLOR: '1' },
      stdout: { write: (text) => (shown += text), isTTY: true, columns: 80 },
      stderr: { write: () => {} },
      awaitEnter: async () => {
        waits++;
      },
      onInterrupt: () => () => {},
    });
    expect([0, 1, 2]).toContain(code);
    expect(waits).toBeGreaterThan(4);
    expect(shown.match(/Enter goes on/g)).toHaveLength(waits);
  });

  it.each([
    { argv: ['demo', 'control-fleet'], says: 'names no fix to demonstrate' },
    { argv: ['demo', 'session-theft'], says: 'this is a script' },
    { argv: ['demo', 'cloned-client-ids', '--fix', 'no-such-fix'], says: 'no-such-fix' },
    { argv: ['demo', '--pace', 'slower'], says: 'slow' },
  ])('$argv is a mistake that is told in one sentence', async ({ argv, says }) => {
    const { code, stdout, stderr } = await runCli(argv);
    expect([code, stdout]).toEqual([64, '']);
    expect(stderr).toContain(says);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
