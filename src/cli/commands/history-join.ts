/** `doppelfleet history join`: the device's view and the broker's view of each connection, compared. */
import {
  EXIT,
  type ExitCode,
  type JoinReport,
  joinHistory,
  renderJoin,
  renderJoinJson,
  renderTimeline,
  timelineOf,
} from '../../index.ts';
import { defineCommand } from '../command.ts';
import { styleFor } from '../environment.ts';
import { jsonOption } from '../options.ts';
import { sourceFrom, sourceOptions } from './source-options.ts';

export const joinCommand = defineCommand({
  command: 'join <history..>',
  describe: "Join the devices' view and the broker's, and say what the broker's records lack",
  examples: [
    ['$0 history join runs/<run>/history.ndjson', 'a run with itself'],
    ['$0 history join history.ndjson mosquitto.log', 'with a log whose clock is another'],
    ['$0 history join history.ndjson --client-id pump-1', "both sides' lines of a client ID"],
  ],
  options: (parser) =>
    sourceOptions(jsonOption(parser))
      .positional('history', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'Histories and logs: files, folders, patterns, or - for standard input',
      })
      .option('client-id', {
        type: 'string',
        describe: "Print both sides' lines of this client ID in the order of time",
      }),
  async run(args, env) {
    const { source = {} } = await sourceFrom(args);
    const report = await joinHistory(args.history, source);
    const { clientId } = args;
    const timeline = clientId === undefined ? undefined : timelineOf(report, clientId);
    if (args.json) {
      for (const piece of renderJoinJson(report, timeline)) env.stdout.write(piece);
      return exitCode(report);
    }
    const style = styleFor(env.stdout, env.env);
    env.stdout.write(renderJoin(report, style));
    if (clientId !== undefined && timeline !== undefined) {
      env.stdout.write(`\n${renderTimeline(clientId, timeline, style)}`);
    }
    return exitCode(report);
  },
});

/** Disagreements are what was asked for, and no failure; evidence that is missing is inconclusive. */
function exitCode({ sources, clocks }: JoinReport): ExitCode {
  const whole = sources.every((one) => one.complete && one.unreadableLines === 0);
  const compared = clocks.some(({ pairs, doubtful }) => pairs > 0 && !doubtful);
  return whole && compared ? EXIT.met : EXIT.inconclusive;
}
