/** `doppelfleet audits list|show|compare`: audits that were kept. */
import { readFile } from 'node:fs/promises';
import {
  type AuditComparison,
  type AuditFinding,
  type AuditResult,
  compareAudits,
  describeTask,
  EXIT,
  type ExitCode,
  fileError,
  findTask,
  isAuditResult,
  keptTasks,
  printable,
  readAudit,
  readTask,
  renderFindings,
  resourceName,
  type Style,
  table,
  UserError,
} from '../../index.ts';
import { defineCommand } from '../command.ts';
import { styleFor } from '../environment.ts';
import { jsonOption } from '../options.ts';
import { auditsOption } from './audit-options.ts';

export const listCommand = defineCommand({
  command: 'list',
  describe: 'List kept audits, the newest first',
  examples: [['$0 audits list --scheduled nightly', 'those of one schedule']],
  options: (parser) =>
    auditsOption(jsonOption(parser)).option('scheduled', {
      type: 'string',
      describe: 'Only those of this scheduled audit',
    }),
  async run(args, env) {
    const tasks = [];
    for (const kept of await keptTasks(args.audits)) {
      const record = await readTask(args.audits, kept);
      if (args.scheduled !== undefined && record.scheduledAuditName !== args.scheduled) continue;
      tasks.push({ taskId: record.taskId, ...describeTask(record) });
    }
    if (args.json) {
      const listed = tasks.map(({ auditDetails: _, ...task }) => task);
      env.stdout.write(`${JSON.stringify({ tasks: listed }, null, 2)}\n`);
    } else {
      const rows = tasks.map((task) => {
        const { compliantChecks, nonCompliantChecks, failedChecks } = task.taskStatistics;
        return [
          new Date(task.taskStartTime * 1000).toISOString(),
          task.taskId,
          task.scheduledAuditName ?? 'on demand',
          task.taskStatus,
          `${compliantChecks} compliant, ${nonCompliantChecks} not, ${failedChecks} failed`,
        ].map((text) => [[printable(text), String]] as const);
      });
      const style = styleFor(env.stdout, env.env);
      env.stdout.write(
        `${table(['Start', 'Task', 'Schedule', 'Status', 'Checks'], rows, style)}\n`,
      );
    }
    return EXIT.met;
  },
});

export const showCommand = defineCommand({
  command: 'show [task]',
  describe: 'Show a kept audit',
  examples: [
    ['$0 audits show', 'the latest'],
    ['$0 audits show 1f0c9d --json', "AWS's DescribeAuditTask"],
  ],
  options: (parser) =>
    auditsOption(jsonOption(parser)).positional('task', {
      type: 'string',
      default: 'latest',
      describe: 'Task ID, its first digits, or latest',
    }),
  async run(args, env) {
    const kept = await findTask(args.audits, args.task);
    if (args.json) {
      const record = await readTask(args.audits, kept);
      env.stdout.write(
        `${JSON.stringify({ taskId: record.taskId, ...describeTask(record) }, null, 2)}\n`,
      );
      return EXIT.met;
    }
    const audit = await readAudit(args.audits, kept);
    env.stdout.write(renderFindings(audit, styleFor(env.stdout, env.env)));
    for (const note of audit.notes) env.stderr.write(`note: ${printable(note, 500)}\n`);
    return EXIT.met;
  },
});

export const compareCommand = defineCommand({
  command: 'compare <before> <after>',
  describe: 'Compare two audits: findings that are new, gone, still there, or undecided',
  examples: [
    ['$0 audits compare 1f0c9d latest', 'exit code 1 when there are new findings'],
    ['$0 audits compare before.json after.json', 'what audit --json printed'],
  ],
  options: (parser) =>
    auditsOption(jsonOption(parser))
      .positional('before', {
        type: 'string',
        demandOption: true,
        describe: 'Task ID, its first digits, latest, or a file that ends in .json',
      })
      .positional('after', { type: 'string', demandOption: true, describe: 'The same' }),
  async run(args, env) {
    const [before, after] = [
      await load(args.audits, args.before),
      await load(args.audits, args.after),
    ];
    const comparison = compareAudits(before, after);
    if (args.json) env.stdout.write(`${JSON.stringify(comparison, null, 2)}\n`);
    else {
      env.stdout.write(renderComparison(comparison, styleFor(env.stdout, env.env)));
      for (const note of comparison.notes) env.stderr.write(`note: ${printable(note, 500)}\n`);
    }
    return comparisonExitCode(comparison);
  },
});

/** Suppressed findings are no news. */
function comparisonExitCode({ new: added, undecided }: AuditComparison): ExitCode {
  if (added.some((finding) => !finding.isSuppressed)) return EXIT.unmet;
  return undecided.length > 0 ? EXIT.inconclusive : EXIT.met;
}

async function load(folder: string, wanted: string): Promise<AuditResult> {
  if (!wanted.endsWith('.json')) return readAudit(folder, await findTask(folder, wanted));
  let value: unknown;
  try {
    value = JSON.parse(await readFile(wanted, 'utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw fileError(error, 'read', printable(wanted));
  }
  if (isAuditResult(value)) return value;
  throw new UserError(EXIT.invalidInput, {
    file: wanted,
    message: 'this is not an audit',
    hint: 'name what audit --json printed, or findings.json of a run',
  });
}

function renderComparison(comparison: AuditComparison, style: Style): string {
  const { new: added, gone, still, undecided } = comparison;
  const rows = [
    ...added.map((finding) => row('new', finding)),
    ...still.map(({ after }) => row('still there', after)),
    ...undecided.map((finding) => row('undecided', finding)),
    ...gone.map((finding) => row('gone', finding)),
  ];
  const counts =
    `  ${added.length} new, ${still.length} still there, ${gone.length} gone` +
    `${undecided.length > 0 ? `, ${undecided.length} undecided` : ''}\n`;
  if (rows.length === 0) return counts;
  return `${counts}${table(['Change', 'Check', 'Resource', 'Diagnosis'], rows, style)}\n`;
}

function row(change: string, finding: AuditFinding) {
  const name = resourceName(finding.nonCompliantResource.resourceIdentifier);
  return [
    finding.isSuppressed ? `${change} (suppressed)` : change,
    finding.checkName,
    printable(/^[0-9a-f]{64}$/.test(name) ? `${name.slice(0, 16)}…` : name, 80),
    finding.doppelfleet.diagnosis,
  ].map((text) => [[text, String]] as const);
}
