/**
 * `--export <kind>[:<variant>]=<file>`: what to write of an audit besides what is shown. Everything
 * that is wrong with the requests is said before the audit starts; files are whole or absent.
 */
import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Argv } from 'yargs';
import {
  type AuditResult,
  checkExportOptions,
  DEFAULT_ACCOUNT,
  DEFAULT_REGION,
  EXIT,
  EXPORTS,
  type ExportId,
  type ExportOptions,
  fileError,
  nearest,
  type PreviousAudit,
  type Problem,
  parsePrevious,
  printable,
  renderExport,
  toolVersion,
  UserError,
  writeFileAtomic,
} from '../index.ts';
import type { OutputStream } from './environment.ts';

interface ExportRequest {
  readonly id: ExportId;
  readonly variant: string | undefined;
  /** `-` is standard output. */
  readonly file: string;
}

const KINDS = Object.keys(EXPORTS) as ExportId[];
const FORM = 'write <kind>=<file>, such as sarif=audit.sarif, or <kind>=- for standard output';

export function exportOptions<T>(parser: Argv<T>) {
  return parser
    .option('export', {
      type: 'string',
      array: true,
      nargs: 1,
      describe: `Write <kind>=<file>, - for stdout; repeatable; ${KINDS.join(', ')} (list exports)`,
    })
    .option('previous', {
      type: 'string',
      normalize: true,
      describe: 'The audit before (--json) or its ASFF export: archives and compares',
    })
    .option('account', {
      type: 'string',
      describe: `AWS account that exports name, ${DEFAULT_ACCOUNT} by default`,
    })
    .option('region', {
      type: 'string',
      describe: `AWS region that exports name, ${DEFAULT_REGION} by default`,
    });
}

interface ExportArguments {
  readonly json: boolean;
  readonly export?: readonly string[] | undefined;
  readonly previous?: string | undefined;
  readonly account?: string | undefined;
  readonly region?: string | undefined;
}

export interface PreparedExports {
  /** Standard output belongs to an export. */
  readonly printed: boolean;
  /** Writes every export: files atomically. */
  write(audit: AuditResult): Promise<void>;
}

/** Everything that can be wrong is found here, before the audit: throws a {@link UserError}. */
export async function prepareExports(
  args: ExportArguments,
  stdout: OutputStream,
): Promise<PreparedExports> {
  const requests = parseExports(args.export ?? [], args);
  const { account, region, previous } = args;
  if (requests.length === 0 && (previous ?? account ?? region) !== undefined) {
    throw new UserError(EXIT.usage, {
      message: '--previous, --account and --region belong to an --export',
      hint: FORM,
    });
  }
  const options: ExportOptions = {
    ...(account === undefined ? {} : { account }),
    ...(region === undefined ? {} : { region }),
    baseFolder: process.cwd(),
    toolVersion: toolVersion(),
  };
  checkExportOptions(options);
  await checkExportFolders(requests);
  const before = previous === undefined ? {} : { previous: await readPrevious(previous) };
  return {
    printed: requests.some(({ file }) => file === '-'),
    write: (audit) => writeExports(requests, audit, { ...options, ...before, stdout }),
  };
}

/** Reads the values of `--export`. Throws a {@link UserError} (64) with everything that is wrong. */
export function parseExports(
  values: readonly string[],
  { json }: { readonly json: boolean },
): readonly ExportRequest[] {
  const problems: Problem[] = [];
  const requests = values.flatMap((value) => parseExport(value, problems));
  const printed = requests.filter(({ file }) => file === '-');
  if (printed.length > 1 || (printed.length > 0 && json)) {
    problems.push({
      message: json
        ? '--json and an --export to - both want standard output'
        : `${printed.length} exports want standard output`,
      hint: 'give all but one of them a file',
    });
  }
  const files = requests.filter(({ file }) => file !== '-').map(({ file }) => resolve(file));
  for (const file of new Set(files.filter((one, i) => files.indexOf(one) !== i))) {
    problems.push({ message: `two exports go to ${printable(file)}`, hint: 'give each its own' });
  }
  if (problems.length > 0) throw new UserError(EXIT.usage, problems);
  return requests;
}

function parseExport(value: string, problems: Problem[]): readonly ExportRequest[] {
  const [, kind = '', variant, file = ''] = /^([^:=]*)(?::([^=]*))?=(.+)$/s.exec(value) ?? [];
  const id = KINDS.find((known) => known === kind);
  if (file === '') {
    problems.push({ message: `--export is not "${printable(value, 80)}"`, hint: FORM });
    return [];
  }
  if (id === undefined) {
    const near = nearest(kind, KINDS);
    problems.push({
      message: `there is no export "${printable(kind, 40)}"`,
      hint: near === undefined ? `use one of ${KINDS.join(', ')}` : `did you mean ${near}?`,
    });
    return [];
  }
  if (variant !== undefined && !Object.hasOwn(EXPORTS[id].variants, variant)) {
    const variants = Object.keys(EXPORTS[id].variants).map((one) => `${id}:${one}`);
    problems.push({
      message: `${id} has no variant "${printable(variant, 40)}"`,
      hint: variants.length > 0 ? `use ${id}, ${variants.join(', ')}` : `use ${id}`,
    });
    return [];
  }
  return [{ id, variant, file }];
}

/** Throws a {@link UserError} (65) when a file could not be written for want of its folder. */
async function checkExportFolders(requests: readonly ExportRequest[]): Promise<void> {
  const files = requests.map(({ file }) => file).filter((file) => file !== '-');
  const problems = await Promise.all(
    files.map(async (file): Promise<readonly Problem[]> => {
      const folder = dirname(resolve(file));
      const there = await stat(folder).catch(() => undefined);
      if (there?.isDirectory()) return [];
      return [
        {
          message: `cannot write ${printable(file)}: there is no folder ${printable(folder)}`,
          hint: 'make the folder first',
        },
      ];
    }),
  );
  if (problems.flat().length > 0) throw new UserError(EXIT.invalidInput, problems.flat());
}

/** The earlier audit that `--previous` names. Throws a {@link UserError} (65) when it is none. */
async function readPrevious(file: string): Promise<PreviousAudit> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw fileError(error, 'read', file);
  });
  return parsePrevious(text, file);
}

async function writeExports(
  requests: readonly ExportRequest[],
  audit: AuditResult,
  { stdout, ...options }: Omit<ExportOptions, 'variant'> & { readonly stdout: OutputStream },
): Promise<void> {
  for (const { id, variant, file } of requests) {
    const text = rendered(id, audit, variant === undefined ? options : { ...options, variant });
    if (file === '-') stdout.write(text);
    else await writeFileAtomic(file, text);
  }
}

function rendered(id: ExportId, audit: AuditResult, options: ExportOptions): string {
  try {
    return renderExport(id, audit, options);
  } catch (error) {
    // The engine's limit on one text, half a gigabyte.
    if (!(error instanceof RangeError)) throw error;
    throw new UserError(
      EXIT.invalidInput,
      {
        message: `the ${id} export of ${audit.findings.length} findings is too large for one file`,
        hint: 'export one check at a time with --check, or a shorter --window',
      },
      error,
    );
  }
}
