/** `doppelfleet run`: drive the fleet, audit what happened, judge it. */
import { access, constants, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import {
  type Caps,
  EXIT,
  type ExitCode,
  fileError,
  loadAllowedTargets,
  loadScenario,
  type Problem,
  printable,
  type Report,
  type RunOptions,
  renderJson,
  renderJunit,
  runScenario,
  UserError,
} from '../../index.ts';
import { defineCommand } from '../command.ts';
import { allowListFile, type CliEnvironment, styleFor } from '../environment.ts';
import { exitCodeOf } from '../exit-codes.ts';
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
import { progressObserver } from '../progress.ts';

export const runCommand = defineCommand({
  command: 'run <scenario..>',
  describe: 'Run scenarios against a broker and judge what the audit finds',
  examples: [
    ['$0 run cloned-client-ids', 'a built-in scenario on the embedded broker'],
    ['$0 run ./mine.yaml --broker mosquitto', 'your own scenario on Mosquitto'],
    ['$0 run cloned-client-ids --fix uuid-client-ids', 'before and after a fix, on one seed'],
    ['$0 run shared-certificate --devices batch=50 --time-scale 2', 'larger and slower'],
    [
      '$0 run ./mine.yaml --broker mqtts://staging.example:8883 --ca ca.pem',
      'a broker elsewhere, if it is on the allow-list',
    ],
    ['$0 run control-fleet --json > report.json', 'for machines'],
  ],
  options: (parser) =>
    changeOptions(brokerOptions(storeOptions(jsonOption(parser))))
      .positional('scenario', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'Names of built-in scenarios, or files',
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
      const options: RunOptions = {
        broker: await brokerFrom(args),
        out: args.out,
        certs: args.certs,
        authority: args.authority,
        fixes: args.fix.includes('all') ? 'all' : args.fix,
        overrides: overridesFrom(args),
        caps: capsFrom(args),
        allowedTargets: await loadAllowedTargets(allowList),
        allowListFile: allowList,
        observer: args.quiet ? {} : progressObserver(env.stderr, style),
        signal: interrupt.signal,
        killSignal: interrupt.killSignal,
      };
      // Every file is read and checked before the first packet, so that no mistake costs a run.
      if (args.junit !== undefined) await checkWritable(args.junit);
      const scenarios = await loadAll(args.scenario);
      const reports: Report[] = [];
      for (const scenario of scenarios) {
        if (interrupt.signal.aborted) break;
        const name = scenario.name;
        const reproduce = reproduceCommand(env.argv, args.scenario, name);
        reports.push(await runScenario(scenario.loaded, { ...options, reproduce }));
      }
      if (args.junit !== undefined) await writeJunit(args.junit, reports);
      if (args.json)
        env.stdout.write(renderJson(reports.length === 1 ? (reports[0] ?? []) : reports));
      return exitCodeOf(reports, interrupt.signal.aborted);
    } finally {
      interrupt.end();
    }
  },
});

async function loadAll(names: readonly string[]) {
  const results = await Promise.allSettled(names.map((name) => loadScenario(name)));
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

/** The first interrupt heals and stops, the second drops everything. */
function interruptible(env: CliEnvironment) {
  const stop = new AbortController();
  const kill = new AbortController();
  const end = env.onInterrupt(() => {
    if (stop.signal.aborted) kill.abort();
    else {
      env.stderr.write('\ninterrupted: closing every connection; once more to drop everything\n');
      stop.abort();
    }
  });
  return { signal: stop.signal, killSignal: kill.signal, end };
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
  const quoted = words.map((word) =>
    /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`,
  );
  return ['npx doppelfleet', ...quoted].join(' ');
}

/** A report that can't be written after a run would hide its verdict. */
async function checkWritable(file: string): Promise<void> {
  const problem = (message: string): UserError =>
    new UserError(EXIT.usage, { message, hint: 'name a file in a folder that can be written' });
  const existing = await stat(file).catch(() => undefined);
  if (existing?.isDirectory()) throw problem(`--junit ${printable(file)} is a folder`);
  try {
    await access(existing === undefined ? dirname(resolve(file)) : file, constants.W_OK);
  } catch {
    throw problem(`--junit ${printable(file)} can't be written`);
  }
}

async function writeJunit(file: string, reports: readonly Report[]): Promise<void> {
  try {
    await writeFile(file, renderJunit(reports));
  } catch (error) {
    throw fileError(error, 'write', file);
  }
}
