/** `doppelfleet plan`: what a scenario would do, without touching a broker. */
import {
  EXIT,
  loadAnyScenario,
  planVariants,
  renderBlastRadius,
  renderScriptPlan,
} from '../../index.ts';
import { defineCommand } from '../command.ts';
import { styleFor } from '../environment.ts';
import { checkFleetOptions } from '../fleet-options.ts';
import { brokerFrom, brokerOptions, changeOptions, jsonOption, overridesFrom } from '../options.ts';

export const planCommand = defineCommand({
  command: 'plan <scenario>',
  describe: 'Show what a scenario would do; no broker is touched',
  examples: [
    ['$0 plan cloned-client-ids', 'devices, rates, what is planted'],
    ['$0 plan cloned-client-ids --fix uuid-client-ids', 'the plan after a fix'],
    ['$0 plan session-theft', 'the steps of a script, and what each may show'],
    ['$0 plan ./mine.yaml --json > plan.json', 'every device; the same seed gives the same bytes'],
  ],
  options: (parser) =>
    changeOptions(brokerOptions(jsonOption(parser)))
      .positional('scenario', {
        type: 'string',
        demandOption: true,
        describe: 'Name of a built-in scenario or script, or a file',
      })
      .option('fix', { type: 'string', describe: 'Apply this fix first, as `run` takes it' }),
  async run(args, env) {
    const any = await loadAnyScenario(args.scenario);
    checkFleetOptions([{ name: args.scenario, loaded: any }], args);
    if (any.kind === 'script') {
      env.stdout.write(
        args.json
          ? `${JSON.stringify(any.script, null, 2)}\n`
          : renderScriptPlan(any.script, styleFor(env.stdout, env.env)),
      );
      return EXIT.met;
    }
    const loaded = any.fleet;
    const broker = await brokerFrom(args);
    const variants = planVariants(loaded, broker, {
      overrides: overridesFrom(args),
      fixes: args.fix === undefined ? [] : [args.fix],
    });
    const variant = variants.at(-1);
    if (variant === undefined) throw new Error('internal error: nothing was planned');
    const { plan, radius } = variant;
    if (args.json) {
      env.stdout.write(`${JSON.stringify(plan, null, 2)}\n`);
      return EXIT.met;
    }
    const style = styleFor(env.stdout, env.env);
    const title =
      args.fix === undefined ? plan.scenario : `${plan.scenario}, fixed with ${args.fix}`;
    env.stdout.write(`${style.bold(title)}\n  ${loaded.scenario.purpose}\n`);
    env.stdout.write(renderBlastRadius(radius, style));
    return EXIT.met;
  },
});
