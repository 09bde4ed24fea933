/** `doppelfleet audits findings|finding`: the findings of a kept audit. */
import {
  type AuditFinding,
  CHECK_IDS,
  DIAGNOSES,
  describeFinding,
  EXIT,
  filterFindings,
  findTask,
  keptTasks,
  listRelatedResources,
  type Problem,
  printable,
  readAudit,
  renderFindings,
  UserError,
} from '../../index.ts';
import { defineCommand } from '../command.ts';
import { styleFor } from '../environment.ts';
import { jsonOption, wholeNumber } from '../options.ts';
import { auditsOption } from './audit-options.ts';

export const findingsCommand = defineCommand({
  command: 'findings [task]',
  describe: 'List the findings of a kept audit; every option narrows the list',
  examples: [
    ['$0 audits findings --check CONFLICTING_CLIENT_IDS_CHECK', 'of the latest audit'],
    ['$0 audits findings 1f0c9d --no-suppressed --diagnosis rival-devices --json', 'as AWS has it'],
  ],
  options: (parser) =>
    auditsOption(jsonOption(parser))
      .positional('task', {
        type: 'string',
        default: 'latest',
        describe: 'Task ID, its first digits, or latest',
      })
      .option('check', { choices: CHECK_IDS, describe: 'Of this check' })
      .option('resource', {
        type: 'string',
        describe: 'On this client ID, or certificate ID (8 digits or more)',
      })
      .option('suppressed', {
        type: 'boolean',
        describe: 'Only suppressed ones, or with --no-suppressed only the others',
      })
      .option('diagnosis', { choices: DIAGNOSES, describe: 'With this diagnosis' })
      .option('confidence', {
        choices: ['certain', 'likely', 'ambiguous'] as const,
        describe: 'With this confidence',
      }),
  async run(args, env) {
    const audit = await readAudit(args.audits, await findTask(args.audits, args.task));
    const findings = filterFindings(audit.findings, {
      ...(args.check === undefined ? {} : { checkName: args.check }),
      ...(args.resource === undefined ? {} : { resource: args.resource }),
      ...(args.suppressed === undefined ? {} : { suppressed: args.suppressed }),
      ...(args.diagnosis === undefined ? {} : { diagnosis: args.diagnosis }),
      ...(args.confidence === undefined ? {} : { confidence: args.confidence }),
    });
    if (args.json) env.stdout.write(`${JSON.stringify({ findings }, null, 2)}\n`);
    else {
      const style = styleFor(env.stdout, env.env);
      env.stdout.write(renderFindings({ ...audit, auditDetails: {}, findings }, style));
      env.stdout.write(`  ${findings.length} of ${audit.findings.length} findings\n`);
    }
    return EXIT.met;
  },
});

export const findingCommand = defineCommand({
  command: 'finding <finding>',
  describe: 'Show one finding in JSON, with ten related resources, or list all of these',
  examples: [
    ['$0 audits finding 3b1a77', "AWS's DescribeAuditFinding"],
    ['$0 audits finding 3b1a77 --related', "AWS's ListRelatedResourcesForAuditFinding"],
  ],
  options: (parser) =>
    auditsOption(parser)
      .positional('finding', {
        type: 'string',
        demandOption: true,
        describe: 'Finding ID or its first digits',
      })
      .option('task', {
        type: 'string',
        describe: 'In this audit (ID, its first digits, or latest), not in the newest that has it',
      })
      .option('related', {
        type: 'boolean',
        default: false,
        describe: 'List the related resources, all of them',
      })
      .option('max-results', { type: 'string', describe: 'A page of this many' })
      .option('next-token', { type: 'string', describe: 'Where the page before it ended' }),
  async run(args, env) {
    const problems: Problem[] = [];
    const maxResults = wholeNumber('--max-results', args.maxResults, 1, 1_000_000, problems);
    wholeNumber('--next-token', args.nextToken, 0, 1_000_000, problems);
    if (problems.length > 0) throw new UserError(EXIT.usage, problems);
    const finding = await findFinding(args.audits, args.finding, args.task);
    const page = {
      ...(maxResults === undefined ? {} : { maxResults }),
      ...(args.nextToken === undefined ? {} : { nextToken: args.nextToken }),
    };
    const shown = args.related
      ? listRelatedResources(finding, page)
      : { finding: describeFinding(finding) };
    env.stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
    return EXIT.met;
  },
});

/** The finding whose ID begins with `wanted`: in one audit, or in the newest that has it. */
async function findFinding(
  folder: string,
  wanted: string,
  task: string | undefined,
): Promise<AuditFinding> {
  const tasks = task === undefined ? await keptTasks(folder) : [await findTask(folder, task)];
  for (const kept of tasks) {
    const { findings } = await readAudit(folder, kept);
    const [finding, other] = findings.filter(
      ({ findingId }) => wanted.length >= 4 && findingId.startsWith(wanted),
    );
    if (other !== undefined) {
      throw new UserError(EXIT.usage, {
        message: `several findings begin with "${printable(wanted, 80)}"`,
        hint: 'give more digits; audits findings --json shows their IDs',
      });
    }
    if (finding !== undefined) return finding;
  }
  throw new UserError(EXIT.usage, {
    message: `no finding begins with "${printable(wanted, 80)}"`,
    hint: 'audits findings --json shows their IDs; four digits are the least',
  });
}
