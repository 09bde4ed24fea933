/** The embedded broker's configuration: a small YAML file, each key with a safe default. */
import { z } from 'zod';
import { EXIT, type Problem, UserError } from '../../core/errors.ts';
import { nearest, printable } from '../../core/text.ts';
import { parseDurationMs } from '../../core/time.ts';
import { parseYaml } from '../../core/yaml-document.ts';
import type { BrokerConfiguration } from '../configuration.ts';
import { renderConfiguration } from '../render-configuration.ts';
import type { EmbeddedRules } from './messages.ts';

const CONNECT_TIMEOUT_MS_MAX = 600_000;

const duration = z
  .string()
  .transform((text) => parseDurationMs(text) ?? 0)
  .pipe(z.number().min(1).max(CONNECT_TIMEOUT_MS_MAX));

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
};

const FORMS: Readonly<Record<string, string>> = {
  port: 'write {{port}}',
  clientId: 'write any or common-name',
  topics: 'write all or own',
  connectTimeout: 'write a duration of at most 10m, such as 5s',
};

const schema = z.strictObject(KEYS);

/** The rules of the file, or the defaults. Throws a `UserError` (65) with every problem. */
export function embeddedRules(configuration: BrokerConfiguration | undefined): EmbeddedRules {
  const parsed = configuration === undefined ? DEFAULTS : parse(configuration);
  const { port: _, connectTimeout: connectTimeoutMs, ...rules } = parsed;
  return { ...rules, connectTimeoutMs };
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
    for (const issue of result.error.issues) {
      if (issue.code === 'unrecognized_keys') {
        for (const key of issue.keys) {
          problems.push({ file, ...document.locateKey([], key), ...unknownKey(key) });
        }
        continue;
      }
      const path = issue.path.join('.');
      const hint = FORMS[path] ?? 'write true or false';
      problems.push({
        file,
        ...document.locate(issue.path),
        ...(path === '' ? NO_MAP : { path, message: 'this value is not allowed here', hint }),
      });
    }
  }
  throw new UserError(EXIT.invalidInput, problems);
}

const NO_MAP = {
  message: 'a configuration is a map of keys',
  hint: 'begin with: port: {{port}}',
} as const;

function unknownKey(key: string): Pick<Problem, 'message' | 'hint'> {
  const known = Object.keys(KEYS);
  const near = nearest(key, known);
  return {
    message: `unknown key "${printable(key, 60)}"`,
    hint: near ? `did you mean ${near}?` : `known are ${known.join(', ')}`,
  };
}
