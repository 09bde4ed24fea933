/**
 * What is done to the broker of a run while it runs: the end of a rotation, mitigation actions. Says
 * what the broker has to be started with for it, and what came of it.
 */
import type { BrokerConfiguration } from '../broker/configuration.ts';
import { withControls } from '../broker/controls.ts';
import { UserError } from '../core/errors.ts';
import { plural } from '../core/text.ts';
import { ensureDevices } from '../identity/ensure-devices.ts';
import type { Store } from '../identity/store.ts';
import { loadAuthority } from '../identity/store-authority.ts';
import type { Credential } from '../identity/types.ts';
import type { BrokerUnderTest } from '../mitigation/broker-under-test.ts';
import type { RotationReport } from '../mitigation/rotation.ts';
import type { MitigationReport } from '../mitigation/task.ts';
import { isTrialClientId } from '../mitigation/trial.ts';
import type { FleetPlan } from '../scenario/plan.ts';
import type { Scenario } from '../scenario/schema.ts';
import type { ConfiguredStart } from './broker-trust.ts';
import type { DriveJob } from './drive-job.ts';
import type { Interlude, LiveRun } from './interlude.ts';
import { type Controls, liveSubject } from './live-subject.ts';
import { type MitigationOrder, mitigationInterlude } from './mitigate.ts';
import { rotationInterlude } from './rotation.ts';

/** Common name of the identity that trials are made with. */
const CONTROL_NAME = 'doppelfleet-control';

export interface InterventionJob {
  readonly brokerId: string;
  readonly store: Store;
  readonly plan: FleetPlan;
  readonly scenario: Pick<Scenario, 'audit'>;
  /** What the broker would be started with otherwise. */
  readonly configuration: BrokerConfiguration | undefined;
  readonly folder: string;
  readonly order: MitigationOrder | undefined;
}

export interface InterventionResults {
  readonly mitigation?: MitigationReport;
  readonly rotation?: RotationReport;
}

export interface Interventions {
  /** What the broker is to be started with. */
  readonly configuration: BrokerConfiguration | undefined;
  /** The credentials of the fleet, and of ours that the broker must know. */
  credentials(fleet: ReadonlyMap<string, Credential>): ReadonlyMap<string, Credential>;
  driving(configured: ConfiguredStart): Pick<DriveJob, 'interludes' | 'ignores'>;
  results(): InterventionResults;
}

/** Prepares what a plan and an order ask for; nothing is changed for a run without either. */
export async function interventionsFor(job: InterventionJob): Promise<Interventions> {
  const { order, plan, configuration } = job;
  const acts = (order !== undefined && !order.dryRun) || plan.rotation !== undefined;
  const controls = await controlsFor(job, acts);
  const control = acts ? await controlIdentity(job) : undefined;
  let mitigation: MitigationReport | undefined;
  let rotation: RotationReport | undefined;
  return {
    configuration: acts ? controls.configuration : configuration,
    credentials: (fleet) =>
      control === undefined ? fleet : new Map([...fleet, [CONTROL_NAME, control]]),
    driving: ({ crlPem }) => {
      const prepared: Controls = {
        ...controls,
        ...(control === undefined ? {} : { control }),
        ...(crlPem === undefined ? {} : { crlPem }),
      };
      let known: BrokerUnderTest | undefined;
      const subject = (live: LiveRun): BrokerUnderTest => {
        known ??= liveSubject(live, prepared);
        return known;
      };
      const common = { subject, folder: job.folder };
      const interludes: Interlude[] = [];
      if (plan.rotation !== undefined) {
        const onReport = (report: RotationReport): void => {
          rotation = report;
        };
        interludes.push(rotationInterlude({ ...common, rotation: plan.rotation, onReport }));
      }
      if (order !== undefined) {
        const onReport = (report: MitigationReport): void => {
          mitigation = report;
        };
        const { audit } = job.scenario;
        interludes.push(mitigationInterlude({ ...common, order, audit, onReport }));
      }
      return { interludes, ...(acts ? { ignores: isOurs } : {}) };
    },
    results: () => ({
      ...(mitigation === undefined ? {} : { mitigation }),
      ...(rotation === undefined ? {} : { rotation }),
    }),
  };
}

/** How many devices mitigation has shut out: they go on trying, so that no fleet becomes quiet. */
export function lockedOutBy({ mitigation }: InterventionResults): number {
  const revoking = new Set(
    mitigation?.actionsDefinition.flatMap(({ name, actionParams }) =>
      'updateDeviceCertificateParams' in actionParams ? [name] : [],
    ),
  );
  const hit = (mitigation?.executions ?? []).flatMap(({ actionName, status, doppelfleet }) =>
    revoking.has(actionName) && status !== 'PENDING' ? doppelfleet.hit : [],
  );
  return new Set(hit.map(({ device }) => device)).size;
}

/** What is not judged because of it. */
export function lockedOutNotes(devices: number): readonly string[] {
  if (devices === 0) return [];
  const who = `${plural(devices, 'device')} with a certificate that mitigation has revoked`;
  return [`whether the fleet becomes quiet is not judged: ${who} may go on trying`];
}

/** Trials and what we publish are no part of the fleet's history. */
function isOurs(clientId: string): boolean {
  return isTrialClientId(clientId) || clientId === CONTROL_NAME;
}

async function controlsFor(
  { brokerId, configuration, store, order, plan }: InterventionJob,
  acts: boolean,
) {
  if (order === undefined && plan.rotation === undefined) {
    return { brokerId, cannot: {}, configuration };
  }
  const controlled = withControls(brokerId, configuration);
  if ('lacks' in controlled) {
    const cannot = { revoke: controlled.lacks, quarantine: controlled.lacks };
    return { brokerId, cannot, configuration };
  }
  const authority = acts ? await loadAuthority(store) : undefined;
  const { quarantine, cannot } = controlled;
  return {
    brokerId,
    cannot,
    configuration: controlled.configuration,
    ...(quarantine === undefined ? {} : { quarantine }),
    ...(authority === undefined ? {} : { authority }),
  };
}

/** A store of imported certificates may have no authority that could issue one. */
async function controlIdentity({ store, plan }: InterventionJob): Promise<Credential | undefined> {
  const request = { name: CONTROL_NAME, thingName: CONTROL_NAME, keyType: 'P-256' } as const;
  const remainingMsMin = plan.durationMs + plan.settleMs + 3_600_000;
  try {
    const issued = await ensureDevices(store, [request], { usePool: false, remainingMsMin });
    return issued.get(CONTROL_NAME);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
