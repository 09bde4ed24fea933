/**
 * The end of a planned rotation in a run: waits until every holder of an old certificate has been
 * seen with a new one, or the plan's time is up, and has the old ones revoked on the live broker.
 */
import { randomUUID } from 'node:crypto';
import type { BrokerUnderTest } from '../mitigation/broker-under-test.ts';
import { Journal } from '../mitigation/journal.ts';
import { finishRotation, type RotationReport } from '../mitigation/rotation.ts';
import { openTrail } from '../mitigation/trail.ts';
import type { PlannedRotation } from '../scenario/plan.ts';
import type { Interlude, LiveRun } from './interlude.ts';
import { toolVersion } from './tool-version.ts';

export interface RotationInterlude {
  readonly rotation: PlannedRotation;
  readonly folder: string;
  readonly subject: (live: LiveRun) => BrokerUnderTest;
  readonly onReport: (report: RotationReport) => void;
}

export function rotationInterlude(job: RotationInterlude): Interlude {
  const { rotation, folder, subject, onReport } = job;
  return {
    title: 'revoking the old certificates',
    atMs: rotation.atMs,
    run: async (live) => {
      const moved = await waitForDevices(live, rotation);
      if (live.signal.aborted) return;
      const now = Math.round(live.clock.now());
      const about = { name: 'rotation', taskId: randomUUID(), tool: toolVersion(), now } as const;
      const { trail } = openTrail(folder, about);
      try {
        const journal = new Journal(trail, live.clock, {
          findingId: '',
          actionName: 'certificate-rotation',
        });
        onReport(
          await finishRotation(subject(live), oldCertificates(live, rotation, moved), journal),
        );
      } finally {
        trail.close();
      }
    },
  };
}

/** Names of the devices that have been seen with a certificate that is not to be revoked. */
async function waitForDevices(
  live: LiveRun,
  { verifyByMs, revoke }: PlannedRotation,
): Promise<ReadonlySet<string>> {
  const old = new Set(revoke);
  const missing = new Set(
    live.plan.devices
      .filter(({ certificates }) => certificates.some((name) => old.has(name)))
      .map(({ name }) => name),
  );
  const moved = new Set<string>();
  const deadline = live.startedAt + verifyByMs;
  for (;;) {
    for (const { name, certificate } of live.devices()) {
      if (missing.has(name) && !old.has(certificate)) {
        missing.delete(name);
        moved.add(name);
      }
    }
    const over = live.clock.now() >= deadline || live.signal.aborted;
    if (missing.size === 0 || over) return moved;
    await live.change(deadline);
  }
}

function oldCertificates(
  { plan, credentials }: LiveRun,
  { revoke }: PlannedRotation,
  moved: ReadonlySet<string>,
) {
  return revoke.flatMap((certificate) => {
    const credential = credentials.get(certificate);
    if (credential === undefined) return [];
    const holders = plan.devices
      .filter(({ certificates }) => certificates.includes(certificate))
      .map(({ name }) => name);
    const notMoved = holders.filter((name) => !moved.has(name));
    return [{ certificate, credential, holders, notMoved }];
  });
}
