/** `doppelfleet audit`: the checks over recorded histories, again or for the first time. */
import {
  type AuditOptions,
  type AuditResult,
  auditHistory,
  EXIT,
  type ExitCode,
  keepTask,
  type Problem,
  parseInstant,
  printable,
  renderFindings,
  runScheduledAudit,
  UserError,
} from '../../index.ts';
import { defineCommand } from '../command.ts';
import { type CliEnvironment, styleFor } from '../environment.ts';
import { exportOptions, type PreparedExports, prepareExports } from '../export-option.ts';
import { jsonOption } from '../options.ts';
import { auditsOption, semanticsFrom, semanticsOptions } from './audit-options.ts';
import { certificateOptions, certificatesFrom } from './certificate-options.ts';
import { sourceFrom, sourceOptions } from './source-options.ts';

export const auditCommand = defineCommand({
  command: 'audit [history..]',
  describe: 'Audit recorded connection histories with the semantics of AWS IoT Device Defender',
  examples: [
    ['$0 audit runs/2026-11-20T22-17-46Z-cloned-client-ids/history.ndjson', 'a run again'],
    ['$0 audit a.ndjson b.ndjson --window on-demand --now 2026-11-20T12:00:00Z', '31 days back'],
    ['$0 audit a.ndjson --window 2026-11-01T00:00:00Z..2026-11-02T00:00:00Z', 'one day'],
    ['$0 audit --format mosquitto /var/log/mosquitto', 'a broker’s log with its rotated parts'],
    ['$0 audit a.ndjson --scheduled nightly', 'since its last run; see audits schedule --help'],
    ['$0 audit a.ndjson --json | jq .findings', 'AuditFinding objects, as AWS has them'],
    ['$0 audit --certificates certs --crl ca.crl', 'certificates alone, or with histories'],
    ['$0 audit a.ndjson --export sarif=audit.sarif --export junit=audit.xml', 'for other tools'],
  ],
  options: (parser) =>
    sourceOptions(
      exportOptions(certificateOptions(semanticsOptions(auditsOption(jsonOption(parser))))),
    )
      .positional('history', {
        type: 'string',
        array: true,
        default: [],
        describe: 'Histories, logs, folders or patterns of them; - reads standard input',
      })
      .option('window', {
        type: 'string',
        describe:
          'run (the whole history, the default), on-demand (31 days), or <from>..<to> in ISO 8601',
      })
      .option('scheduled', {
        type: 'string',
        describe: 'Run this scheduled audit if it is due, over the time since its last run',
      })
      .option('early', {
        type: 'boolean',
        default: false,
        describe: 'Run the scheduled audit although it is not due',
      })
      .option('save', {
        type: 'boolean',
        default: false,
        describe: 'Keep the audit in the folder of audits; a scheduled one always is',
      })
      .option('now', { type: 'string', describe: 'ISO 8601 time that stands in for the clock' }),
  async run(args, env): Promise<ExitCode> {
    refuseContradictions(args);
    const exports = await prepareExports(args, env.stdout);
    const now = args.now === undefined ? undefined : parseInstant(args.now);
    const evidence = await certificatesFrom(args, now ?? Date.now());
    const source = await sourceFrom(args);
    const options = { ...(await semanticsFrom(args)), ...evidence, ...source };
    if (args.scheduled !== undefined) {
      return runScheduled({ ...args, scheduled: args.scheduled, now, options, exports }, env);
    }
    const audit = await auditHistory(args.history, {
      ...options,
      window: args.window ?? 'run',
      ...(args.check === undefined ? {} : { checks: args.check }),
      ...(now === undefined ? {} : { now }),
    });
    if (args.save) await keepTask(args.audits, audit, Date.now());
    await handOver(audit, { ...args, exports }, env);
    return auditExitCode(audit);
  },
});

interface ScheduledArguments {
  readonly scheduled: string;
  readonly audits: string;
  readonly history: readonly string[];
  readonly early: boolean;
  readonly json: boolean;
  readonly now: number | undefined;
  readonly options: Omit<AuditOptions, 'window' | 'now' | 'checks'>;
  readonly exports: PreparedExports;
}

/** When it is not due, the answer of its last run stands, and so does its exit code. */
async function runScheduled(args: ScheduledArguments, env: CliEnvironment): Promise<ExitCode> {
  const present = Date.now();
  const { ran, nextRunAt, audit } = await runScheduledAudit({
    folder: args.audits,
    name: args.scheduled,
    histories: args.history,
    now: args.now ?? present,
    present,
    early: args.early,
    options: args.options,
  });
  if (!ran) {
    env.stderr.write(
      `${args.scheduled} is not due; this is the answer of its last run, at ` +
        `${new Date(audit.taskStartTime * 1000).toISOString()}\n`,
    );
  }
  await handOver(audit, args, env);
  env.stderr.write(`next due ${new Date(nextRunAt).toISOString()}\n`);
  return auditExitCode(audit);
}

/** Shows it and writes its exports; an export on stdout sends what people read to stderr. */
async function handOver(
  audit: AuditResult,
  { json, exports }: { readonly json: boolean; readonly exports: PreparedExports },
  env: CliEnvironment,
): Promise<void> {
  if (json) env.stdout.write(`${JSON.stringify(audit, null, 2)}\n`);
  else {
    const stream = exports.printed ? env.stderr : env.stdout;
    stream.write(renderFindings(audit, styleFor(stream, env.env)));
    for (const note of audit.notes) env.stderr.write(`note: ${printable(note, 500)}\n`);
  }
  await exports.write(audit);
}

function refuseContradictions(args: {
  readonly scheduled?: string | undefined;
  readonly window?: string | undefined;
  readonly check?: readonly string[] | undefined;
  readonly early: boolean;
}): void {
  const problems: Problem[] = [];
  if (args.scheduled !== undefined && args.window !== undefined) {
    const hint = 'leave --window out: it reaches from its last run to now';
    problems.push({ message: 'a scheduled audit has its own window', hint });
  }
  if (args.scheduled !== undefined && args.check !== undefined) {
    const hint = 'change them with audits schedule --check';
    problems.push({ message: 'a scheduled audit has its own checks', hint });
  }
  if (args.scheduled === undefined && args.early) {
    problems.push({ message: '--early belongs to --scheduled', hint: 'name a scheduled audit' });
  }
  if (problems.length > 0) throw new UserError(EXIT.usage, problems);
}

/** Findings beat missing evidence beats silence, as with verdicts. Suppressed ones are none. */
function auditExitCode({ auditDetails }: Pick<AuditResult, 'auditDetails'>): ExitCode {
  const statuses = Object.values(auditDetails).map((details) => details.doppelfleet.status);
  if (statuses.includes('non-compliant')) return EXIT.unmet;
  return statuses.includes('inconclusive') ? EXIT.inconclusive : EXIT.met;
}
