/** Options of the ways to the broker: addresses to connect from, and further endpoints. */
import { isIP } from 'node:net';
import type { Argv } from 'yargs';
import { EXIT, type Problem, parseBrokerUrl, type RunOptions, UserError } from '../index.ts';

export function routeOptions<T>(parser: Argv<T>) {
  return parser
    .option('source-address', {
      type: 'string',
      array: true,
      nargs: 1,
      describe: 'Addresses of this machine to connect from, with commas; repeatable',
    })
    .option('endpoint', {
      type: 'string',
      array: true,
      nargs: 1,
      describe: 'Another node of the same external broker, as mqtts://host:port; repeatable',
    });
}

export interface RouteArguments {
  readonly sourceAddress?: readonly string[] | undefined;
  readonly endpoint?: readonly string[] | undefined;
}

/** Throws a `UserError` (64) with everything that is wrong. */
export function routesFrom(
  args: RouteArguments,
): Pick<RunOptions, 'sourceAddresses' | 'furtherEndpoints'> {
  const problems: Problem[] = [];
  const sourceAddresses = sourceAddressesFrom(args.sourceAddress ?? [], problems);
  const furtherEndpoints = (args.endpoint ?? []).flatMap((url) => {
    try {
      return [parseBrokerUrl(url)];
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(...error.problems);
      return [];
    }
  });
  if (problems.length > 0) throw new UserError(EXIT.usage, problems);
  return {
    ...(sourceAddresses.length === 0 ? {} : { sourceAddresses }),
    ...(furtherEndpoints.length === 0 ? {} : { furtherEndpoints }),
  };
}

/** Each address once. */
function sourceAddressesFrom(texts: readonly string[], problems: Problem[]): readonly string[] {
  const addresses = texts.flatMap((text) => text.split(',')).map((text) => text.trim());
  for (const address of addresses) {
    if (isIP(address) !== 0) continue;
    problems.push({
      message: '--source-address is not an IP address',
      hint: 'write addresses such as 127.0.0.2,127.0.0.3',
    });
  }
  return [...new Set(addresses)];
}
