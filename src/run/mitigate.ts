/**
 * Mitigation in a run: at the end of its duration the history so far is audited, and the actions
 * that the findings lead to are carried out on the live broker. The fleet goes on until it has
 * come to rest or a little time has passed, so that the effect is part of the history.
 */
import { randomUUID } from 'node:crypto';
import { auditHistory } from '../audit/engine.ts';
import { writeFileAtomic } from '../core/files.ts';
import type { LoadedMitigation } from '../mitigation/actions-file.ts';
import type { BrokerUnderTest } from '../mitigation/broker-under-test.ts';
import { missingBroker } from '../mitigation/missing-broker.ts';
import type { Performers } from '../mitigation/performer.ts';
import { checkDestinations, readMqttDestinations } from '../mitigation/publish/destinations.ts';
import { type MqttDestination, publishPerformer } from '../mitigation/publish/publisher.ts';
import { signingSecret } from '../mitigation/publish/signature.ts';
import { quarantinePerformer } from '../mitigation/quarantine.ts';
import { revokePerformer } from '../mitigation/revoke.ts';
import { runMitigationTask } from '../mitigation/run-task.ts';
import type { MitigationReport } from '../mitigation/task.ts';
import { NO_TRAIL, openTrail } from '../mitigation/trail.ts';
import type { Scenario } from '../scenario/schema.ts';
import type { Interlude, LiveRun } from './interlude.ts';
import { toolVersion } from './tool-version.ts';

/** What was asked for, with everything that it names read and allowed. */
export interface MitigationOrder {
  readonly mitigation: LoadedMitigation;
  readonly dryRun: boolean;
  readonly secret: Buffer | undefined;
  readonly mqttFiles: ReadonlyMap<string, MqttDestination>;
}

export interface MitigationRequest {
  readonly dryRun?: boolean;
  /** Hosts other than loopback that the user's own list allows. */
  readonly allowedTargets: readonly string[];
  /** Hosts named on the command line. */
  readonly confirmedTargets: readonly string[];
  readonly allowListFile: string;
  /** Where a secret may be. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Reads what the actions name. Throws a `UserError` (64, 65) before anything is done. */
export async function orderMitigation(
  mitigation: LoadedMitigation,
  request: MitigationRequest,
): Promise<MitigationOrder> {
  checkDestinations(mitigation, {
    named: request.allowedTargets,
    confirmed: request.confirmedTargets,
    userFile: request.allowListFile,
    publishing: true,
  });
  const clientId = `doppelfleet-publisher-${randomUUID().slice(0, 8)}`;
  return {
    mitigation,
    dryRun: request.dryRun ?? false,
    secret: await signingSecret(mitigation, request.env),
    mqttFiles: await readMqttDestinations(mitigation, clientId),
  };
}

/** What carries the actions out: broker actions only where a broker is under test. */
export function performersFor(
  order: MitigationOrder,
  ports: Pick<BrokerUnderTest, 'clock' | 'signal'>,
  subject?: BrokerUnderTest,
): Performers {
  const publish = publishPerformer({
    mitigation: order.mitigation,
    secret: order.secret,
    mqttFiles: order.mqttFiles,
    ...ownBroker(order, subject),
    ...ports,
    random: Math.random,
  });
  return {
    UPDATE_DEVICE_CERTIFICATE: subject ? revokePerformer(subject) : missingBroker,
    ADD_THINGS_TO_THING_GROUP: subject ? quarantinePerformer(subject) : missingBroker,
    PUBLISH_FINDING_TO_SNS: publish,
    DOPPELFLEET_PUBLISH_FINDING: publish,
  };
}

function ownBroker({ dryRun }: MitigationOrder, subject: BrokerUnderTest | undefined) {
  if (dryRun && subject !== undefined) return { ownBroker: 'foreseen' as const };
  if (subject?.control === undefined) return {};
  const { broker, control } = subject;
  const destination = {
    endpoint: broker.endpoint,
    credential: control,
    clientId: control.thingName,
  };
  return { ownBroker: destination };
}

export interface MitigationInterlude {
  readonly order: MitigationOrder;
  readonly audit: Scenario['audit'];
  readonly folder: string;
  readonly subject: (live: LiveRun) => BrokerUnderTest;
  readonly onReport: (report: MitigationReport) => void;
}

/** So long the fleet goes on after the actions, at most… */
const AFTERMATH_MS_MAX = 5_000;
/** …or until nothing has been opened or closed for this long. */
const QUIET_MS = 1_000;

export function mitigationInterlude(job: MitigationInterlude): Interlude {
  const { order, audit, folder, onReport } = job;
  return {
    title: order.dryRun ? 'looking at what could be mitigated' : 'mitigating the findings',
    atMs: 'end',
    run: async (live) => {
      const history = await live.historySoFar();
      const { checks, window } = audit;
      const result = await auditHistory([history], { checks, window });
      const { clock, signal } = live;
      const taskId = randomUUID();
      const now = Math.round(clock.now());
      const about = { name: 'mitigation', taskId, tool: toolVersion(), now } as const;
      const files = order.dryRun ? undefined : openTrail(folder, about);
      const trail = files?.trail ?? NO_TRAIL;
      try {
        const report = await runMitigationTask({
          taskId,
          mitigation: order.mitigation,
          audit: result,
          performers: performersFor(order, { clock, signal }, job.subject(live)),
          trail,
          clock,
          signal,
          dryRun: order.dryRun,
        });
        onReport(report);
        if (files !== undefined) await writeFileAtomic(files.record, json(report));
      } finally {
        trail.close();
      }
      if (!order.dryRun) await comeToRest(live);
    },
  };
}

async function comeToRest(live: LiveRun): Promise<void> {
  const { clock, signal } = live;
  const endsAt = clock.now() + AFTERMATH_MS_MAX;
  while (clock.now() < endsAt && !signal.aborted) {
    const quietAt = Math.min(endsAt, clock.now() + QUIET_MS);
    await live.change(quietAt);
    if (clock.now() >= quietAt) return;
  }
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
