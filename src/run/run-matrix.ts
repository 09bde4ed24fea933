/**
 * Runs the cells of a matrix and judges the whole. One cell's trouble is its own; results are
 * written as they come, so that a crash loses only what was in flight.
 */
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { EXIT, UserError } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import { shellWord } from '../core/shell-word.ts';
import { plural } from '../core/text.ts';
import { realClock } from '../fleet/real-clock.ts';
import { compareWithBaseline } from '../matrix/baseline.ts';
import { type CellKey, type CellResult, cellName, configurationName } from '../matrix/cell.ts';
import { noOutcome } from '../matrix/cell-outcome.ts';
import { type ExpandedMatrix, expandMatrix, leftOutNotes, selectCells } from '../matrix/expand.ts';
import type { LoadedMatrix } from '../matrix/loader.ts';
import { judgePairs } from '../matrix/pair.ts';
import { MATRIX_RESULT_VERSION, type MatrixResult, matrixOutcome } from '../matrix/result.ts';
import { type CellSelection, cellFilter } from '../matrix/select.ts';
import { renderMatrixJson } from '../report/matrix/json.ts';
import { Notes, Results } from './matrix-book.ts';
import { findBrokers } from './matrix-brokers.ts';
import { issueCertificates } from './matrix-certificates.ts';
import { runCells } from './matrix-lanes.ts';
import type { MatrixOptions } from './matrix-ports.ts';
import type { CellContext, CellJob } from './run-cell.ts';
import { createRunFolder } from './run-folder.ts';
import { toolVersion } from './tool-version.ts';

/** Cells mostly wait; this many keep two cores busy without making our own connects late. */
const JOBS = 16;

/** The cells of a matrix that are wanted. Throws a `UserError` (64) if there are none. */
export function planMatrix(matrix: LoadedMatrix, selection: CellSelection = {}): ExpandedMatrix {
  const planned = selectCells(expandMatrix(matrix.definition), cellFilter(selection));
  if (planned.cells.length > 0) return planned;
  throw new UserError(EXIT.usage, {
    message: 'no cell of the matrix fits what was asked for',
    hint: '--list shows the cells; a pattern is held against <broker>/<configuration>/<scenario>',
  });
}

/**
 * Runs a matrix and judges it. Throws a `UserError` before the first cell for what is wrong with the
 * whole; what goes wrong in a cell is its result.
 */
export async function runMatrix(
  matrix: LoadedMatrix,
  options: MatrixOptions = {},
): Promise<MatrixResult> {
  const { clock = realClock, observer = {}, jobs = JOBS } = options;
  const planned = planMatrix(matrix, options.selection);
  const startedAt = Math.round(clock.now());
  const folder = await createRunFolder(options.out ?? 'runs', startedAt, `matrix-${matrix.name}`);
  observer.planned?.({
    name: matrix.name,
    cells: planned.cells.length,
    pairs: planned.pairs.length,
    jobs,
    folder,
  });
  const notes = new Notes(observer.note);
  for (const note of leftOutNotes(planned)) notes.add(note);
  const book = new Results(folder, matrix.name, planned.cells, observer);
  const signal = options.signal ?? new AbortController().signal;
  const killSignal = options.killSignal ?? new AbortController().signal;
  // Every cell in flight listens; Node would take more than ten for a leak.
  setMaxListeners(0, signal, killSignal);
  const context: Omit<CellContext, 'trust'> = {
    certs: options.certs ?? 'certs',
    authority: options.authority ?? 'default',
    clock,
    signal,
    killSignal,
    onWarning: (message) => notes.add(message),
  };
  try {
    const runnable = await prepare(matrix, planned.cells, { folder, book, notes, options });
    const scenarios = [...new Set(runnable.map((job) => job.scenario))];
    const trust = await issueCertificates(scenarios, context);
    await runAll(runnable, { context: { ...context, trust }, jobs, folder, book, notes });
  } finally {
    await book.close();
  }
  const cells = book.inOrder();
  const pairs = judgePairs(planned.pairs, cells);
  const state = {
    name: matrix.name,
    toolVersion: toolVersion(),
    brokers: brokerVersions(cells),
    cells,
  };
  const { baseline } = options;
  const result: MatrixResult = {
    matrixVersion: MATRIX_RESULT_VERSION,
    ...state,
    folder,
    startedAt,
    endedAt: Math.round(clock.now()),
    interrupted: signal.aborted || context.killSignal.aborted,
    outcome: matrixOutcome(cells, pairs),
    pairs,
    notes: notes.all,
    ...(baseline === undefined
      ? {}
      : {
          comparison: compareWithBaseline(state, baseline.baseline, {
            file: baseline.file,
            wanted: cellFilter(options.selection ?? {}),
            skipped: book.missing(),
          }),
        }),
  };
  await writeFileAtomic(join(folder, 'matrix.json'), renderMatrixJson(result));
  return result;
}

interface Session {
  readonly folder: string;
  readonly book: Results;
  readonly notes: Notes;
}

/** What can be run; the rest is answered at once. */
async function prepare(
  { configurations, scenarios }: LoadedMatrix,
  cells: readonly CellKey[],
  { folder, book, notes, options }: Session & { readonly options: MatrixOptions },
): Promise<readonly CellJob[]> {
  const brokers = await findBrokers(cells.map((cell) => cell.broker));
  return cells.flatMap((key): readonly CellJob[] => {
    const configuration = configurations.get(configurationName(key));
    const scenario = scenarios.get(key.scenario);
    if (configuration === undefined || scenario === undefined) {
      throw new Error(`the cell ${cellName(key)} names what the matrix does not have`);
    }
    const reproduce = reproduceCommand(key, options.command);
    const { loaded, problem } = configuration;
    const missing = brokers.unavailable(key.broker);
    if (missing !== undefined) notes.add(`${key.broker} can't be tried: ${missing}`);
    if (missing !== undefined || loaded === undefined) {
      const because = missing ?? problem ?? 'the configuration could not be read';
      book.add({ ...key, ...noOutcome(because), durationMs: 0, reproduce });
      return [];
    }
    const relativeFolder = cellFolder(key);
    return [
      {
        key,
        scenario,
        adapter: brokers.adapter(key.broker),
        configuration: loaded,
        folder: join(folder, relativeFolder),
        relativeFolder,
        reproduce,
      },
    ];
  });
}

/** Runs all cells, and once more, alone, those in which only our own lateness was in the way. */
async function runAll(
  runnable: readonly CellJob[],
  session: Session & { readonly context: CellContext; readonly jobs: number },
): Promise<void> {
  const { context, jobs, folder, book, notes } = session;
  const late: CellJob[] = [];
  const onStart = (job: CellJob): void => book.started(job.key);
  await runCells(runnable, {
    context,
    jobs,
    folder,
    onStart,
    onEnd: (job, run) => {
      if (run.late) late.push(job);
      else book.add(run.result);
    },
  });
  if (late.length === 0 || context.signal.aborted) return;
  notes.add(`${plural(late.length, 'cell')} ran again alone: our own connects had been late`);
  const again = late.map((job) => ({
    ...job,
    folder: join(job.folder, 'again'),
    relativeFolder: join(job.relativeFolder, 'again'),
  }));
  const onEnd = (_job: CellJob, run: { readonly result: CellResult }) => book.add(run.result);
  for (const job of again) {
    await runCells([job], { context, jobs: 1, folder, onStart, onEnd });
  }
}

/** `mosquitto/mutual-tls/session-theft.shared-certificate/mqtt-5`: each part is a safe name. */
function cellFolder({ broker, configuration, scenario, mqttVersion }: CellKey): string {
  return join(broker, configuration, scenario.replaceAll(':', '.'), `mqtt-${mqttVersion}`);
}

function reproduceCommand(key: CellKey, command = 'npx doppelfleet matrix'): string {
  return `${command} --only ${shellWord(cellName(key))} --mqtt-version ${key.mqttVersion}`;
}

/** Of each broker that was started; a broker has one version on one machine. */
function brokerVersions(cells: readonly CellResult[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    cells.flatMap(({ broker, brokerVersion }) =>
      brokerVersion === undefined ? [] : [[broker, brokerVersion]],
    ),
  );
}
