/** Mitigation of an audit that is over: findings can be published; there is no broker to change. */
import { randomUUID } from 'node:crypto';
import { writeFileAtomic } from '../core/files.ts';
import { realClock } from '../fleet/real-clock.ts';
import { runMitigationTask } from '../mitigation/run-task.ts';
import type { StoredAudit } from '../mitigation/stored-audit.ts';
import type { MitigationReport } from '../mitigation/task.ts';
import { NO_TRAIL, openTrail } from '../mitigation/trail.ts';
import { type MitigationOrder, performersFor } from './mitigate.ts';
import { toolVersion } from './tool-version.ts';

/** Writes its record and trail into `folder`; a dry run writes nothing. */
export async function mitigateAudit(
  { audit, folder }: StoredAudit,
  order: MitigationOrder,
  signal: AbortSignal,
): Promise<MitigationReport> {
  const clock = realClock;
  const taskId = randomUUID();
  const { dryRun, mitigation } = order;
  const about = { name: 'mitigation', taskId, tool: toolVersion() } as const;
  const files = dryRun ? undefined : openTrail(folder, { ...about, now: Math.round(clock.now()) });
  const trail = files?.trail ?? NO_TRAIL;
  try {
    const performers = performersFor(order, { clock, signal });
    const job = { taskId, mitigation, audit, performers, trail, clock, signal, dryRun };
    const report = await runMitigationTask(job);
    if (files !== undefined) {
      await writeFileAtomic(files.record, `${JSON.stringify(report, null, 2)}\n`);
    }
    return report;
  } finally {
    trail.close();
  }
}
