/** `doppelfleet run`: drive fleets, audit what happened, judge it; play scripts, step by step. */
import {
  EXIT,
  type ExitCode,
  loadAllowedTargets,
  loadAnyScenario,
  type Problem,
  type Report,
  type RunOptions,
  renderJson,
  renderJunit,
  renderMarkdown,
  runScenario,
  runScript,
  type ScriptReport,
  type ScriptRunOptions,
  UserError,
} from '../../index.ts';
import { defineCommand } from '../command.ts';
import { engineFrom, engineOptions } from '../engine-option.ts';
import { allowListFile, styleFor } from '../environment.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { checkFleetOptions } from '../fleet-options.ts';
import { checkGithub, githubOption, tellGithub } from '../github-option.ts';
import { metricsOptions } from '../metrics-option.ts';
import { mitigateOptions, mitigationFrom } from '../mitigation-option.ts';
import {
  brokerFrom,
  brokerOptions,
  changeOptions,
  jsonOption,
  overridesFrom,
  storeOptions,
} from '../options.ts';
import { checkWritable, writeOutput } from '../output-file.ts';
import { routeOptions, routesFrom } from '../route-options.ts';
import { capsFrom, commandLine, configurationFrom, runOptions } from '../run-options.ts';
import { openRunView } from '../run-view.ts';
import { uiOptions } from '../ui-option.ts';

export const runCommand = defineCommand({
  command: 'run <scenario..>',
  describe: 'Run scenarios, fleets and scripts alike, against a broker and judge them',
  examples: [
    ['$0 run cloned-client-ids', 'a built-in scenario on the embedded broker'],
    ['$0 run ./mine.yaml --broker mosquitto', 'your own scenario on Mosquitto'],
    ['$0 run cloned-client-ids --fix uuid-client-ids', 'before and after a fix, on one seed'],
    [
      '$0 run full-clone --fix client-id-uuid+unique-certificates',
      'strategies of `list fixes`, here two at once',
    ],
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
    ['$0 run flapping-connections --ui', 'watched in a browser, where it can be healed or stopped'],
  ],
  options: (parser) => {
    const common = changeOptions(brokerOptions(storeOptions(jsonOption(parser))));
    const run = routeOptions(engineOptions(runOptions(common)));
    return mitigateOptions(metricsOptions(uiOptions(githubOption(run))))
      .positional('scenario', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'Names of built-in scenarios and scripts (<script>:<variant>), or files',
      })
      .option('fix', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe:
          "Then run again with this fix: the scenario's, <strategy>:<name>=<value>, or several " +
          "joined by +; repeatable, 'all' for every one of the scenario",
      })
      .option('junit', { type: 'string', describe: 'Write one JUnit file over all scenarios here' })
      .option('markdown', {
        type: 'string',
        describe: 'Write them as Markdown here, for a pull request',
      });
  },
  async run(args, env): Promise<ExitCode> {
    const style = styleFor(env.stderr, env.env);
    const allowList = allowListFile(env.env);
    const view = await openRunView(args, env, style);
    const { signal } = view.signals;
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
        ...view.signals,
      };
      const overrides = overridesFrom(args);
      const fleetOptions: RunOptions = {
        ...common,
        fixes: args.fix.includes('all') ? 'all' : args.fix,
        overrides,
        ...(await engineFrom(args, env.env)),
        ...routesFrom(args),
        ...(await mitigationFrom(args, env)),
        observer: view.observer,
      };
      const scriptOptions: ScriptRunOptions = {
        ...common,
        ...(overrides.mqttVersion === undefined ? {} : { mqttVersion: overrides.mqttVersion }),
        observer: view.scriptObserver,
      };
      // Every file is read and checked before the first packet, so that no mistake costs a run.
      if (args.junit !== undefined) await checkWritable('--junit', args.junit);
      if (args.markdown !== undefined) await checkWritable('--markdown', args.markdown);
      await checkGithub(args, env);
      const scenarios = await loadAll(args.scenario);
      checkFleetOptions(scenarios, args);
      const reports: (Report | ScriptReport)[] = [];
      for (const { name, loaded } of scenarios) {
        if (signal.aborted) break;
        const reproduce = reproduceCommand(env.argv, args.scenario, name);
        reports.push(
          loaded.kind === 'fleet'
            ? await runScenario(loaded.fleet, { ...fleetOptions, reproduce })
            : await runScript(loaded.script, { ...scriptOptions, reproduce }),
        );
      }
      if (args.junit !== undefined) await writeOutput(args.junit, renderJunit(reports));
      if (args.markdown !== undefined) await writeOutput(args.markdown, renderMarkdown(reports));
      await tellGithub(reports, args, env);
      if (args.json)
        env.stdout.write(renderJson(reports.length === 1 ? (reports[0] ?? []) : reports));
      return exitCodeOf(reports, signal.aborted);
    } finally {
      await view.end();
    }
  },
});

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

/** The command line again, with one of several scenarios; quoted for a POSIX shell. */
function reproduceCommand(
  argv: readonly string[],
  scenarios: readonly string[],
  name: string,
): string {
  return commandLine(
    argv,
    scenarios.filter((other) => other !== name),
  );
}
