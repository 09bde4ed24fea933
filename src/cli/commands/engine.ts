/** `doppelfleet engine`: runs and workers at a Redis, and orders to a run from anywhere. */
import {
  commandRun,
  type EngineOverview,
  EXIT,
  type ExitCode,
  engineOverview,
  plural,
  RUN_COMMANDS,
  type RunState,
  type Style,
  table,
  type WorkerState,
} from '../../index.ts';
import { defineCommand } from '../command.ts';
import { redisFrom, redisOptions } from '../engine-option.ts';
import { styleFor } from '../environment.ts';
import { jsonOption } from '../options.ts';

const DONE = { pause: 'stands still', resume: 'goes on', cancel: 'has been cancelled' } as const;

export const engineCommand = defineCommand({
  command: 'engine <action> [run]',
  describe: 'Show the runs and workers at a Redis; pause, resume or cancel a run',
  examples: [
    ['$0 engine list --engine redis://127.0.0.1:6379', 'who is there'],
    ['$0 engine pause --engine redis://127.0.0.1:6379', 'the only run: connections stay'],
    ['$0 engine cancel <run> --engine redis://127.0.0.1:6379', 'close its connections and end it'],
  ],
  options: (parser) =>
    redisOptions(jsonOption(parser))
      .positional('action', {
        type: 'string',
        choices: ['list', ...RUN_COMMANDS] as const,
        demandOption: true,
        describe: 'What to do',
      })
      .positional('run', { type: 'string', describe: 'ID of the run, if there are several' }),
  async run(args, env): Promise<ExitCode> {
    const address = await redisFrom(args, env.env);
    const { action } = args;
    if (action === 'list') {
      const overview = await engineOverview(address);
      const style = styleFor(env.stdout, env.env);
      env.stdout.write(args.json ? json(overview) : renderOverview(overview, style));
      return EXIT.met;
    }
    const run = await commandRun(address, action, args.run);
    if (args.json) env.stdout.write(json(run));
    else env.stderr.write(`run ${run.run} ${DONE[action]}\n`);
    return EXIT.met;
  },
});

function renderOverview({ runs, workers }: EngineOverview, style: Style): string {
  const busy = workers.filter(({ run }) => run !== undefined).length;
  const parts = [
    `${plural(runs.length, 'run')}, ${plural(workers.length, 'worker')}, ${busy} of them busy`,
  ];
  if (runs.length > 0) {
    parts.push(
      table(['run', 'scenario', 'phase', 'workers', 'devices', 'from'], runs.map(runRow), style),
    );
  }
  if (workers.length > 0) {
    parts.push(table(['worker', 'host', 'version', 'drives'], workers.map(workerRow), style));
  }
  return `${parts.join('\n')}\n`;
}

function runRow({ run, scenario, phase, workers, shards, devices, host, pid }: RunState) {
  return [
    run,
    scenario,
    phase,
    `${workers.length} of ${shards}`,
    String(devices),
    `${host}, ${pid}`,
  ];
}

function workerRow({ worker, host, tool, run, shard }: WorkerState) {
  return [worker, host, tool, run === undefined ? 'nothing' : `shard ${shard} of ${run}`];
}

function json(value: EngineOverview | RunState): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
