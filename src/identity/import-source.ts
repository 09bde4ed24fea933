/**
 * Finds the PEM pairs of an import: a folder of files that share a stem, or a CSV that names them.
 * csv-parse has its home here. Reading goes on after a problem, so that all are told at once.
 */
import { readdir } from 'node:fs/promises';
import { dirname, extname, join, resolve } from 'node:path';
import { fileError, type Problem, UserError } from '../core/errors.ts';
import { nearest, printable } from '../core/text.ts';
import { readInput } from './store-files.ts';

/** A text with the name that messages give it. */
export interface SourceFile {
  readonly file: string;
  readonly text: string;
  readonly loose: boolean;
}

/** What is meant to be one device's certificate and key. */
export interface Candidate {
  /** Base of the name in the store. */
  readonly stem: string;
  readonly thingName?: string;
  /** Certificate first; one file may hold both. */
  readonly files: readonly SourceFile[];
  /** Line of the CSV that named it. */
  readonly row?: { readonly file: string; readonly line: number };
}

/** Candidates and what was wrong on the way. */
export interface Source {
  readonly candidates: readonly Candidate[];
  readonly problems: readonly Problem[];
}

const EXTENSIONS = new Set(['.pem', '.crt', '.cer', '.key']);

/** Groups the PEM files of a folder by stem; subfolders are not searched. */
export async function readFolder(folder: string): Promise<Source> {
  const problems: Problem[] = [];
  const groups = new Map<string, SourceFile[]>();
  const names = await listFiles(folder);
  for (const name of names
    .filter((at) => EXTENSIONS.has(extname(at).toLowerCase()))
    .sort(keyLast)) {
    const source = await readSource(join(folder, name), problems);
    if (source === undefined) continue;
    const stem = stemOf(name);
    groups.set(stem, [...(groups.get(stem) ?? []), source]);
  }
  if (groups.size === 0 && problems.length === 0) {
    problems.push({
      file: printable(folder),
      message: 'holds no certificate files',
      hint: 'expected x.pem or x.crt with x.key beside it, or both in one x.pem',
    });
  }
  const candidates = [...groups].map(([stem, files]) => ({ stem, files }));
  return { candidates, problems };
}

/** Reads a CSV with columns `thingName` (optional), `certificate` and `key`; paths relative to it. */
export async function readCsv(path: string): Promise<Source> {
  const file = printable(path);
  const { text } = await readInput(path);
  const problems: Problem[] = [];
  const [header, ...rows] = await parseCsv(text, file, problems);
  if (header === undefined) {
    if (problems.length === 0) problems.push({ file, message: 'is empty', hint: COLUMNS_HINT });
    return { candidates: [], problems };
  }
  problems.push(...headerProblems(header, file));
  if (problems.length > 0) return { candidates: [], problems };
  const candidates: Candidate[] = [];
  for (const { cells, line } of rows) {
    const row = { file, line };
    if (cells.length !== header.cells.length) {
      const message = `has ${cells.length} cells, the header has ${header.cells.length}`;
      problems.push({ ...row, message });
      continue;
    }
    const cell = (column: string): string => cells[header.cells.indexOf(column)] ?? '';
    const certificate = cell('certificate');
    if (certificate === '') {
      problems.push({ ...row, message: 'names no certificate' });
      continue;
    }
    const thingName = cell('thingName');
    const paths = [...new Set([certificate, cell('key') || certificate])];
    const own: Problem[] = [];
    const files = await Promise.all(
      paths.map((at) => readSource(resolve(dirname(path), at), own, at)),
    );
    problems.push(...own.map((problem) => ({ ...problem, ...row })));
    if (own.length > 0) continue;
    candidates.push({
      stem: thingName || stemOf(certificate.split(/[\\/]/).at(-1) ?? ''),
      ...(thingName === '' ? {} : { thingName }),
      files: files.filter((source) => source !== undefined),
      row,
    });
  }
  return { candidates, problems };
}

const COLUMNS = ['thingName', 'certificate', 'key'] as const;
const COLUMNS_HINT = 'the first line names the columns: thingName (optional), certificate, key';

/** `x.pem`, `x.crt`, `x.key` → `x`; also the names that AWS IoT gives to its downloads. */
function stemOf(name: string): string {
  const stem = name.slice(0, name.length - extname(name).length);
  return stem.replace(/(-certificate|-private|-public)?\.pem$/, '') || stem;
}

/** Certificates before keys, so that a message about a pair names the certificate. */
function keyLast(a: string, b: string): number {
  const rank = (name: string): string => `${extname(name) === '.key' ? 1 : 0}${name}`;
  return rank(a) < rank(b) ? -1 : 1;
}

async function listFiles(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    throw fileError(error, 'read', printable(folder));
  }
}

async function readSource(
  path: string,
  problems: Problem[],
  name = path,
): Promise<SourceFile | undefined> {
  try {
    return { file: printable(name), ...(await readInput(path)) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

interface Row {
  readonly cells: readonly string[];
  readonly line: number;
}

async function parseCsv(text: string, file: string, problems: Problem[]): Promise<Row[]> {
  const { CsvError, parse } = await import('csv-parse/sync');
  const rows: Row[] = [];
  try {
    parse(text, {
      bom: true,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
      max_record_size: 65_536,
      on_record: (cells: string[], { lines }) => {
        rows.push({ cells, line: lines });
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error.lines === 'number' ? { line: error.lines } : {};
    problems.push({
      file,
      ...line,
      message: `is not CSV: ${printable(error.code)}`,
      hint: 'quote cells that hold commas or quotation marks, and close every quotation mark',
    });
  }
  return rows;
}

function headerProblems({ cells, line }: Row, file: string): Problem[] {
  const problems: Problem[] = [];
  for (const [index, cell] of cells.entries()) {
    const guess = nearest(cell, COLUMNS);
    if (!COLUMNS.some((column) => column === cell)) {
      const hint = guess === undefined ? COLUMNS_HINT : `did you mean ${guess}?`;
      problems.push({ file, line, message: `unknown column "${printable(cell, 60)}"`, hint });
    } else if (cells.indexOf(cell) !== index) {
      problems.push({ file, line, message: `column ${cell} stands twice` });
    }
  }
  for (const column of ['certificate', 'key']) {
    if (!cells.includes(column)) {
      problems.push({ file, line, message: `no column ${column}`, hint: COLUMNS_HINT });
    }
  }
  return problems;
}
