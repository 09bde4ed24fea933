/** The options of the live view in the browser, for every command that runs fleets. */
import type { Argv } from 'yargs';
import { EXIT, type Problem, UserError } from '../index.ts';
import { wholeNumber } from './options.ts';

export function uiOptions<T>(parser: Argv<T>) {
  return parser
    .option('ui', {
      type: 'boolean',
      default: false,
      describe: 'Show the run in a browser too, on this machine; prints the address',
    })
    .option('ui-port', { type: 'string', describe: 'Port of --ui; a free one by default' })
    .option('ui-hold', {
      type: 'boolean',
      default: false,
      describe: 'Keep --ui open after the end, until Ctrl-C',
    });
}

export interface UiArguments {
  readonly ui?: boolean | undefined;
  readonly uiPort?: string | undefined;
  readonly uiHold?: boolean | undefined;
}

/** Undefined without `--ui`; one of its companions means it too. Throws a `UserError` (64). */
export function uiFrom(
  args: UiArguments,
): { readonly port?: number; readonly hold: boolean } | undefined {
  const problems: Problem[] = [];
  const port = wholeNumber('--ui-port', args.uiPort, 1, 65_535, problems);
  if (problems.length > 0) throw new UserError(EXIT.usage, problems);
  const hold = args.uiHold === true;
  if (args.ui !== true && port === undefined && !hold) return undefined;
  return { ...(port === undefined ? {} : { port }), hold };
}
