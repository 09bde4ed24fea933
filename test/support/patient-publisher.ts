/** Runs publishing actions on findings, without waiting: the pauses are recorded instead. */
import type { AuditFinding } from '../../src/audit/finding.ts';
import type { Clock } from '../../src/core/time.ts';
import type { LoadedMitigation } from '../../src/mitigation/actions-file.ts';
import { missingBroker } from '../../src/mitigation/missing-broker.ts';
import { publishPerformer } from '../../src/mitigation/publish/publisher.ts';
import { runMitigationTask } from '../../src/mitigation/run-task.ts';
import { memoryTrail } from './mitigation-samples.ts';

export interface PublishRun {
  readonly mitigation: LoadedMitigation;
  readonly findings: readonly AuditFinding[];
  readonly secret?: Buffer;
  /** What full jitter draws. */
  readonly random?: number;
}

export async function publishFindings({ mitigation, findings, secret, random = 1 }: PublishRun) {
  const waits: number[] = [];
  // Time stands still but for what is waited for, so that waits are whole numbers.
  let present = Date.now();
  const clock: Clock = {
    now: () => present,
    schedule: (at, run) => {
      waits.push(at - present);
      present = at;
      const immediate = setImmediate(run);
      return () => clearImmediate(immediate);
    },
  };
  const signal = new AbortController().signal;
  const trail = memoryTrail();
  const publish = publishPerformer({
    mitigation,
    secret,
    mqttFiles: new Map(),
    clock,
    signal,
    random: () => random,
  });
  const record = await runMitigationTask({
    taskId: 'mitigation-1',
    mitigation,
    audit: { findings, taskId: 'audit-1' },
    performers: {
      UPDATE_DEVICE_CERTIFICATE: missingBroker,
      ADD_THINGS_TO_THING_GROUP: missingBroker,
      PUBLISH_FINDING_TO_SNS: publish,
      DOPPELFLEET_PUBLISH_FINDING: publish,
    },
    trail,
    clock,
    signal,
    dryRun: false,
  });
  const attempts = trail.entries.filter(({ phase }) => phase === 'attempt');
  return { record, waits, attempts: attempts.map(({ what, detail }) => `${what} (${detail})`) };
}
