/**
 * Mitigation actions in the shape of AWS IoT Device Defender (API version 2015-05-28): what may be
 * done about a finding, and which checks AWS allows it for. What AWS lacks, publishing elsewhere
 * than to SNS, stands beside its parameters under one key of our own. Pure.
 */
import type { CheckId } from '../core/ids.ts';

/** AWS's `MitigationActionType`; the last one is ours. */
export type ActionType =
  | 'UPDATE_DEVICE_CERTIFICATE'
  | 'ADD_THINGS_TO_THING_GROUP'
  | 'PUBLISH_FINDING_TO_SNS'
  | 'DOPPELFLEET_PUBLISH_FINDING';

/** Where a finding goes that is not published to SNS; exactly one member. */
export type PublishParams =
  | { readonly webhook: { readonly url: string } }
  | { readonly mqtt: MqttPublishParams }
  | { readonly file: { readonly path: string } };

/** Without `url` the broker under test, with a certificate of the store. */
export interface MqttPublishParams {
  readonly topic: string;
  readonly qos: 0 | 1;
  /** `mqtts://host:port`; the three files belong to it. */
  readonly url?: string | undefined;
  readonly ca?: string | undefined;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
}

/** AWS's `MitigationActionParams`: exactly one member. */
export type ActionParams =
  | { readonly updateDeviceCertificateParams: { readonly action: 'DEACTIVATE' } }
  | { readonly addThingsToThingGroupParams: ThingGroupParams }
  | { readonly publishFindingToSnsParams: { readonly topicArn: string } }
  | { readonly doppelfleetPublishParams: PublishParams };

export interface ThingGroupParams {
  readonly thingGroupNames: readonly string[];
  /** Means something in AWS only, where a dynamic group's rights could win. */
  readonly overrideDynamicGroups?: boolean | undefined;
}

export interface MitigationAction {
  readonly actionName: string;
  readonly actionParams: ActionParams;
}

export function actionType({ actionParams }: Pick<MitigationAction, 'actionParams'>): ActionType {
  if ('updateDeviceCertificateParams' in actionParams) return 'UPDATE_DEVICE_CERTIFICATE';
  if ('addThingsToThingGroupParams' in actionParams) return 'ADD_THINGS_TO_THING_GROUP';
  return 'publishFindingToSnsParams' in actionParams
    ? 'PUBLISH_FINDING_TO_SNS'
    : 'DOPPELFLEET_PUBLISH_FINDING';
}

/** As a record may show them: path and query of a webhook may hold a token, and are left out. */
export function shownParams({ actionParams }: MitigationAction): ActionParams {
  if (!('doppelfleetPublishParams' in actionParams)) return actionParams;
  const params = actionParams.doppelfleetPublishParams;
  if (!('webhook' in params)) return actionParams;
  const { origin, href } = new URL(params.webhook.url);
  const url = href === `${origin}/` ? href : `${origin}/…`;
  return { doppelfleetPublishParams: { webhook: { url } } };
}

const PUBLISHING: readonly ActionType[] = ['PUBLISH_FINDING_TO_SNS', 'DOPPELFLEET_PUBLISH_FINDING'];
const ON_CERTIFICATE: readonly ActionType[] = [
  ...PUBLISHING,
  'UPDATE_DEVICE_CERTIFICATE',
  'ADD_THINGS_TO_THING_GROUP',
];

/**
 * What AWS allows for each check («Mitigation actions», Device Defender developer guide): a
 * conflict of client IDs may only be published. UPDATE_CA_CERTIFICATE is not built: a fleet's own
 * authority is not withdrawn by a simulator. A check of ours is allowed what its resource can bear.
 */
export const ALLOWED_ACTIONS: Readonly<Record<CheckId, readonly ActionType[]>> = {
  CONFLICTING_CLIENT_IDS_CHECK: PUBLISHING,
  DEVICE_CERTIFICATE_SHARED_CHECK: ON_CERTIFICATE,
  SHARED_PRINCIPAL_CHECK: PUBLISHING,
  DEVICE_CERTIFICATE_EXPIRING_CHECK: ON_CERTIFICATE,
  CA_CERTIFICATE_EXPIRING_CHECK: PUBLISHING,
  DEVICE_CERTIFICATE_AGE_CHECK: ON_CERTIFICATE,
  DEVICE_CERTIFICATE_KEY_QUALITY_CHECK: ON_CERTIFICATE,
  CA_CERTIFICATE_KEY_QUALITY_CHECK: PUBLISHING,
  REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK: ON_CERTIFICATE,
  REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK: PUBLISHING,
  INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK: ON_CERTIFICATE,
};
