/** Options of mitigation, which `run` and `mitigate` share, and the order that they make. */
import type { Argv } from 'yargs';
import {
  EXIT,
  loadAllowedTargets,
  loadMitigation,
  type MitigationOrder,
  orderMitigation,
  UserError,
} from '../index.ts';
import { allowListFile, type CliEnvironment } from './environment.ts';

export function publishOptions<T>(parser: Argv<T>) {
  return parser
    .option('target', {
      type: 'string',
      array: true,
      nargs: 1,
      default: [] as string[],
      describe: 'Host that findings may be published to, besides its place on the allow-list',
    })
    .option('beyond-aws', {
      type: 'boolean',
      default: false,
      describe: 'Let every action follow every check, which AWS does not',
    });
}

export function mitigateOptions<T>(parser: Argv<T>) {
  return publishOptions(parser)
    .option('mitigate', {
      type: 'string',
      describe: 'File of mitigation actions, for the findings at the end; docs/mitigation.md',
    })
    .option('dry-run-mitigation', {
      type: 'boolean',
      default: false,
      describe: 'Say what the actions would do, and do nothing',
    });
}

interface PublishArguments {
  readonly target: readonly string[];
  readonly beyondAws: boolean;
}

interface MitigateArguments extends PublishArguments {
  readonly mitigate?: string | undefined;
  readonly dryRunMitigation: boolean;
}

/** Nothing without `--mitigate`. Throws a `UserError` (64, 65) before anything is done. */
export async function mitigationFrom(
  args: MitigateArguments,
  env: CliEnvironment,
): Promise<{ readonly mitigation?: MitigationOrder }> {
  const { mitigate: file, dryRunMitigation: dryRun } = args;
  if (file !== undefined) return { mitigation: await orderFrom(file, { ...args, dryRun }, env) };
  const given = [
    ...(dryRun ? ['--dry-run-mitigation'] : []),
    ...(args.beyondAws ? ['--beyond-aws'] : []),
    ...(args.target.length > 0 ? ['--target'] : []),
  ];
  if (given.length === 0) return {};
  const message = `${given.join(' and ')} ${given.length === 1 ? 'belongs' : 'belong'} to --mitigate`;
  throw new UserError(EXIT.usage, { message, hint: 'name a file of actions with --mitigate' });
}

/** The order that a file of actions and the command line make. */
export async function orderFrom(
  file: string,
  args: PublishArguments & { readonly dryRun: boolean },
  env: CliEnvironment,
): Promise<MitigationOrder> {
  const allowList = allowListFile(env.env);
  return orderMitigation(await loadMitigation(file, { beyondAws: args.beyondAws }), {
    dryRun: args.dryRun,
    allowedTargets: await loadAllowedTargets(allowList),
    confirmedTargets: args.target,
    allowListFile: allowList,
    env: env.env,
  });
}
