/** `doppelfleet audit`: the checks over recorded histories, again or for the first time. */
import {
  type AuditResult,
  auditHistory,
  CHECK_IDS,
  EXIT,
  type ExitCode,
  parseDurationMs,
  parseInstant,
  printable,
  renderFindings,
  UserError,
} from '../../index.ts';
import { defineCommand } from '../command.ts';
import { styleFor } from '../environment.ts';
import { jsonOption } from '../options.ts';

export const auditCommand = defineCommand({
  command: 'audit <history..>',
  describe: 'Audit recorded connection histories with the semantics of AWS IoT Device Defender',
  examples: [
    ['$0 audit runs/2026-11-20T22-17-46Z-cloned-client-ids/history.ndjson', 'a run again'],
    ['$0 audit a.ndjson b.ndjson --window on-demand --now 2026-11-20T12:00:00Z', '31 days back'],
    ['$0 audit a.ndjson --window 2026-11-01T00:00:00Z..2026-11-02T00:00:00Z', 'one day'],
    ['$0 audit a.ndjson --json | jq .findings', 'AuditFinding objects, as AWS has them'],
  ],
  options: (parser) =>
    jsonOption(parser)
      .positional('history', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'history.ndjson files',
      })
      .option('window', {
        type: 'string',
        default: 'run',
        describe: 'run (the whole history), on-demand (31 days), or <from>..<to> in ISO 8601',
      })
      .option('now', { type: 'string', describe: 'ISO 8601 time that stands in for the clock' })
      .option('check', {
        choices: CHECK_IDS,
        array: true,
        nargs: 1,
        describe: 'Only this check; repeatable',
      })
      .option('tolerance', {
        type: 'string',
        describe: 'Overlaps up to this long are hand-overs seen late, such as 500ms',
      }),
  async run(args, env): Promise<ExitCode> {
    const toleranceMs = args.tolerance === undefined ? undefined : parseDurationMs(args.tolerance);
    if (args.tolerance !== undefined && toleranceMs === undefined) {
      throw new UserError(EXIT.usage, {
        message: '--tolerance is not a duration',
        hint: 'write it with its unit, such as 500ms',
      });
    }
    const audit = await auditHistory(args.history, {
      window: args.window,
      ...(args.check === undefined ? {} : { checks: args.check }),
      ...(args.now === undefined ? {} : { now: parseInstant(args.now) }),
      ...(toleranceMs === undefined ? {} : { toleranceMs }),
    });
    if (args.json) env.stdout.write(`${JSON.stringify(audit, null, 2)}\n`);
    else {
      const style = styleFor(env.stdout, env.env);
      env.stdout.write(renderFindings(audit, style));
      for (const note of audit.notes) env.stderr.write(`note: ${printable(note, 500)}\n`);
    }
    return auditExitCode(audit);
  },
});

/** Findings beat missing evidence beats silence, as with verdicts. */
function auditExitCode({ auditDetails }: AuditResult): ExitCode {
  const statuses = Object.values(auditDetails).map((details) => details.doppelfleet.status);
  if (statuses.includes('non-compliant')) return EXIT.unmet;
  return statuses.includes('inconclusive') ? EXIT.inconclusive : EXIT.met;
}
