/** `doppelfleet audits suppress|unsuppress|suppressions`: findings to live with. */
import {
  type AuditSuppression,
  addSuppression,
  CHECK_IDS,
  CHECKS,
  type CheckId,
  EXIT,
  IDENTIFIER_KEYS,
  isExpired,
  type Problem,
  parseInstant,
  parseSuppression,
  printable,
  readSuppressions,
  removeSuppressions,
  resourceName,
  suppressionKey,
  suppressionsFile,
  table,
  UserError,
} from '../../index.ts';
import { defineCommand } from '../command.ts';
import { styleFor } from '../environment.ts';
import { jsonOption } from '../options.ts';
import { auditsOption } from './audit-options.ts';

export const suppressCommand = defineCommand({
  command: 'suppress <check> <resource>',
  describe: 'Suppress the findings of a check about a resource',
  examples: [
    ['$0 audits suppress CONFLICTING_CLIENT_IDS_CHECK pump-1 --until 2027-01-31', 'to a date'],
    [
      '$0 audits suppress DEVICE_CERTIFICATE_SHARED_CHECK <certificate ID> --indefinitely --description "claim certificate"',
      'for good',
    ],
  ],
  options: (parser) =>
    auditsOption(jsonOption(parser))
      .positional('check', { choices: CHECK_IDS, demandOption: true, describe: 'Which check' })
      .positional('resource', {
        type: 'string',
        demandOption: true,
        describe: 'Client ID or certificate ID, as the finding names it',
      })
      .option('until', { type: 'string', describe: 'ISO 8601 time or date (UTC) of its end' })
      .option('indefinitely', { type: 'boolean', describe: 'Without an end' })
      .option('description', { type: 'string', describe: 'Why' })
      .option('suppressions', { type: 'string', normalize: true, describe: 'Another YAML file' }),
  async run(args, env) {
    const suppression = suppressionFrom({
      checkName: args.check,
      resourceIdentifier: identifier(args.check, args.resource),
      ...(args.until === undefined ? {} : { expirationDate: args.until }),
      ...(args.indefinitely === undefined ? {} : { suppressIndefinitely: args.indefinitely }),
      ...(args.description === undefined ? {} : { description: args.description }),
    });
    await addSuppression(args.suppressions ?? suppressionsFile(args.audits), suppression);
    if (args.json) env.stdout.write(`${JSON.stringify(suppression, null, 2)}\n`);
    return EXIT.met;
  },
});

export const unsuppressCommand = defineCommand({
  command: 'unsuppress <check> <resource>',
  describe: 'Remove a suppression',
  examples: [['$0 audits unsuppress CONFLICTING_CLIENT_IDS_CHECK pump-1', 'it counts again']],
  options: (parser) =>
    auditsOption(parser)
      .positional('check', { choices: CHECK_IDS, demandOption: true, describe: 'Which check' })
      .positional('resource', { type: 'string', demandOption: true, describe: 'Which resource' })
      .option('suppressions', { type: 'string', normalize: true, describe: 'Another YAML file' }),
  async run(args) {
    const key = suppressionKey(args.check, identifier(args.check, args.resource));
    const removed = await removeSuppressions(
      args.suppressions ?? suppressionsFile(args.audits),
      (one) =>
        suppressionKey(one.checkName, one.resourceIdentifier) === key ||
        (one.checkName === args.check && resourceName(one.resourceIdentifier) === args.resource),
    );
    if (removed.length > 0) return EXIT.met;
    throw new UserError(EXIT.usage, {
      message: `there is no suppression of ${args.check} on ${printable(args.resource, 80)}`,
      hint: 'audits suppressions shows them',
    });
  },
});

export const suppressionsCommand = defineCommand({
  command: 'suppressions',
  describe: 'List suppressions, those that end first in front',
  examples: [['$0 audits suppressions', 'expired ones are marked']],
  options: (parser) =>
    auditsOption(jsonOption(parser))
      .option('suppressions', { type: 'string', normalize: true, describe: 'Another YAML file' })
      .option('check', { choices: CHECK_IDS, describe: 'Only of this check' })
      .option('now', { type: 'string', describe: 'ISO 8601 time that stands in for the clock' }),
  async run(args, env) {
    const now = args.now === undefined ? Date.now() : parseInstant(args.now);
    const file = args.suppressions ?? suppressionsFile(args.audits);
    const all = await readSuppressions(file, { required: args.suppressions !== undefined });
    const listed = all
      .filter(({ checkName }) => args.check === undefined || checkName === args.check)
      .map((suppression) => ({ ...suppression, expired: isExpired(suppression, now) }))
      .sort((a, b) => end(a) - end(b));
    if (args.json) env.stdout.write(`${JSON.stringify({ suppressions: listed }, null, 2)}\n`);
    else {
      const rows = listed.map((one) =>
        [
          one.checkName,
          shortName(one),
          `${until(one)}${one.expired ? ' (expired)' : ''}`,
          printable(one.description ?? '', 200),
        ].map((text) => [[text, String]] as const),
      );
      const style = styleFor(env.stdout, env.env);
      const shares = [0.32, 0.25, 0.22, 0.21];
      env.stdout.write(`${table(['Check', 'Resource', 'Until', 'Why'], rows, style, shares)}\n`);
    }
    return EXIT.met;
  },
});

/** The same rules as in the file. */
function suppressionFrom(entry: unknown): AuditSuppression {
  const problems: Problem[] = [];
  const suppression = parseSuppression(entry, (within, problem) => {
    problems.push({ path: within.join('.'), ...problem });
  });
  if (suppression !== undefined) return suppression;
  throw new UserError(EXIT.usage, problems.map(inOptions));
}

/** The file's words, as options. */
function inOptions({ message, hint, ...rest }: Problem): Problem {
  const dated = hint?.startsWith('write one: ');
  if (dated) return { message: `it ${message}`, hint: 'give --until <date> or --indefinitely' };
  if (rest.path === 'expirationDate') {
    const given = 'write ISO 8601 with a zone, or a date in UTC';
    return { message: '--until is not a point in time', hint: given };
  }
  return { message, ...(hint === undefined ? {} : { hint }) };
}

function identifier(check: CheckId, resource: string) {
  const key = IDENTIFIER_KEYS[CHECKS[check].resourceType];
  if (key !== 'issuerCertificateIdentifier') return { [key]: resource };
  const isId = /^[0-9a-f]{64}$/i.test(resource);
  return {
    issuerCertificateIdentifier: isId
      ? { issuerId: resource }
      : { issuerCertificateSubject: resource },
  };
}

function shortName({ resourceIdentifier }: AuditSuppression): string {
  const name = resourceName(resourceIdentifier);
  return /^[0-9a-f]{64}$/.test(name) ? `${name.slice(0, 16)}…` : printable(name, 80);
}

function end({ expirationDate }: AuditSuppression): number {
  return expirationDate ?? Number.MAX_VALUE;
}

function until({ expirationDate }: AuditSuppression): string {
  return expirationDate === undefined
    ? 'indefinitely'
    : new Date(expirationDate * 1000).toISOString().replace('.000Z', 'Z');
}
