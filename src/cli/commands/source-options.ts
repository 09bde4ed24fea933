/** The options of `audit` on evidence that is not of our own making. */
import type { Argv } from 'yargs';
import {
  type AuditOptions,
  EXIT,
  FORMAT_IDS,
  type FormatId,
  type Problem,
  parseColumns,
  parseZone,
  printable,
  readIdentityMap,
  UserError,
} from '../../index.ts';

export function sourceOptions<T>(parser: Argv<T>) {
  return parser
    .option('format', {
      choices: FORMAT_IDS,
      describe: 'What the records are; by their content when it is not named',
    })
    .option('zone', {
      type: 'string',
      describe: 'Zone of times that name none, such as +02:00; UTC by default',
    })
    .option('map', {
      type: 'string',
      describe: 'Which column or key is which, such as clientId=client,at=ts,kind=event',
    })
    .option('identity-map', {
      type: 'string',
      describe: 'CSV or JSON file: client ID or user name to certificate ID',
    });
}

export interface SourceArguments {
  readonly format?: FormatId | undefined;
  readonly zone?: string | undefined;
  readonly map?: string | undefined;
  readonly identityMap?: string | undefined;
}

/** Reads what is named; throws a `UserError` with everything that is wrong. */
export async function sourceFrom({
  format,
  zone,
  map,
  identityMap,
}: SourceArguments): Promise<Pick<AuditOptions, 'source'>> {
  const problems: Problem[] = [];
  const zoneMinutes = zone === undefined ? undefined : parseZone(zone);
  if (zone !== undefined && zoneMinutes === undefined) {
    problems.push({
      message: `"${printable(zone, 40)}" is no zone`,
      hint: 'write it as +02:00, -0530 or UTC',
    });
  }
  const columns = map === undefined ? undefined : orProblems(() => parseColumns(map), problems);
  if (problems.length > 0) throw new UserError(EXIT.usage, problems);
  return {
    source: {
      ...(format === undefined ? {} : { format }),
      ...(zoneMinutes === undefined ? {} : { zoneMinutes }),
      ...(columns === undefined ? {} : { columns }),
      ...(identityMap === undefined ? {} : { identityMap: await readIdentityMap(identityMap) }),
    },
  };
}

function orProblems<Value>(read: () => Value, problems: Problem[]): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}
