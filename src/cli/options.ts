/** Options that several commands share, and the parsing of their values. */
import type { Argv } from 'yargs';
import {
  BROKERS,
  type BrokerAdapter,
  EXIT,
  type MqttVersion,
  type Problem,
  parseDurationMs,
  type RunOptions,
  type ScenarioOverrides,
  UserError,
} from '../index.ts';
import {
  type ExternalArguments,
  externalFrom,
  externalOptions,
  isBrokerUrl,
  refuseExternalOptions,
} from './external-options.ts';

type Broker = NonNullable<RunOptions['broker']>;

export function jsonOption<T>(parser: Argv<T>) {
  return parser.option('json', {
    type: 'boolean',
    default: false,
    describe: 'Print the result as JSON on stdout',
  });
}

export function storeOptions<T>(parser: Argv<T>) {
  return parser
    .option('certs', {
      type: 'string',
      default: 'certs',
      describe: 'Folder of the certificate store',
      normalize: true,
    })
    .option('authority', {
      type: 'string',
      default: 'default',
      describe: 'Which authority of the store',
    });
}

export function brokerOptions<T>(parser: Argv<T>) {
  return externalOptions(
    parser.option('broker', {
      type: 'string',
      default: 'embedded',
      describe: `${Object.keys(BROKERS).join(', ')}, or mqtts://host:port`,
    }),
  );
}

export function changeOptions<T>(parser: Argv<T>) {
  return parser
    .option('seed', { type: 'string', describe: "Instead of the scenario's seed" })
    .option('devices', {
      type: 'string',
      array: true,
      nargs: 1,
      describe: 'Number of devices of a group, as <group>=<n>; repeatable',
    })
    .option('time-scale', {
      type: 'string',
      describe: 'Multiply every duration, such as 0.5 for twice as fast',
    })
    .option('mqtt-version', {
      type: 'string',
      choices: ['3.1.1', '5'] as const,
      describe: 'For every group, instead of what the scenario says',
    });
}

export interface ChangeArguments {
  readonly seed?: string | undefined;
  readonly devices?: readonly string[] | undefined;
  readonly timeScale?: string | undefined;
  readonly mqttVersion?: string | undefined;
}

/** Overrides from the command line; throws a `UserError` with everything that is wrong. */
export function overridesFrom(args: ChangeArguments): ScenarioOverrides {
  const problems: Problem[] = [];
  const seed = wholeNumber('--seed', args.seed, 0, 0xffff_ffff, problems);
  const timeScale = args.timeScale === undefined ? undefined : Number(args.timeScale);
  if (timeScale !== undefined && !(timeScale > 0 && timeScale <= 1000)) {
    problems.push({
      message: '--time-scale is not a factor',
      hint: 'give a number above 0 and at most 1000, such as 0.5',
    });
  }
  const devices: Record<string, number> = {};
  for (const text of args.devices ?? []) {
    const [, group, count] = /^([a-z0-9-]+)=(\d{1,7})$/.exec(text) ?? [];
    if (group === undefined || Number(count) < 1) {
      problems.push({
        message: '--devices is not <group>=<n>',
        hint: 'name a group of the scenario and a number of at least 1, such as pumps=500',
      });
    } else devices[group] = Number(count);
  }
  if (problems.length > 0) throw new UserError(EXIT.usage, problems);
  return {
    ...(seed === undefined ? {} : { seed }),
    ...(timeScale === undefined ? {} : { timeScale }),
    ...(args.mqttVersion === undefined ? {} : { mqttVersion: args.mqttVersion as MqttVersion }),
    devices,
  };
}

/** A whole number in a range, or undefined when it is absent; a problem is added when it is wrong. */
export function wholeNumber(
  option: string,
  text: string | undefined,
  min: number,
  max: number,
  problems: Problem[],
  hint?: string,
): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  problems.push({
    message: `${option} is not a whole number from ${min} to ${max}`,
    ...(hint === undefined ? {} : { hint }),
  });
  return undefined;
}

/** A duration option in ms; throws a `UserError` when it is none. */
export function durationFrom(option: string, text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== undefined) return ms;
  throw new UserError(EXIT.usage, {
    message: `${option} is not a duration`,
    hint: 'write it with its unit, such as 90s or 2h',
  });
}

/** The broker that `--broker` and the options beside it mean. */
export async function brokerFrom(
  args: { readonly broker: string } & ExternalArguments,
): Promise<Broker> {
  if (isBrokerUrl(args.broker)) return externalFrom(args.broker, args);
  const adapter = localBroker(args.broker);
  refuseExternalOptions(args);
  return { kind: 'local', adapter };
}

/** A broker that is started here. */
export function localBroker(name: string): BrokerAdapter {
  const adapter = Object.entries(BROKERS).find(([id]) => id === name)?.[1];
  if (adapter !== undefined) return adapter;
  throw new UserError(EXIT.usage, {
    message: 'unknown broker',
    hint: `use one of ${Object.keys(BROKERS).join(', ')}, or mqtts://host:port`,
  });
}
