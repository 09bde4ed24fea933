/** `doppelfleet report`: show a stored report again, in every form there is. */
import {
  EXIT,
  type ExitCode,
  printableReport,
  type Report,
  readStoredReport,
  renderJson,
  renderJunit,
  renderMarkdown,
  renderReport,
  renderRun,
  renderScriptReport,
  renderStep,
  type ScriptReport,
  type StoredReport,
  type Style,
  UserError,
  writeReportPage,
} from '../../index.ts';
import { defineCommand } from '../command.ts';
import { type CliEnvironment, styleFor } from '../environment.ts';
import { checkGithub, githubOption, tellGithub } from '../github-option.ts';
import { jsonOption } from '../options.ts';
import { checkWritable, writeOutput } from '../output-file.ts';

const TEXTS = { markdown: renderMarkdown, junit: renderJunit } as const;

export const reportCommand = defineCommand({
  command: 'report <run..>',
  describe: 'Show the reports of earlier runs again: text, Markdown, JUnit, JSON, page',
  examples: [
    ['$0 report runs/2026-11-20T22-17-46Z-cloned-client-ids', 'as text'],
    ['$0 report runs/a --html page.html', 'as a page, also of a folder that has moved'],
    ['$0 report runs/a runs/b --markdown - | gh pr comment --body-file -', 'for a pull request'],
  ],
  options: (parser) =>
    githubOption(jsonOption(parser))
      .positional('run', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: "Folders of runs, or their report.json's",
      })
      .option('html', { type: 'string', describe: 'Write the page of one run to this file' })
      .option('markdown', { type: 'string', describe: 'Write Markdown to this file, - for stdout' })
      .option('junit', { type: 'string', describe: 'Write JUnit XML to this file, - for stdout' }),
  async run(args, env): Promise<ExitCode> {
    checkPrinted(args);
    const stored = await readAll(args.run);
    const reports = stored.map(({ report }) => report);
    const { html } = args;
    const paged = html === undefined ? undefined : { file: html, report: pageable(reports) };
    for (const option of ['html', ...Object.keys(TEXTS)] as const) {
      const file = args[option as keyof typeof args];
      if (typeof file === 'string' && file !== '-') await checkWritable(`--${option}`, file);
    }
    await checkGithub(args, env);
    for (const sentence of stored.flatMap(({ missing }) => missing)) {
      env.stderr.write(`note: ${sentence}\n`);
    }
    for (const [name, render] of Object.entries(TEXTS)) {
      const file = args[name as keyof typeof TEXTS];
      if (file === '-') env.stdout.write(render(reports));
      else if (file !== undefined) await written(file, render(reports), env);
    }
    if (paged !== undefined) {
      env.stderr.write(`wrote ${await writeReportPage(paged.report, paged.file)}\n`);
    }
    await tellGithub(reports, args, env);
    const asked = [args.html, args.markdown, args.junit].some((file) => file !== undefined);
    if (args.json) {
      env.stdout.write(renderJson(reports.length === 1 ? (reports[0] ?? []) : reports));
    } else if (!asked) {
      const style = styleFor(env.stdout, env.env);
      for (const report of reports) env.stdout.write(asText(printableReport(report), style));
    }
    return EXIT.met;
  },
});

interface Arguments {
  readonly json: boolean;
  readonly html?: string | undefined;
  readonly markdown?: string | undefined;
  readonly junit?: string | undefined;
}

/** Throws a `UserError` (64) if several want standard output, or one that can't have it. */
function checkPrinted({ json, html, markdown, junit }: Arguments): void {
  const wants = [
    ...(json ? ['--json'] : []),
    ...(markdown === '-' ? ['--markdown'] : []),
    ...(junit === '-' ? ['--junit'] : []),
  ];
  if (wants.length > 1) {
    throw new UserError(EXIT.usage, {
      message: `${wants.join(' and ')} want standard output`,
      hint: 'give all but one of them a file',
    });
  }
  if (html === '-') {
    throw new UserError(EXIT.usage, {
      message: '--html takes a file',
      hint: 'name one, such as report.html',
    });
  }
}

/** Every problem of every run at once. */
async function readAll(paths: readonly string[]): Promise<readonly StoredReport[]> {
  const results = await Promise.allSettled(paths.map((path) => readStoredReport(path)));
  const errors = results.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  const other = errors.find((error) => !(error instanceof UserError));
  if (other !== undefined) throw other;
  const users = errors.filter((error) => error instanceof UserError);
  const [first] = users;
  if (first !== undefined) {
    throw new UserError(
      first.exitCode,
      users.flatMap(({ problems }) => problems),
    );
  }
  return results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}

/** The one report of a fleet, of which a page can be made. */
function pageable(reports: readonly (Report | ScriptReport)[]): Report {
  const [report, other] = reports;
  if (report !== undefined && other === undefined && !('kind' in report)) return report;
  throw new UserError(EXIT.usage, {
    message:
      other === undefined
        ? 'a page shows the sessions of a fleet, and this is the report of a script'
        : '--html is for one run at a time',
    hint: 'use --markdown, which takes any number of runs of either kind',
  });
}

async function written(file: string, content: string, env: CliEnvironment): Promise<void> {
  await writeOutput(file, content);
  env.stderr.write(`wrote ${file}\n`);
}

function asText(report: Report | ScriptReport, style: Style): string {
  if ('kind' in report) {
    const steps = report.result.steps.map((step) => `${renderStep(step, style)}\n`);
    return `${style.bold(`▶ ${report.scenario.name}`)}\n${steps.join('')}${renderScriptReport(report, style)}\n`;
  }
  const runs = report.runs.map((run) => {
    const name = run.fix === undefined ? '' : `, fixed with ${run.fix.name}`;
    return `${style.bold(`▶ ${report.scenario.name}${name}`)}\n${renderRun(run, style)}\n`;
  });
  return `${runs.join('')}${renderReport(report, style)}\n`;
}
