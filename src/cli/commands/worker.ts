/** `doppelfleet worker`: drive parts of fleets that other machines order. */
import { EXIT, type ExitCode, loadAllowedTargets, serveShards, UserError } from '../../index.ts';
import { defineCommand } from '../command.ts';
import { PASSWORD_VARIABLE, redisFrom, redisOptions, SECRET_VARIABLE } from '../engine-option.ts';
import { allowListFile } from '../environment.ts';
import { interruptible } from '../interrupt.ts';
import { routesFrom } from '../route-options.ts';
import { capOptions, capsFrom } from '../run-options.ts';

const NAME = /^[\w.@-]{1,60}$/;

export const workerCommand = defineCommand({
  command: 'worker',
  describe: 'Wait at a Redis for parts of fleets, and drive them from this machine',
  examples: [
    ['$0 worker --engine redis://127.0.0.1:6379', 'another process of this machine'],
    [
      '$0 worker --engine rediss://redis.internal:6380 --engine-ca ca.pem --allow-target staging.example',
      'on another machine, for one target',
    ],
    [
      '$0 worker --engine redis://127.0.0.1:6379 --source-address 127.0.0.2 --name left',
      'from an address of its own, under a name of its own',
    ],
  ],
  options: (parser) =>
    capOptions(redisOptions(parser))
      .option('allow-target', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe: 'A host, or host:port, that this machine may attack besides itself; repeatable',
      })
      .option('source-address', {
        type: 'string',
        array: true,
        nargs: 1,
        describe: 'Addresses of this machine to connect from, with commas; repeatable',
      })
      .option('name', {
        type: 'string',
        describe: 'How reports call it; by default host and process',
      })
      .epilogue(
        `The password of the Redis is read from ${PASSWORD_VARIABLE}. With ${SECRET_VARIABLE} set ` +
          'here and where runs are started, not even who rules the Redis can order anything.',
      ),
  async run(args, env): Promise<ExitCode> {
    const { name } = args;
    if (name !== undefined && !NAME.test(name)) {
      throw new UserError(EXIT.usage, {
        message: '--name is not a name',
        hint: 'use up to 60 letters, digits and . _ - @',
      });
    }
    const allowList = allowListFile(env.env);
    const secret = env.env[SECRET_VARIABLE];
    const { sourceAddresses = [] } = routesFrom({ sourceAddress: args.sourceAddress });
    const address = await redisFrom(args, env.env);
    const allowedTargets = [...args.allowTarget, ...(await loadAllowedTargets(allowList))];
    const interrupt = interruptible(env);
    try {
      await serveShards({
        address,
        ...(name === undefined ? {} : { name }),
        ...(secret === undefined || secret === '' ? {} : { secret }),
        allowedTargets,
        allowListFile: allowList,
        caps: capsFrom(args),
        sourceAddresses,
        log: (sentence) => env.stderr.write(`${sentence}\n`),
        signal: interrupt.signal,
        killSignal: interrupt.killSignal,
      });
    } finally {
      interrupt.end();
    }
    return EXIT.met;
  },
});
