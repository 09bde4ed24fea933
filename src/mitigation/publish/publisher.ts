/** The publishing actions: from an action to its channel, and a signed envelope through it. */
import { dirname, resolve } from 'node:path';
import { assertNever } from '../../core/assert.ts';
import { printable } from '../../core/text.ts';
import type { MitigationAction, MqttPublishParams } from '../action.ts';
import type { LoadedMitigation } from '../actions-file.ts';
import { ActionFailed, type Journal } from '../journal.ts';
import type { ActionRequest, Performer } from '../performer.ts';
import type { Channel } from './channel.ts';
import { type DeliveryPorts, deliver } from './deliver.ts';
import { BODY_BYTES_MAX, envelopeBody, messageId } from './envelope.ts';
import { fileChannel } from './file.ts';
import { type MqttChannelOptions, mqttChannel } from './mqtt.ts';
import { signatureOf } from './signature.ts';
import { snsChannel } from './sns.ts';
import { snsTopic } from './topic-arn.ts';
import { webhookChannel } from './webhook.ts';

/** Where MQTT goes, and as whom; of the broker under test, or one that the file names. */
export type MqttDestination = Pick<MqttChannelOptions, 'endpoint' | 'credential' | 'clientId'>;

export interface PublishOptions extends DeliveryPorts {
  readonly mitigation: LoadedMitigation;
  /** What signs; absent: nothing is signed. */
  readonly secret?: Buffer | undefined;
  /** Files of MQTT brokers, read before anything is done; by the name of the action. */
  readonly mqttFiles: ReadonlyMap<string, MqttDestination>;
  /** The broker under test, where there is one; a dry run knows no more than that. */
  readonly ownBroker?: MqttDestination | 'foreseen';
}

/** Twelve zeros: AWS's form of an account where none is known. */
const NO_ACCOUNT = '000000000000';

export function publishPerformer(options: PublishOptions): Performer {
  const channels = new Map<string, Channel>();
  const channelFor = (action: MitigationAction): Channel => {
    const channel = channels.get(action.actionName) ?? makeChannel(action, options);
    channels.set(action.actionName, channel);
    return channel;
  };
  return {
    foresee: async ({ action }) => ({
      hit: [],
      would: [`publish the finding to ${titleOf(action, channelFor, options)}${signed(options)}`],
    }),
    perform: async (request, journal) => {
      await publish(channelFor(request.action), request, options, journal);
      return { hit: [] };
    },
  };
}

function titleOf(
  action: MitigationAction,
  channelFor: (action: MitigationAction) => Channel,
  { ownBroker }: PublishOptions,
): string {
  const { actionParams } = action;
  if (ownBroker === 'foreseen' && 'doppelfleetPublishParams' in actionParams) {
    const params = actionParams.doppelfleetPublishParams;
    if ('mqtt' in params && params.mqtt.url === undefined) {
      return `the topic ${printable(params.mqtt.topic, 80)} of the broker under test`;
    }
  }
  return channelFor(action).title;
}

async function publish(
  channel: Channel,
  request: ActionRequest,
  options: PublishOptions,
  journal: Journal,
): Promise<void> {
  const { clock, secret } = options;
  const { finding, action } = request;
  const id = messageId(request);
  const accountId = accountOf(action);
  const message = (attempt: number) => {
    const at = clock.now();
    const body = envelopeBody(request, { accountId, attempt, at: Math.round(at) });
    if (body === undefined) {
      const message = `the finding does not fit into ${BODY_BYTES_MAX} bytes`;
      throw new ActionFailed('PUBLISH_REFUSED', message);
    }
    const signature = secret === undefined ? {} : { signature: signatureOf(secret, body, at) };
    return { id, attempt, check: finding.checkName, body, ...signature };
  };
  const what = `published the finding to ${channel.title}${signed(options)}`;
  await journal.step(what, { failsAs: 'PUBLISH_FAILED' }, () =>
    deliver(channel, message, options, journal),
  );
}

function makeChannel(action: MitigationAction, options: PublishOptions): Channel {
  const { actionParams } = action;
  const { mitigation, clock } = options;
  if ('publishFindingToSnsParams' in actionParams) {
    const topic = snsTopic(actionParams.publishFindingToSnsParams.topicArn);
    if (topic === undefined) throw new ActionFailed('PUBLISH_REFUSED', 'the topic ARN is none');
    const { snsEndpoint } = mitigation;
    return snsChannel({ topic, ...(snsEndpoint === undefined ? {} : { endpoint: snsEndpoint }) });
  }
  if (!('doppelfleetPublishParams' in actionParams)) {
    throw new Error('internal error: this action publishes nothing');
  }
  const params = actionParams.doppelfleetPublishParams;
  if ('webhook' in params) return webhookChannel(params.webhook.url, clock);
  if ('file' in params) {
    return fileChannel(resolve(dirname(mitigation.file), params.file.path));
  }
  if ('mqtt' in params) return mqttFor(action.actionName, params.mqtt, options);
  return assertNever(params);
}

function mqttFor(name: string, { topic, qos, url }: MqttPublishParams, options: PublishOptions) {
  const destination = url === undefined ? options.ownBroker : options.mqttFiles.get(name);
  if (destination !== undefined && destination !== 'foreseen') {
    return mqttChannel({ ...destination, topic, qos });
  }
  throw new ActionFailed(
    'NEEDS_RUNNING_BROKER',
    'the action names no broker, and none is under test; name one with url, or use run --mitigate',
  );
}

function accountOf({ actionParams }: MitigationAction): string {
  if (!('publishFindingToSnsParams' in actionParams)) return NO_ACCOUNT;
  return snsTopic(actionParams.publishFindingToSnsParams.topicArn)?.accountId ?? NO_ACCOUNT;
}

function signed({ secret }: PublishOptions): string {
  return secret === undefined ? ', not signed' : ', signed';
}
