/** The options of `audit` on what is looked at and what counts, and their values. */
import type { Argv } from 'yargs';
import {
  AUDIT_SEMANTICS,
  type AuditOptions,
  type AuditSemantics,
  type AuditSuppression,
  CHECK_IDS,
  EXIT,
  nearest,
  type Problem,
  printable,
  readSuppressions,
  suppressionsFile,
  UserError,
} from '../../index.ts';
import { durationFrom, wholeNumber } from '../options.ts';

export function auditsOption<T>(parser: Argv<T>) {
  return parser.option('audits', {
    type: 'string',
    default: 'audits',
    describe: 'Folder of kept audits, schedules and suppressions',
    normalize: true,
  });
}

export function semanticsOptions<T>(parser: Argv<T>) {
  return parser
    .option('check', {
      choices: CHECK_IDS,
      array: true,
      nargs: 1,
      describe: 'Only this check; repeatable',
    })
    .option('tolerance', {
      type: 'string',
      describe: 'Overlaps up to this long are hand-overs seen late, such as 500ms',
    })
    .option('aws-compat', {
      type: 'boolean',
      default: false,
      describe: 'List sessions as AWS does: only those with an event in the window',
    })
    .option('semantics', {
      type: 'string',
      array: true,
      nargs: 1,
      describe: `What AWS leaves open, as <name>=<value>: ${AUDIT_SEMANTICS.map(({ name }) => name).join(', ')}; repeatable`,
    })
    .option('memory', {
      type: 'string',
      describe: 'Megabytes for the data before it goes on on disk; 1024 by default',
    })
    .option('suppressions', {
      type: 'string',
      describe: 'Suppressions in YAML, instead of suppressions.yaml in the folder of audits',
      normalize: true,
    });
}

export interface SemanticsArguments {
  readonly audits: string;
  readonly tolerance?: string | undefined;
  readonly memory?: string | undefined;
  readonly awsCompat: boolean;
  readonly semantics?: readonly string[] | undefined;
  readonly suppressions?: string | undefined;
}

type SemanticsChoices = Pick<
  AuditOptions,
  'toleranceMs' | 'memoryMb' | 'awsCompat' | 'semantics' | 'suppressions'
>;

/** Reads the suppressions; throws a `UserError` with everything that is wrong. */
export async function semanticsFrom(args: SemanticsArguments): Promise<SemanticsChoices> {
  const { tolerance, memory, awsCompat } = args;
  const problems: Problem[] = [];
  const memoryMb = wholeNumber('--memory', memory, 128, 1_000_000, problems);
  if (problems.length > 0) throw new UserError(EXIT.usage, problems);
  return {
    awsCompat,
    semantics: semanticsChoices(args.semantics ?? []),
    suppressions: await suppressionsFrom(args),
    ...(memoryMb === undefined ? {} : { memoryMb }),
    ...(tolerance === undefined ? {} : { toleranceMs: durationFrom('--tolerance', tolerance) }),
  };
}

function suppressionsFrom(args: SemanticsArguments): Promise<readonly AuditSuppression[]> {
  const { suppressions, audits } = args;
  return suppressions === undefined
    ? readSuppressions(suppressionsFile(audits))
    : readSuppressions(suppressions, { required: true });
}

function semanticsChoices(texts: readonly string[]): Partial<AuditSemantics> {
  const problems: Problem[] = [];
  const chosen: Record<string, string | number | boolean> = {};
  for (const text of texts) {
    const [name = '', value = '', ...more] = text.split('=');
    const known = AUDIT_SEMANTICS.find((one) => one.name === name);
    if (known === undefined || more.length > 0) {
      const names = AUDIT_SEMANTICS.map((one) => one.name);
      const near = nearest(name, names);
      problems.push({
        message: `--semantics has no "${printable(name, 60)}"`,
        hint: near ? `did you mean ${near}?` : `use ${names.join(', ')}, as <name>=<value>`,
      });
      continue;
    }
    const parsed = known.parse(value);
    if (parsed !== undefined) chosen[name] = parsed;
    else {
      const message = `--semantics ${name} cannot be "${printable(value, 60)}"`;
      problems.push({ message, hint: `use ${known.values}` });
    }
  }
  if (problems.length > 0) throw new UserError(EXIT.usage, problems);
  return chosen as Partial<AuditSemantics>;
}
