/** `doppelfleet fix`: propose fixes from what is found, try them on one seed, say what remains. */
import {
  EXIT,
  type ExitCode,
  FIX_PASSES,
  fixScenario,
  loadAllowedTargets,
  loadAnyScenario,
  type Problem,
  renderFixReport,
  UserError,
} from '../../index.ts';
import { defineCommand } from '../command.ts';
import { engineFrom, engineOptions } from '../engine-option.ts';
import { allowListFile, styleFor } from '../environment.ts';
import { outcomeExitCode } from '../exit-codes.ts';
import { metricsOptions } from '../metrics-option.ts';
import {
  brokerFrom,
  brokerOptions,
  changeOptions,
  jsonOption,
  overridesFrom,
  storeOptions,
  wholeNumber,
} from '../options.ts';
import { routeOptions, routesFrom } from '../route-options.ts';
import { capsFrom, commandLine, configurationFrom, runOptions } from '../run-options.ts';
import { openRunView } from '../run-view.ts';
import { uiOptions } from '../ui-option.ts';

const PASSES_MAX = 20;

export const fixCommand = defineCommand({
  command: 'fix <scenario>',
  describe: 'Propose fixes from what is found, try them on the same seed, say what remains',
  examples: [
    ['$0 fix full-clone', 'as it is, then with what may cure it, pass by pass'],
    ['$0 fix ./mine.yaml --dry-run', 'run it once and show what would be tried'],
    ['$0 fix cloned-client-ids --with bind-client-id --broker mosquitto', 'what the broker can do'],
    ['$0 fix shared-certificate --allow-suggestions', 'try also what somebody has to decide on'],
    ['$0 fix ./mine.yaml --json > fix.json', 'for machines'],
  ],
  options: (parser) => {
    const common = changeOptions(brokerOptions(storeOptions(jsonOption(parser))));
    return metricsOptions(uiOptions(routeOptions(engineOptions(runOptions(common)))))
      .positional('scenario', {
        type: 'string',
        demandOption: true,
        describe: 'Name of a built-in scenario, or a file',
      })
      .option('passes', {
        type: 'string',
        describe: `Fixes that are run; ${FIX_PASSES} by default`,
      })
      .option('with', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe: 'Try this strategy before others, <strategy>:<name>=<value>; repeatable',
      })
      .option('allow-suggestions', {
        type: 'boolean',
        default: false,
        describe: 'Try strategies too that lock out or take away',
      })
      .option('dry-run', {
        type: 'boolean',
        default: false,
        describe: 'Run the scenario as it is and only propose',
      });
  },
  async run(args, env): Promise<ExitCode> {
    const style = styleFor(env.stderr, env.env);
    const allowList = allowListFile(env.env);
    const problems: Problem[] = [];
    const passes = wholeNumber('--passes', args.passes, 1, PASSES_MAX, problems);
    if (problems.length > 0) throw new UserError(EXIT.usage, problems);
    const view = await openRunView(args, env, style);
    try {
      const broker = await brokerFrom(args);
      const report = await fixScenario(await loadFleet(args.scenario), {
        broker,
        ...(await configurationFrom(args.configuration, broker)),
        out: args.out,
        certs: args.certs,
        authority: args.authority,
        allowedTargets: await loadAllowedTargets(allowList),
        allowListFile: allowList,
        ...(await engineFrom(args, env.env)),
        ...routesFrom(args),
        caps: capsFrom(args),
        overrides: overridesFrom(args),
        observer: view.observer,
        ...view.signals,
        ...(passes === undefined ? {} : { passes }),
        with: args.with,
        dryRun: args.dryRun,
        allowSuggestions: args.allowSuggestions,
        reproduce: commandLine(env.argv),
        followUp: commandLine(env.argv, ['--dry-run', '--json']),
      });
      if (!args.quiet) view.stream.write(renderFixReport(report, style));
      if (args.json) env.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
      return report.ending === 'interrupted' ? EXIT.interrupted : outcomeExitCode(report.outcome);
    } finally {
      await view.end();
    }
  },
});

async function loadFleet(name: string) {
  const loaded = await loadAnyScenario(name);
  if (loaded.kind === 'fleet') return loaded.fleet;
  throw new UserError(EXIT.usage, {
    message: 'fixes are for fleets, this is a script',
    hint: 'name a scenario; `doppelfleet list scenarios` shows the built-in ones',
  });
}
