/** `doppelfleet compare`: a scenario as it is and with several fixes, on one seed, side by side. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  compareRuns,
  EXIT,
  type ExitCode,
  type LoadedAny,
  loadAllowedTargets,
  loadAnyScenario,
  type Report,
  renderMarkdown,
  runScenario,
  UserError,
} from '../../index.ts';
import { defineCommand } from '../command.ts';
import { engineFrom, engineOptions } from '../engine-option.ts';
import { allowListFile, styleFor } from '../environment.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { checkGithub, githubOption, tellGithub } from '../github-option.ts';
import { metricsOptions } from '../metrics-option.ts';
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

export const compareCommand = defineCommand({
  command: 'compare <scenario>',
  describe: 'Run a scenario without and with several fixes on one seed, and compare',
  examples: [
    ['$0 compare cloned-client-ids', 'with every fix of the scenario'],
    [
      '$0 compare cloned-client-ids --fix client-id-uuid --fix backoff --broker mosquitto',
      'fix strategies by name; `list fixes` shows them',
    ],
    [
      '$0 compare queued-commands --fix client-id-uuid --fix client-id-uuid:uuid=v4-per-connect',
      'what a fix breaks: sessions and messages lost',
    ],
    ['$0 compare full-clone --markdown table.md', 'the table for a pull request'],
  ],
  options: (parser) => {
    const common = changeOptions(brokerOptions(storeOptions(jsonOption(parser))));
    const run = routeOptions(engineOptions(runOptions(common)));
    return githubOption(metricsOptions(uiOptions(run)))
      .positional('scenario', {
        type: 'string',
        demandOption: true,
        describe: 'Name of a built-in scenario, or a file',
      })
      .option('fix', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe:
          "A fix to compare: the scenario's, <strategy>:<name>=<value>, or several joined by +; " +
          'repeatable, every fix of the scenario by default',
      })
      .option('markdown', { type: 'string', describe: 'Write the comparison as Markdown here' });
  },
  async run(args, env): Promise<ExitCode> {
    const style = styleFor(env.stderr, env.env);
    const allowList = allowListFile(env.env);
    const view = await openRunView(args, env, style);
    try {
      const broker = await brokerFrom(args);
      if (args.markdown !== undefined) await checkWritable('--markdown', args.markdown);
      await checkGithub(args, env);
      const loaded = fleetOf(await loadAnyScenario(args.scenario), args.scenario);
      const report = await runScenario(loaded, {
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
        fixes: fixesOf(args.fix, Object.keys(loaded.scenario.fixes), args.scenario),
        trySessionTheft: true,
        overrides: overridesFrom(args),
        observer: view.observer,
        reproduce: commandLine(env.argv),
        ...view.signals,
      });
      if (args.markdown !== undefined) await writeOutput(args.markdown, renderMarkdown([report]));
      await tellGithub([report], args, env);
      if (args.json) {
        const comparison = compareRuns(report);
        env.stdout.write(`${JSON.stringify({ ...report, comparison }, null, 2)}\n`);
      }
      if (!args.quiet) tellPage(report, (line) => view.stream.write(line));
      return exitCodeOf([report], view.signals.signal.aborted);
    } finally {
      await view.end();
    }
  },
});

function fleetOf(loaded: LoadedAny, name: string) {
  if (loaded.kind === 'fleet') return loaded.fleet;
  throw new UserError(EXIT.usage, {
    message: `${name} is a script, and fixes change fleets`,
    hint: '`doppelfleet list scenarios` shows what can be compared',
  });
}

/** All of the scenario's own when none is named. */
function fixesOf(
  given: readonly string[],
  own: readonly string[],
  scenario: string,
): readonly string[] | 'all' {
  if (given.length > 0) return given.includes('all') ? 'all' : given;
  if (own.length > 0) return 'all';
  throw new UserError(EXIT.usage, {
    message: `${scenario} names no fixes to compare`,
    hint: 'name strategies with --fix; `doppelfleet list fixes` shows them',
  });
}

function tellPage({ folder }: Report, write: (line: string) => void): void {
  const page = join(folder, 'report.html');
  if (existsSync(page)) write(`  page          ${page}\n`);
}
