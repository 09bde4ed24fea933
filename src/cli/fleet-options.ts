/** Options that only fleets have: a script has no groups, seeds or fixes. */
import { EXIT, type LoadedAny, UserError } from '../index.ts';
import type { ChangeArguments } from './options.ts';

/** Throws a `UserError` (64) if one of them is given for a script. */
export function checkFleetOptions(
  scenarios: readonly { readonly name: string; readonly loaded: LoadedAny }[],
  args: ChangeArguments & {
    readonly fix?: string | readonly string[] | undefined;
    readonly mitigate?: string | undefined;
  },
): void {
  const script = scenarios.find(({ loaded }) => loaded.kind === 'script');
  const given = [
    ...(args.fix === undefined || args.fix.length === 0 ? [] : ['--fix']),
    ...(args.mitigate === undefined ? [] : ['--mitigate']),
    ...(args.seed === undefined ? [] : ['--seed']),
    ...(args.devices === undefined ? [] : ['--devices']),
    ...(args.timeScale === undefined ? [] : ['--time-scale']),
  ];
  if (script === undefined || given.length === 0) return;
  throw new UserError(EXIT.usage, {
    message: `${given.join(' and ')} ${given.length === 1 ? 'is' : 'are'} for fleets, and ${script.name} is a script`,
    hint: 'leave it out, or run scripts and fleets apart',
  });
}
