/**
 * RabbitMQ's limit on connections, which belongs to a virtual host and is part of the definitions
 * (guide «Virtual Hosts», section on limits). Pure.
 */
import type { BrokerConfiguration } from '../configuration.ts';
import { type Hardened, hardenedBy, lacks, mainText } from '../hardening.ts';
import {
  type Definitions,
  isObject,
  LOAD_KEY,
  listOf,
  loadedDefinitions,
  writtenDefinitions,
} from './load-definitions.ts';
import { settingOf } from './settings.ts';

const RULE = 'connection-limit';
const COMPONENT = 'vhost-limits';

/** The virtual host that MQTT goes to holds at most so many connections. */
export function limitConnections(max: number, configuration: BrokerConfiguration): Hardened {
  const loaded = loadedDefinitions(configuration);
  if ('why' in loaded) {
    return lacks('RabbitMQ', RULE, loaded.why, `write ${LOAD_KEY} = {{users}}`);
  }
  const vhost = settingOf(mainText(configuration), 'mqtt.vhost') ?? '/';
  const texts = {
    [loaded.file]: writtenDefinitions(withLimit(loaded.definitions, vhost, max)),
    [configuration.main]: loaded.main,
  };
  return { configuration: hardenedBy(RULE, configuration, texts) };
}

function withLimit(definitions: Definitions, vhost: string, max: number): Definitions {
  const parameters = listOf(definitions, 'parameters');
  const isOurs = (one: Definitions): boolean => one.component === COMPONENT && one.vhost === vhost;
  const old = parameters.find(isOurs)?.value;
  const limit = {
    component: COMPONENT,
    vhost,
    name: 'limits',
    value: { ...(isObject(old) ? old : {}), 'max-connections': max },
  };
  return { ...definitions, parameters: [...parameters.filter((one) => !isOurs(one)), limit] };
}
