/** `doppelfleet mitigate`: the actions that the findings of a stored audit lead to. */
import {
  EXIT,
  type ExitCode,
  type MitigationReport,
  mitigateAudit,
  renderMitigation,
  storedAudit,
} from '../../index.ts';
import { defineCommand } from '../command.ts';
import { styleFor } from '../environment.ts';
import { interruptible } from '../interrupt.ts';
import { orderFrom, publishOptions } from '../mitigation-option.ts';
import { jsonOption } from '../options.ts';
import { auditsOption } from './audit-options.ts';

export const mitigateCommand = defineCommand({
  command: 'mitigate <audit>',
  describe: 'Publish the findings of a stored audit, as mitigation actions',
  examples: [
    ['$0 mitigate runs/2026-11-20T22-17-46Z-shared-certificate --actions actions.yaml', 'of a run'],
    ['$0 mitigate findings.json --actions actions.yaml --dry-run', 'what would be done'],
    ['$0 mitigate latest --actions actions.yaml --target hooks.example', 'of a kept audit'],
  ],
  options: (parser) =>
    publishOptions(auditsOption(jsonOption(parser)))
      .positional('audit', {
        type: 'string',
        demandOption: true,
        describe: "A run's folder, a file of findings, or a kept audit",
      })
      .option('actions', {
        type: 'string',
        demandOption: true,
        describe: 'File of mitigation actions; docs/mitigation.md',
      })
      .option('dry-run', {
        type: 'boolean',
        default: false,
        describe: 'Say what the actions would do, and do nothing',
      }),
  async run(args, env): Promise<ExitCode> {
    const order = await orderFrom(args.actions, args, env);
    const stored = await storedAudit(args.audit, args.audits);
    const interrupt = interruptible(env);
    try {
      const report = await mitigateAudit(stored, order, interrupt.signal);
      if (args.json) env.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
      else env.stdout.write(renderMitigation(report, styleFor(env.stdout, env.env)));
      return exitCodeFor(report);
    } finally {
      interrupt.end();
    }
  },
});

function exitCodeFor({ taskStatus }: MitigationReport): ExitCode {
  if (taskStatus === 'CANCELED') return EXIT.interrupted;
  return taskStatus === 'FAILED' ? EXIT.unmet : EXIT.met;
}
