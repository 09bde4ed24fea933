/**
 * Where the publishing actions of a file would send findings, for the safety rails: every host that
 * is not this machine must have been allowed twice before anything is done. Reads the files of MQTT
 * brokers, so that a mistake in them costs nothing.
 */
import { dirname, resolve } from 'node:path';
import { parseBrokerUrl } from '../../broker/external/adapter.ts';
import { checkTarget, type TargetAllowList } from '../../broker/target.ts';
import { EXIT, type Problem, UserError } from '../../core/errors.ts';
import { readCredentialFiles } from '../../identity/credential-files.ts';
import { readInput } from '../../identity/store-files.ts';
import type { LoadedMitigation } from '../actions-file.ts';
import type { MqttDestination } from './publisher.ts';
import { snsTopic } from './topic-arn.ts';

export interface Destination {
  readonly actionName: string;
  readonly host: string;
  readonly port: number;
}

/** Every host and port that the actions name. */
function destinations({ actions, snsEndpoint }: LoadedMitigation): readonly Destination[] {
  return actions.flatMap(({ actionName, actionParams }) => {
    if ('publishFindingToSnsParams' in actionParams) {
      const { topicArn } = actionParams.publishFindingToSnsParams;
      return [{ actionName, ...hostOf(snsEndpoint ?? snsTopic(topicArn)?.endpoint ?? '') }];
    }
    if (!('doppelfleetPublishParams' in actionParams)) return [];
    const params = actionParams.doppelfleetPublishParams;
    if ('webhook' in params) return [{ actionName, ...hostOf(params.webhook.url) }];
    if ('mqtt' in params && params.mqtt.url !== undefined) {
      return [{ actionName, ...parseBrokerUrl(params.mqtt.url) }];
    }
    return [];
  });
}

/** Throws a `UserError` (64) with every host that was not allowed twice. */
export function checkDestinations(mitigation: LoadedMitigation, allowed: TargetAllowList): void {
  const problems: Problem[] = [];
  for (const { actionName, host, port } of destinations(mitigation)) {
    try {
      checkTarget(host, port, allowed);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      for (const one of error.problems) {
        problems.push({ file: mitigation.file, path: actionName, ...one });
      }
    }
  }
  if (problems.length > 0) throw new UserError(EXIT.usage, problems);
}

/** What connects to the MQTT brokers that the actions name. Throws a `UserError` (65). */
export async function readMqttDestinations(
  { actions, file }: LoadedMitigation,
  clientId: string,
): Promise<ReadonlyMap<string, MqttDestination>> {
  const found = new Map<string, MqttDestination>();
  const at = (path: string): string => resolve(dirname(file), path);
  for (const { actionName, actionParams } of actions) {
    if (!('doppelfleetPublishParams' in actionParams)) continue;
    const params = actionParams.doppelfleetPublishParams;
    if (!('mqtt' in params)) continue;
    const { url, ca = '', certificate = '', key = '' } = params.mqtt;
    if (url === undefined) continue;
    const credential = await readCredentialFiles({ certificate: at(certificate), key: at(key) });
    const { text: caPem } = await readInput(at(ca));
    found.set(actionName, { endpoint: { ...parseBrokerUrl(url), caPem }, credential, clientId });
  }
  return found;
}

function hostOf(url: string): Pick<Destination, 'host' | 'port'> {
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return { host, port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port) };
}
