/** `doppelfleet run`: drive fleets, audit what happened, judge it; play scripts, step by step. */
import {
  type Caps,
  EXIT,
  type ExitCode,
  loadAllowedTargets,
  loadAnyScenario,
  loadConfiguration,
  type Problem,
  type Report,
  type RunOptions,
  renderJson,
  renderJunit,
  runScenario,
  runScript,
  type ScriptReport,
  type ScriptRunOptions,
  shellWord,
  UserError,
} from '../../index.ts';
import { defineCommand } from '../command.ts';
import { allowListFile, styleFor } from '../environment.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { checkFleetOptions } from '../fleet-options.ts';
import { interruptible } from '../interrupt.ts';
import {
  brokerFrom,
  brokerOptions,
  changeOptions,
  durationFrom,
  jsonOption,
  overridesFrom,
  storeOptions,
  wholeNumber,
} from '../options.ts';
import { checkWritable, writeOutput } from '../output-file.ts';
import { progressObserver } from '../progress.ts';
import { scriptObserver } from '../script-progress.ts';

export const runCommand = defineCommand({
  command: 'run <scenario..>',
  describe: 'Run scenarios, fleets and scripts alike, against a broker and judge them',
  examples: [
    ['$0 run cloned-client-ids', 'a built-in scenario on the embedded broker'],
    ['$0 run ./mine.yaml --broker mosquitto', 'your own scenario on Mosquitto'],
    ['$0 run cloned-client-ids --fix uuid-client-ids', 'before and after a fix, on one seed'],
    ['$0 run shared-certificate --devices batch=50 --time-scale 2', 'larger and slower'],
    [
      '$0 run ./mine.yaml --broker mqtts://staging.example:8883 --ca ca.pem',
      'a broker elsewhere, if it is on the allow-list',
    ],
    ['$0 run session-theft --broker mosquitto', 'a script, step by step'],
    [
      '$0 run session-theft:shared-certificate --broker mosquitto --configuration ./broker.conf',
      'a variant of it, on a configuration of yours',
    ],
    ['$0 run control-fleet --json > report.json', 'for machines'],
  ],
  options: (parser) =>
    changeOptions(brokerOptions(storeOptions(jsonOption(parser))))
      .positional('scenario', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'Names of built-in scenarios and scripts (<script>:<variant>), or files',
      })
      .option('configuration', {
        type: 'string',
        describe: 'Configuration file of the broker, with placeholders; docs/matrix.md',
      })
      .option('fix', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe: "Then run again with this fix of the scenario; repeatable, 'all' for every one",
      })
      .option('out', { type: 'string', default: 'runs', describe: 'Where run folders are made' })
      .option('junit', { type: 'string', describe: 'Write one JUnit file over all scenarios here' })
      .option('quiet', { type: 'boolean', default: false, describe: 'No progress, only errors' })
      .option('max-devices', { type: 'string', describe: 'Raise the cap on devices' })
      .option('max-rate', { type: 'string', describe: 'Raise the cap on arrivals per second' })
      .option('max-duration', { type: 'string', describe: 'Raise the cap on the duration' }),
  async run(args, env): Promise<ExitCode> {
    const style = styleFor(env.stderr, env.env);
    const allowList = allowListFile(env.env);
    const interrupt = interruptible(env);
    try {
      const broker = await brokerFrom(args);
      const common = {
        broker,
        ...(await configurationFrom(args.configuration, broker)),
        out: args.out,
        certs: args.certs,
        authority: args.authority,
        allowedTargets: await loadAllowedTargets(allowList),
        allowListFile: allowList,
        caps: capsFrom(args),
        signal: interrupt.signal,
        killSignal: interrupt.killSignal,
      };
      const overrides = overridesFrom(args);
      const fleetOptions: RunOptions = {
        ...common,
        fixes: args.fix.includes('all') ? 'all' : args.fix,
        overrides,
        observer: args.quiet ? {} : progressObserver(env.stderr, style),
      };
      const scriptOptions: ScriptRunOptions = {
        ...common,
        ...(overrides.mqttVersion === undefined ? {} : { mqttVersion: overrides.mqttVersion }),
        observer: args.quiet ? {} : scriptObserver(env.stderr, style),
      };
      // Every file is read and checked before the first packet, so that no mistake costs a run.
      if (args.junit !== undefined) await checkWritable('--junit', args.junit);
      const scenarios = await loadAll(args.scenario);
      checkFleetOptions(scenarios, args);
      const reports: (Report | ScriptReport)[] = [];
      for (const { name, loaded } of scenarios) {
        if (interrupt.signal.aborted) break;
        const reproduce = reproduceCommand(env.argv, args.scenario, name);
        reports.push(
          loaded.kind === 'fleet'
            ? await runScenario(loaded.fleet, { ...fleetOptions, reproduce })
            : await runScript(loaded.script, { ...scriptOptions, reproduce }),
        );
      }
      if (args.junit !== undefined) await writeOutput(args.junit, renderJunit(reports));
      if (args.json)
        env.stdout.write(renderJson(reports.length === 1 ? (reports[0] ?? []) : reports));
      return exitCodeOf(reports, interrupt.signal.aborted);
    } finally {
      interrupt.end();
    }
  },
});

/** The configuration that a broker started here runs with. */
async function configurationFrom(
  file: string | undefined,
  broker: NonNullable<RunOptions['broker']>,
): Promise<Pick<RunOptions, 'configuration'>> {
  if (file === undefined) return {};
  if (broker.kind === 'external') {
    throw new UserError(EXIT.usage, {
      message: '--configuration belongs to a broker that is started here',
      hint: 'leave it out, or choose a broker such as --broker mosquitto',
    });
  }
  return { configuration: await loadConfiguration(file, { broker: broker.adapter.id }) };
}

async function loadAll(names: readonly string[]) {
  const results = await Promise.allSettled(names.map((name) => loadAnyScenario(name)));
  const problems: Problem[] = [];
  let code: ExitCode = EXIT.invalidInput;
  const loaded = results.flatMap((result, index) => {
    if (result.status === 'fulfilled') return [{ name: names[index] ?? '', loaded: result.value }];
    if (!(result.reason instanceof UserError)) throw result.reason;
    problems.push(...result.reason.problems);
    code = result.reason.exitCode;
    return [];
  });
  if (problems.length > 0) throw new UserError(code, problems);
  return loaded;
}

function capsFrom(args: {
  readonly maxDevices?: string | undefined;
  readonly maxRate?: string | undefined;
  readonly maxDuration?: string | undefined;
}): Partial<Caps> {
  const problems: Problem[] = [];
  const devicesMax = wholeNumber('--max-devices', args.maxDevices, 1, 10_000_000, problems);
  const rateMax = wholeNumber('--max-rate', args.maxRate, 1, 1_000_000, problems);
  if (problems.length > 0) throw new UserError(EXIT.usage, problems);
  const duration = args.maxDuration;
  return {
    ...(devicesMax === undefined ? {} : { devicesMax }),
    ...(rateMax === undefined ? {} : { arrivalsPerSecondMax: rateMax }),
    ...(duration === undefined ? {} : { durationMsMax: durationFrom('--max-duration', duration) }),
  };
}

/** The command line again, with one of several scenarios; quoted for a POSIX shell. */
function reproduceCommand(
  argv: readonly string[],
  scenarios: readonly string[],
  name: string,
): string {
  const others = new Set(scenarios.filter((other) => other !== name));
  const words = argv.filter((word) => !others.has(word));
  return ['npx doppelfleet', ...words.map(shellWord)].join(' ');
}
