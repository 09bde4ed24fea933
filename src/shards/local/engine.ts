/** The fleet in several processes of this machine: one core is not the limit then. */
import { plural } from '../../core/text.ts';
import type { FleetEngine } from '../fleet-engine.ts';
import { musterShards } from '../muster.ts';
import { ProcessLink } from './process-link.ts';

/** An engine with so many worker processes, from 1. */
export function workerProcesses(workers: number): FleetEngine {
  return {
    title: plural(workers, 'worker process', 'worker processes'),
    workers,
    here: workers,
    muster: (request) => {
      const links = Array.from({ length: workers }, (_, n) => new ProcessLink(`worker ${n + 1}`));
      return musterShards(request, links);
    },
  };
}
