/**
 * In which order and on which brokers the cells of a matrix run: each on a broker of its own, so
 * many at once; those of a slowly starting broker configuration by configuration, on one broker.
 */
import { join } from 'node:path';
import pLimit from 'p-limit';
import type { BrokerAdapter } from '../broker/adapter.ts';
import { shareBroker } from '../broker/lease.ts';
import { configurationName } from '../matrix/cell.ts';
import { changesBroker } from '../matrix/scenario-reference.ts';
import { rememberFailure } from './matrix-brokers.ts';
import { principalsOf } from './matrix-certificates.ts';
import type { CellContext, CellJob, CellRun } from './run-cell.ts';
import { runCell } from './run-cell.ts';
import { createSubfolder } from './run-folder.ts';

/** Folder of a shared broker in that of its configuration; no scenario is named like it. */
const SHARED_FOLDER = '.broker';
/** A slowly starting broker takes a core while it starts. */
const SLOW_BROKERS_AT_ONCE = 2;

export interface LaneOptions {
  readonly context: CellContext;
  /** Cells in flight, those on slowly starting brokers not counted. */
  readonly jobs: number;
  /** Folder of the matrix. */
  readonly folder: string;
  readonly onStart: (job: CellJob) => void;
  readonly onEnd: (job: CellJob, run: CellRun) => void;
}

/** Runs a cell on the broker that its lane has for it. */
type RunOne = (job: CellJob, broker: Pick<CellJob, 'adapter' | 'clientIdSuffix'>) => Promise<void>;

/** Runs all cells; throws the first error that is no cell's result, when all have ended. */
export async function runCells(jobs: readonly CellJob[], options: LaneOptions): Promise<void> {
  const one: RunOne = async (job, broker) => {
    const { context, onStart, onEnd } = options;
    if (context.signal.aborted) return;
    onStart(job);
    const run = await runCell({ ...job, ...broker }, context);
    if (run !== undefined) onEnd(job, run);
  };
  const fast = pLimit(options.jobs);
  const slow = pLimit(SLOW_BROKERS_AT_ONCE);
  const work: Promise<void>[] = [];
  for (const group of byConfiguration(jobs)) {
    const [first] = group;
    if (first === undefined) continue;
    const adapter = rememberFailure(first.adapter);
    if (first.adapter.startsSlowly) {
      work.push(slow(() => runShared(group, adapter, options, one)));
    } else work.push(...group.map((job) => fast(() => one(job, { adapter }))));
  }
  const ended = await Promise.allSettled(work);
  const failed = ended.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** The cells of one configuration, one after the other on one broker. */
async function runShared(
  jobs: readonly CellJob[],
  adapter: BrokerAdapter,
  { context, folder }: LaneOptions,
  one: RunOne,
): Promise<void> {
  const [first] = jobs;
  if (first === undefined) return;
  const shared = jobs.filter((job) => !changesBroker(job.scenario));
  const name = configurationName(first.key);
  const broker = shareBroker(adapter, {
    workFolder: await createSubfolder(folder, join(name, SHARED_FOLDER)),
    principals: [...new Set(shared.flatMap((job) => principalsOf(job.scenario)))],
  });
  const onKill = (): void => broker.kill();
  context.killSignal.addEventListener('abort', onKill);
  try {
    for (const [index, job] of shared.entries()) {
      await one(job, { adapter: broker.adapter, clientIdSuffix: `-${index + 1}` });
    }
  } finally {
    context.killSignal.removeEventListener('abort', onKill);
    await broker.close();
  }
  const alone = jobs.filter((job) => changesBroker(job.scenario));
  for (const job of alone) await one(job, { adapter });
}

function byConfiguration(jobs: readonly CellJob[]): Iterable<readonly CellJob[]> {
  const groups = new Map<string, CellJob[]>();
  for (const job of jobs) {
    const name = configurationName(job.key);
    groups.set(name, [...(groups.get(name) ?? []), job]);
  }
  return groups.values();
}
