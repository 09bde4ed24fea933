/** Baselines as files. What is read was perhaps written by hand or merged badly: it is checked. */
import { z } from 'zod';
import { EXIT, type Problem, systemCode, UserError } from '../core/errors.ts';
import { readBounded, writeFileAtomic } from '../core/files.ts';
import { BASELINE_BYTES_MAX } from '../core/limits.ts';
import { printable } from '../core/text.ts';
import { BASELINE_VERSION, type Baseline, formatBaseline } from './baseline.ts';
import { cellId } from './cell.ts';

const outcome = z.enum(['met', 'unmet', 'inconclusive']);
const text = z.string().max(10_000);

const schema = z.object({
  doppelfleet: z.literal('matrix-baseline'),
  baselineVersion: z.literal(BASELINE_VERSION),
  toolVersion: text,
  matrix: text,
  brokers: z.record(text, text),
  cells: z.array(
    z.object({
      broker: text,
      configuration: text,
      scenario: text,
      mqttVersion: z.enum(['3.1.1', '5']),
      outcome,
      expectations: z.array(
        z.object({ text, outcome, risk: text.optional() }).transform(({ risk, ...one }) => ({
          ...one,
          ...(risk === undefined ? {} : { risk }),
        })),
      ),
    }),
  ),
});

/** Reads a baseline. Throws a `UserError` (65) for what is none, with the place in the file. */
export async function readBaseline(file: string): Promise<Baseline> {
  const hint = 'a baseline has a line for each expectation; is it another file?';
  return parseBaseline(await readBounded(file, BASELINE_BYTES_MAX, hint), file);
}

/** The same, or undefined where there is no file. */
export async function readBaselineIfAny(file: string): Promise<Baseline | undefined> {
  try {
    return await readBaseline(file);
  } catch (error) {
    if (error instanceof UserError && systemCode(error.cause) === 'ENOENT') return undefined;
    throw error;
  }
}

export async function writeBaseline(file: string, baseline: Baseline): Promise<void> {
  await writeFileAtomic(file, formatBaseline(baseline));
}

export function parseBaseline(content: string, file: string): Baseline {
  const hint = 'record it again with --record, or resolve the merge conflict in it';
  const fail = (problems: readonly Omit<Problem, 'file'>[]): never => {
    throw new UserError(
      EXIT.invalidInput,
      problems.map((problem) => ({ file, hint, ...problem })),
    );
  };
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    return fail([{ message: `no JSON: ${printable((error as Error).message)}` }]);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    return fail(
      parsed.error.issues.slice(0, 20).map(({ path, message }) => ({
        path: path.map((part) => printable(String(part), 60)).join('.'),
        message: printable(message),
      })),
    );
  }
  const seen = new Set<string>();
  const twice = parsed.data.cells.filter((cell) => {
    const id = cellId(cell);
    return seen.has(id) || !seen.add(id);
  });
  if (twice.length > 0) {
    return fail(twice.map((cell) => ({ message: `a cell is twice: ${printable(cellId(cell))}` })));
  }
  return parsed.data;
}
