/**
 * Where the expectations of reports stand in their scenario files, for annotations. A file that can't
 * be read, has changed into something else, or lies outside the repository has no place: nothing fails.
 */
import { realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { UserError } from '../core/errors.ts';
import { type ParsedDocument, parseYaml } from '../core/yaml-document.ts';
import type { PlaceOf } from '../report/github.ts';
import type { Report } from '../report/report.ts';
import type { ScriptReport } from '../report/script-report.ts';
import { readScenarioText } from '../scenario/scenario-text.ts';
import type { ExpectationResult } from '../verdict/expectation.ts';

type Path = readonly (string | number)[];

/** Reads the scenario files once; `root` is the folder of the repository. */
export async function expectationPlaces(
  reports: readonly (Report | ScriptReport)[],
  root: string,
): Promise<PlaceOf> {
  const files = [...new Set(reports.map(({ scenario }) => scenario.file))];
  const found = new Map<string, { readonly name: string; readonly document?: ParsedDocument }>();
  for (const file of files) {
    const name = await repositoryPath(file, root);
    if (name === undefined) continue;
    const document = await documentOf(file);
    found.set(file, { name, ...(document === undefined ? {} : { document }) });
  }
  return (report, { run, expectation, line }) => {
    const known = found.get(report.scenario.file);
    if (known === undefined) return {};
    const { name: file, document } = known;
    if (line !== undefined) return { file, line };
    if (document === undefined || expectation === undefined) return { file, line: 1 };
    return {
      file,
      line: 1,
      ...document.locate(pathOf(expectation, document.value, run?.fix?.name)),
    };
  };
}

/** The path as GitHub knows the file, with slashes; undefined for one that is not in the repository. */
export async function repositoryPath(file: string, root: string): Promise<string | undefined> {
  const [from, to] = await Promise.all([real(resolve(root)), real(resolve(root, file))]);
  const path = relative(from, to);
  if (path === '' || path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path)) {
    return undefined;
  }
  return path.split(sep).join('/');
}

/** Without symbolic links, if it exists. */
async function real(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

async function documentOf(file: string): Promise<ParsedDocument | undefined> {
  try {
    return parseYaml(await readScenarioText(file), file);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** The path of the words that state it; the nearest there is, down to the document itself. */
function pathOf(
  { kind, text }: ExpectationResult,
  scenario: unknown,
  fix: string | undefined,
): Path {
  const base = fix === undefined ? ['expect'] : ['expect', 'after', fix];
  switch (kind) {
    case 'planted':
    case 'no-other':
    case 'none':
      return [...base, 'findings'];
    case 'expected':
    case 'forbidden':
      return [...base, 'findings', kind];
    case 'threshold':
      return [...base, 'thresholds', indexOf(text, at(scenario, [...base, 'thresholds']))];
    case 'quiet':
      return ['settle'];
    case 'generator':
      return ['limits', 'latenessP99'];
    default:
      return [];
  }
}

function indexOf(text: string, thresholds: unknown): number {
  const plain = (one: unknown) => String(one).replace(/\s+/g, '');
  const index = Array.isArray(thresholds)
    ? thresholds.findIndex((one) => plain(one) === plain(text))
    : -1;
  return Math.max(0, index);
}

/** The value at a path of plain data. */
function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key)
        ? (inner as Readonly<Record<string | number, unknown>>)[key]
        : undefined,
    value,
  );
}
