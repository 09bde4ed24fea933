/** `doppelfleet demo`: the story of one scenario, played for an audience with real runs behind it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  ACTS,
  type BlastRadius,
  builtInScenarios,
  EXIT,
  type ExitCode,
  type LoadedScenario,
  loadAllowedTargets,
  loadAnyScenario,
  loadScenario,
  logLine,
  logPauseMs,
  quotedEvents,
  type Report,
  type RunObserver,
  type RunReport,
  runScenario,
  shellWord,
  UserError,
} from '../../index.ts';
import { defineCommand } from '../command.ts';
import { allowListFile, styleFor } from '../environment.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { interruptible } from '../interrupt.ts';
import {
  brokerFrom,
  brokerOptions,
  changeOptions,
  overridesFrom,
  storeOptions,
} from '../options.ts';
import {
  capOptions,
  capsFrom,
  commandLine,
  configurationFrom,
  configurationOption,
} from '../run-options.ts';
import { openStage, PACES, type Stage } from '../stage.ts';

const DEFAULT_SCENARIO = 'cloned-client-ids';
/** Of a finding's evidence: a takeover or an overlap, from both sides. */
const QUOTES_MAX = 6;

export const demoCommand = defineCommand({
  command: 'demo [scenario]',
  describe: 'Play the story of a scenario: attack, evidence, finding, fix, quiet',
  examples: [
    ['$0 demo', DEFAULT_SCENARIO],
    ['$0 demo shared-certificate --pace slow', 'for an audience that reads along'],
    ['$0 demo cloned-client-ids --fix backoff --broker mosquitto', 'a fix that is none'],
  ],
  options: (parser) =>
    capOptions(configurationOption(changeOptions(brokerOptions(storeOptions(parser)))))
      .positional('scenario', {
        type: 'string',
        default: DEFAULT_SCENARIO,
        describe: 'Name of a built-in scenario, or a file; a fleet',
      })
      .option('fix', {
        type: 'string',
        describe: 'Which fix, as `run --fix` takes it; the first of the scenario by default',
      })
      .option('pace', {
        choices: PACES,
        default: 'normal' as const,
        describe: 'How fast it is shown on a terminal; elsewhere nothing waits',
      })
      .option('out', { type: 'string', default: 'runs', describe: 'Where run folders are made' }),
  async run(args, env): Promise<ExitCode> {
    const style = styleFor(env.stdout, env.env);
    const allowList = allowListFile(env.env);
    const overrides = overridesFrom(args);
    const loaded = await fleetOf(args.scenario);
    const fix = args.fix ?? (await firstFix(loaded, args.scenario));
    const broker = await brokerFrom(args);
    const interrupt = interruptible(env);
    const { signal, killSignal } = interrupt;
    const stage = openStage(env, style, { pace: args.pace, signal });
    try {
      const seed = overrides.seed ?? loaded.scenario.seed;
      const report = await runScenario(loaded, {
        broker,
        ...(await configurationFrom(args.configuration, broker)),
        caps: capsFrom(args),
        out: args.out,
        certs: args.certs,
        authority: args.authority,
        allowedTargets: await loadAllowedTargets(allowList),
        allowListFile: allowList,
        fixes: [fix],
        overrides,
        reproduce: commandLine(env.argv),
        observer: storyteller(stage, seed, signal),
        signal,
        killSignal,
      });
      const words = wordsOf(env.argv, args.scenario);
      await tellEnd(stage, report, [
        report.reproduce,
        commandLine(['run', ...words, '--fix', fix]),
        commandLine(['compare', ...words]),
        `npx doppelfleet report ${shellWord(report.folder)}`,
      ]);
      return exitCodeOf([report], signal.aborted);
    } finally {
      interrupt.end();
    }
  },
});

/** Tells each act when its run has come so far; runs wait for the audience. */
function storyteller(stage: Stage, seed: number, signal: AbortSignal): RunObserver {
  let before: BlastRadius | undefined;
  let saidMs = 0;
  let stopping = false;
  return {
    async planned(radius, { purpose, fix }) {
      saidMs = 0;
      stopping = false;
      if (fix === undefined || before === undefined) {
        before = radius;
        await stage.act(ACTS.situation(radius, purpose));
      } else await stage.act(ACTS.fix(radius, before, fix, seed));
      if (!signal.aborted) stage.title(fix === undefined ? 'The attack' : 'The same attack again');
    },
    brokerStarted: ({ version, endpoint }) => stage.line(`  ${version} at ${endpoint}`),
    progress(progress) {
      const stops = progress.phase === 'stopping';
      const due = progress.elapsedMs - saidMs >= logPauseMs(progress.elapsedMs);
      if (stopping || (!stops && !due)) return;
      stopping = stops;
      saidMs = progress.elapsedMs;
      stage.line(`  ${logLine(progress)}`);
    },
    async audited(run) {
      stage.line('');
      await stage.paragraphs(ACTS.attack(run));
      if (run.fix !== undefined || run.outcome !== 'completed') return;
      await stage.pause();
      await stage.act(ACTS.evidence(run, await quotesOf(run)));
      await stage.act(ACTS.finding(run));
    },
    warning: (message) => stage.line(`  warning: ${message}`),
  };
}

function quotesOf({ audit, history }: RunReport) {
  const [finding] = audit.findings;
  return quotedEvents(history, finding?.doppelfleet.evidence.slice(0, QUOTES_MAX) ?? []);
}

async function tellEnd(stage: Stage, report: Report, commands: readonly string[]): Promise<void> {
  const [before, after] = report.runs;
  if (before !== undefined && after?.outcome === 'completed') {
    await stage.pause();
    await stage.act(ACTS.quiet(before, after, report));
    await stage.act(ACTS.remains(after, report));
  }
  const page = join(report.folder, 'report.html');
  const { title, paragraphs } = ACTS.closing(report, {
    commands,
    page: existsSync(page) ? page : undefined,
  });
  stage.title(title);
  await stage.paragraphs(paragraphs);
}

/** What other commands understand of this one's line: all but its name, its pace and its fix. */
function wordsOf(argv: readonly string[], scenario: string): readonly string[] {
  const own = /^--(pace|fix)$/;
  const words = argv.filter(
    (word, index) =>
      word !== 'demo' && !/^--(pace|fix)(=|$)/.test(word) && !own.test(argv[index - 1] ?? ''),
  );
  return words.includes(scenario) ? words : [scenario, ...words];
}

async function fleetOf(name: string): Promise<LoadedScenario> {
  const loaded = await loadAnyScenario(name);
  if (loaded.kind === 'fleet') return loaded.fleet;
  throw new UserError(EXIT.usage, {
    message: 'a demonstration is of a fleet, and this is a script',
    hint: 'name a scenario with a fix, such as cloned-client-ids; `run` plays scripts',
  });
}

/** The first that the scenario names. */
async function firstFix({ scenario }: LoadedScenario, name: string): Promise<string> {
  const [first] = Object.keys(scenario.fixes);
  if (first !== undefined) return first;
  const all = await Promise.all((await builtInScenarios()).map((one) => loadScenario(one)));
  const fixed = all.filter((one) => Object.keys(one.scenario.fixes).length > 0);
  throw new UserError(EXIT.usage, {
    message: `${name} names no fix to demonstrate`,
    hint: `give one with --fix, or take one of ${fixed.map((one) => one.scenario.name).join(', ')}`,
  });
}
