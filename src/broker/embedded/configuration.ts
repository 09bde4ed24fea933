/** The embedded broker's configuration: a small YAML file, each key with a safe default. */
import { z } from 'zod';
import { EXIT, type Problem, UserError } from '../../core/errors.ts';
import { nearest, printable } from '../../core/text.ts';
import { parseDurationMs } from '../../core/time.ts';
import { type ParsedDocument, parseYaml } from '../../core/yaml-document.ts';
import type { BrokerConfiguration } from '../configuration.ts';
import { renderConfiguration } from '../render-configuration.ts';
import type { EmbeddedRules } from './messages.ts';

const CONNECT_TIMEOUT_MS_MAX = 600_000;

const duration = z
  .string()
  .transform((text) => parseDurationMs(text) ?? 0)
  .pipe(z.number().min(1).max(CONNECT_TIMEOUT_MS_MAX));

const BAN_MS_MAX = 86_400_000;
const CONNECTS_MAX = 10_000;
const CONNECTIONS_MAX = 1_000_000;
const QUARANTINE_MAX = 100_000;

const banDuration = z
  .string()
  .transform((text) => parseDurationMs(text) ?? 0)
  .pipe(z.number().min(1).max(BAN_MS_MAX));

const KEYS = {
  /** `{{port}}`; the broker takes a free one. */
  port: z.literal(0),
  /** Devices without a certificate of the fleet's authority are refused. */
  requireCertificate: z.boolean().default(true),
  /** The authority of `otherCaPem` is accepted as well. */
  trustOther: z.boolean().default(false),
  /** Which client IDs a device may use. */
  clientId: z.enum(['any', 'common-name']).default('any'),
  /** Which topics: all, or those below `fleet/<common name>/`. */
  topics: z.enum(['all', 'own']).default('all'),
  /** TLS sessions can be resumed. */
  sessionTickets: z.boolean().default(false),
  /** How long a connection may take until its CONNECT. */
  connectTimeout: duration.default(30_000),
  /** How many may be connected at once. */
  connectionsMax: z.int().min(1).max(CONNECTIONS_MAX).optional(),
  /** A client ID that connects more than `connects` times within a time is refused for a while. */
  flappingBan: z
    .strictObject({
      connects: z.int().min(1).max(CONNECTS_MAX),
      within: banDuration,
      ban: banDuration,
    })
    .optional(),
  /** Common names that may use topics below `quarantine/<common name>/` only. */
  quarantine: z.array(z.string().min(1)).max(QUARANTINE_MAX).default([]),
};

const BOOLEAN = 'write true or false';
const NAMES = 'write a list of common names, such as [pump-1]';
const FORMS: Readonly<Record<string, string>> = {
  port: 'write {{port}}',
  clientId: 'write any or common-name',
  topics: 'write all or own',
  connectTimeout: 'write a duration of at most 10m, such as 5s',
  connectionsMax: `write a whole number from 1 to ${CONNECTIONS_MAX}`,
  flappingBan: 'write { connects: 15, within: 1m, ban: 5m }',
  'flappingBan.connects': `write a whole number from 1 to ${CONNECTS_MAX}`,
  'flappingBan.within': 'write a duration of at most 24h, such as 1m',
  'flappingBan.ban': 'write a duration of at most 24h, such as 5m',
  quarantine: NAMES,
};

const BAN_KEYS = ['connects', 'within', 'ban'];

const schema = z.strictObject(KEYS);

/** The rules of the file, or the defaults. Throws a `UserError` (65) with every problem. */
export function embeddedRules(configuration: BrokerConfiguration | undefined): EmbeddedRules {
  const parsed = configuration === undefined ? DEFAULTS : parse(configuration);
  const { port: _, connectTimeout: connectTimeoutMs, flappingBan: ban, ...rules } = parsed;
  return {
    ...rules,
    connectTimeoutMs,
    ...(ban === undefined
      ? {}
      : { flappingBan: { connectsMax: ban.connects, windowMs: ban.within, banMs: ban.ban } }),
  };
}

const DEFAULTS = schema.parse({ port: 0 });

function parse(configuration: BrokerConfiguration): z.infer<typeof schema> {
  const { path: file, main } = configuration;
  const { files } = renderConfiguration(configuration, { port: '0' }, '.');
  const document = parseYaml(files.get(main) ?? '', file);
  const problems: Problem[] = [...document.problems];
  if (problems.length === 0) {
    const result = schema.safeParse(document.value);
    if (result.success) return result.data;
    problems.push(...result.error.issues.flatMap((issue) => problemsOf(issue, document, file)));
  }
  throw new UserError(EXIT.invalidInput, problems);
}

function problemsOf(issue: z.core.$ZodIssue, document: ParsedDocument, file: string): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    const known = issue.path.length === 0 ? Object.keys(KEYS) : BAN_KEYS;
    return issue.keys.map((key) => ({
      file,
      ...document.locateKey(issue.path, key),
      ...unknownKey(key, known),
    }));
  }
  const path = issue.path.join('.');
  const hint = FORMS[path] ?? (path.startsWith('quarantine.') ? NAMES : BOOLEAN);
  const words = path === '' ? NO_MAP : { path, message: 'this value is not allowed here', hint };
  return [{ file, ...document.locate(issue.path), ...words }];
}

const NO_MAP = {
  message: 'a configuration is a map of keys',
  hint: 'begin with: port: {{port}}',
} as const;

function unknownKey(key: string, known: readonly string[]): Pick<Problem, 'message' | 'hint'> {
  const near = nearest(key, known);
  return {
    message: `unknown key "${printable(key, 60)}"`,
    hint: near ? `did you mean ${near}?` : `known are ${known.join(', ')}`,
  };
}
